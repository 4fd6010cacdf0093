// The event store on Datastore: events by key in (entityId, sequence) order, read without any index; appends
// decide as everywhere.
import { pipe, TE, type TaskEither } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import { eventIdOf } from '../../model/identity.ts'
import type { EventStore, ScanCursor, StoreError } from '../../ports/event-store.ts'
import { append } from './datastore/append.ts'
import { eventOf } from './datastore/codec.ts'
import { keyText, type Datastore, type Found } from './datastore/datastore.ts'
import { putSchema, versionedOf } from './datastore/schema.ts'
import type { EventStoreOptions } from './datastore/appending.ts'
import { behindAll, eventKind, schemaKey } from './datastore/keys.ts'
import { lookup } from './datastore/plan.ts'
import type { Outbox } from './datastore/outbox.ts'

export const eventStore = (store: Datastore, outbox: Outbox, options: EventStoreOptions): EventStore => {
  const page = (
    verb: string,
    entity: string,
    after: string | undefined,
    until: string | undefined,
    limit: number,
  ): TaskEither<StoreError, readonly StoredEvent[]> =>
    pipe(
      store.query(verb, {
        kind: eventKind(entity),
        limit,
        ...(after === undefined ? {} : { after }),
        ...(until === undefined ? {} : { until }),
      }),
      TE.map((found) => found.map((each) => eventOf(entity, each))),
    )

  const schemaFound = (entity: string): TaskEither<StoreError, Found | undefined> =>
    pipe(
      store.lookup(`schema ${entity}`, [schemaKey(entity)]),
      TE.map((found) => found.get(keyText(schemaKey(entity)))),
    )

  return {
    append: append(store, outbox, options),
    lookup: lookup(store),
    history: (entity, entityId, { after, limit }) =>
      page(`history ${entity}`, entity, eventIdOf(entityId, after), behindAll(entityId), limit),
    scan: (entity, after: ScanCursor | undefined, limit) =>
      page(
        `scan ${entity}`,
        entity,
        after === undefined ? undefined : eventIdOf(after.entityId, after.sequence),
        undefined,
        limit,
      ),
    pending: outbox.pending,
    published: outbox.published,
    schema: (entity) => pipe(schemaFound(entity), TE.map(versionedOf)),
    saveSchema: (entity, next, expected) =>
      pipe(
        schemaFound(entity),
        TE.flatMap((found) =>
          (versionedOf(found)?.version ?? 0) === expected
            ? putSchema(store, entity, next, expected, found?.version)
            : TE.right(undefined),
        ),
      ),
  }
}
