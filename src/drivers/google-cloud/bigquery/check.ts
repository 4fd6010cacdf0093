// Compares BigQuery's rows of a range with the events that should stand behind them.
import { eventIdOf } from '../../../model/identity.ts'
import type { ScanCursor } from '../../../ports/event-store.ts'
import type { CheckedRange, CheckedRows } from '../../../ports/query-engine.ts'
import { inPlace, logTable, selectEvents } from '../../../schema/bigquery.ts'
import { comparable, disagreements, rowKey } from '../../../schema/expected.ts'
import type { Rest } from './client.ts'
import { runQuery, type JobOptions, type QueryParameter } from './jobs.ts'
import { plainRow } from './result.ts'
import type { LiveTables } from './live.ts'

const unsafe = (): never => {
  throw new Error('every integer is read as a bigint here')
}

const text = (name: string, value: string): QueryParameter => ({
  name,
  parameterType: { type: 'STRING' },
  parameterValue: { value },
})

// The rows of a range as comparable texts, by entity and sequence.
const heldRows = async (
  rest: Rest,
  options: JobOptions,
  entity: string,
  live: LiveTables,
  { after, until, building }: CheckedRange,
): Promise<Map<string, string>> => {
  const bounds = [
    ...(after === undefined ? [] : [['>', 'after', after] as const]),
    ...(until === undefined ? [] : [['<=', 'until', until] as const]),
  ]
  const where =
    bounds.length === 0
      ? 'TRUE'
      : bounds.map(([operator, name]) => `__log__._entity_id ${operator} @${name}`).join(' AND ')
  const generation = building === true ? (live.building?.generation ?? live.generation) : live.generation
  const { fields, rows } = await runQuery(
    rest,
    selectEvents(inPlace(await rest.place(), logTable(entity, generation)), live.columns, where),
    bounds.map(([, name, id]) => text(name, id)),
    options,
  )
  return new Map(
    rows.map((row) => {
      const { _extra, _written, ...plain } = plainRow(row, fields, { integers: 'bigint', unsafe })
      return [rowKey(plain['_entity_id'], plain['_sequence']), comparable(plain)]
    }),
  )
}

export const checkRows = async (
  rest: Rest,
  options: JobOptions,
  entity: string,
  live: LiveTables,
  range: CheckedRange,
): Promise<CheckedRows> => {
  const held = await heldRows(rest, options, entity, live, range)
  return disagreements(range.events, held, live.columns)
}

const fewEntities = 50

/** Those of these events that have no row in the generation that serves: one query for all of them. */
export const lackingRows = async (
  rest: Rest,
  options: JobOptions,
  entity: string,
  live: LiveTables,
  events: readonly ScanCursor[],
): Promise<readonly ScanCursor[]> => {
  if (events.length === 0) return events
  const table = inPlace(await rest.place(), logTable(entity, live.generation))
  const ids = events.map(({ entityId, sequence }) => eventIdOf(entityId, sequence))
  // Few entities are found by the clustering; many lie in every block anyway, and a set operation does not
  // compare each row with each of them.
  const entities = [...new Set(events.map(({ entityId }) => entityId))]
  const few = entities.length <= fewEntities
  const where = few ? ` WHERE _entity_id IN UNNEST(SPLIT(@entities, ','))` : ''
  // Ids hold no comma: one text takes any number of them.
  const { rows } = await runQuery(
    rest,
    `SELECT _event_id FROM ${table}${where} INTERSECT DISTINCT SELECT id FROM UNNEST(SPLIT(@ids, ',')) AS id`,
    [text('ids', ids.join(',')), ...(few ? [text('entities', entities.join(','))] : [])],
    options,
  )
  const held = new Set(rows.map(({ f }) => String(f?.[0]?.v)))
  return events.filter((_, i) => !held.has(ids[i] as string))
}
