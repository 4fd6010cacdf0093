// One entity's past: its events in sequence, and its state as of an instant.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { AnyEntity, DefinitionOf, EventOf, Identifier, Past } from '../../model/entity.ts'
import { invalidQuery, reasonOf, type Contention, type ReadError } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import { instantOf } from '../../model/instant.ts'
import { apply, isAlive, type Folded, nothingYet } from '../../model/state.ts'
import { isDate } from '../../model/wire.ts'
import type { Ports } from '../../ports/driver.ts'
import { readEvent, readValues, shownSpecs } from '../events/read.ts'
import type { Schemas } from '../schemas.ts'
import { calculated } from '../project/view.ts'
import { idOf, type QueryResult } from './identify.ts'

const pageSize = 500

/** An entity's events in sequence, page by page; erased ones are left out. An error ends it. */
export const history = async function* <L extends AnyEntity>(
  ports: Ports,
  schemas: Schemas,
  definition: DefinitionOf<L>,
  identifier: Identifier<L>,
): AsyncGenerator<QueryResult<EventOf<L>>> {
  const id = await idOf(schemas, 'history', definition, identifier)
  if (id._tag === 'Left') return yield id
  for (let after = 0; ;) {
    const page: QueryResult<readonly StoredEvent[]> = await ports.eventStore.history(
      definition.name,
      id.right,
      {
        after,
        limit: pageSize,
      },
    )()
    if (page._tag === 'Left') return yield page
    for (const event of page.right) {
      const read = readEvent<L>('history', definition, event)
      if (read._tag === 'Left') return yield read
      if (read.right !== undefined) yield E.right(read.right)
      after = event.sequence
    }
    if (page.right.length < pageSize) return
  }
}

// The state of an entity as of an instant, as known now: late events count from when they happened.
const foldUntil = async (
  ports: Ports,
  definition: Definition,
  entityId: string,
  instant: string,
): Promise<QueryResult<Folded>> => {
  let folded: Folded = nothingYet
  for (let after = 0; ;) {
    const page: QueryResult<readonly StoredEvent[]> = await ports.eventStore.history(
      definition.name,
      entityId,
      {
        after,
        limit: pageSize,
      },
    )()
    if (page._tag === 'Left') return page
    for (const event of page.right) {
      if (event.occurredAt <= instant) folded = apply(folded, event)
      after = event.sequence
    }
    if (page.right.length < pageSize) return E.right(folded)
  }
}

/**
 * All properties and calculated values of an entity as of an instant, or undefined where it was not there.
 */
export const asOf =
  <L extends AnyEntity>(
    ports: Ports,
    schemas: Schemas,
    definition: DefinitionOf<L>,
    identifier: Identifier<L>,
    at: string | Date,
  ): TaskEither<ReadError | Contention, Past<L> | undefined> =>
  async () => {
    const instant = typeof at === 'string' || isDate(at) ? instantOf(at) : undefined
    if (instant === undefined)
      return E.left(
        invalidQuery(
          'asOf',
          'instant',
          'is a Date or an ISO 8601 instant with an offset (2024-01-02T00:00:00Z)',
        ),
      )
    const id = await idOf(schemas, 'asOf', definition, identifier)
    if (id._tag === 'Left') return id
    const folded = await foldUntil(ports, definition, id.right, instant)
    if (folded._tag === 'Left') return folded
    if (!isAlive(folded.right)) return E.right(undefined)
    const values = E.tryCatch(
      () => calculated(definition, folded.right),
      (thrown) => invalidQuery('asOf', 'calculate', reasonOf(thrown), thrown),
    )
    return values._tag === 'Left'
      ? values
      : readValues<Past<L>>('asOf', shownSpecs(definition), { ...folded.right.state, ...values.right })
  }
