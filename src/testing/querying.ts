// Steps on a query engine that contract cases share: fill it, ask it, compare its answers.
import type { StoredEvent } from '../model/event.ts'
import type { EntitySchema } from '../model/schema.ts'
import type { QueryEngine, SqlParameters, SqlRow } from '../ports/query-engine.ts'
import { right } from './check.ts'
import { schemaFor } from './samples.ts'

/** Makes the engine hold these events' schema, and the events. */
export const fill = async (
  engine: QueryEngine,
  events: readonly StoredEvent[],
  more: Partial<EntitySchema> = {},
  entity = 'Lead',
): Promise<void> => {
  await right(engine.evolve(entity, schemaFor(events, more)))
  await right(engine.append(entity, events))
}

/** The rows of a SELECT; int64 exact. */
export const ask = (
  engine: QueryEngine,
  text: string,
  parameters: SqlParameters = {},
): Promise<readonly SqlRow[]> => right(engine.query(text, parameters, { integers: 'bigint' }))

/** The one number that a SELECT answers as `n`. */
export const count = async (
  engine: QueryEngine,
  from: string,
  parameters: SqlParameters = {},
): Promise<number> => Number((await ask(engine, `SELECT count(*) AS n FROM ${from}`, parameters))[0]?.['n'])

/** The events an engine shows, as `<entity id>.<sequence>`, sorted. */
export const shown = async (engine: QueryEngine, entity = 'Lead'): Promise<readonly string[]> =>
  (await ask(engine, `SELECT _event_id FROM ${entity}_events ORDER BY _event_id`)).map(
    (row) => row['_event_id'] as string,
  )
