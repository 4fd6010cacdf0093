// The schema row beside an entity's events on Datastore: changed by compare-and-set, in a commit of its own.
import { E, type TaskEither } from '../../../fp.ts'
import type { EntitySchema } from '../../../model/schema.ts'
import type { StoreError, Versioned } from '../../../ports/event-store.ts'
import type { Datastore, Found } from './client.ts'
import { schemaKey } from './keys.ts'
import { integer, numberOf, text, textOf } from './value.ts'

/** What an event store is told. */
export interface EventStoreOptions {
  /** Per entity, properties that events also bear as typed indexed values. */
  readonly index: { readonly [entity: string]: readonly string[] }
  /** Milliseconds between tries of a commit that met another; grows. */
  readonly pause: number
}

export const versionedOf = (found: Found | undefined): Versioned | undefined =>
  found === undefined
    ? undefined
    : {
        version: numberOf(found.properties['version']),
        schema: JSON.parse(textOf(found.properties['schema'])) as EntitySchema,
      }

/**
 * Puts a schema in place of the expected version; undefined where another was faster. `base` is what a lookup
 * found.
 */
export const putSchema =
  (
    store: Datastore,
    entity: string,
    next: EntitySchema,
    expected: number,
    base: string | undefined,
  ): TaskEither<StoreError, number | undefined> =>
  async () => {
    const properties = { version: integer(expected + 1), schema: text(JSON.stringify(next)) }
    const key = schemaKey(entity)
    const done = await store.commit(`schema ${entity}`, [
      base === undefined ? { insert: key, properties } : { upsert: key, properties, base },
    ])()
    if (done._tag === 'Right') return E.right(expected + 1)
    return done.left._tag === 'conflict' ? E.right(undefined) : E.left(done.left.error)
  }
