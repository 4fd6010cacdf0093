// Compares DuckDB's rows of a range with the events that should stand behind them.
import type { DuckDBConnection } from '@duckdb/node-api'
import type { CheckedRange, CheckedRows } from '../../../ports/query-engine.ts'
import { selectEvents } from '../../../schema/duckdb.ts'
import { comparable, disagreements, rowKey } from '../../../schema/expected.ts'
import type { DuckDb, LiveTables } from './client.ts'
import { plainRow } from './result.ts'

const unsafe = (): never => {
  throw new Error('every integer is read as a bigint here')
}

// The rows of a range as comparable texts, by entity and sequence.
const heldRows = async (
  { module }: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  live: LiveTables,
  { after, until, building }: CheckedRange,
): Promise<Map<string, string>> => {
  const bounds = [
    ...(after === undefined ? [] : [['>', after] as const]),
    ...(until === undefined ? [] : [['<=', until] as const]),
  ]
  const where =
    bounds.length === 0
      ? ''
      : `WHERE ${bounds.map(([operator], i) => `l._entity_id ${operator} $${i + 1}`).join(' AND ')}`
  const generation = building === true ? (live.building?.generation ?? live.generation) : live.generation
  const result = await connection.runAndReadAll(
    selectEvents(entity, generation, live.columns, where),
    bounds.map(([, id]) => id),
  )
  const names = result.columnNames()
  const types = result.columnTypes()
  const context = { duckdb: module, integers: 'bigint' as const, unsafe }
  const rows = new Map<string, string>()
  for (const row of result.getRows()) {
    const { _extra, _written, ...plain } = plainRow(names, types, row, context)
    rows.set(rowKey(plain['_entity_id'], plain['_sequence']), comparable(plain))
  }
  return rows
}

export const checkRows = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  live: LiveTables,
  range: CheckedRange,
): Promise<CheckedRows> => {
  const held = await heldRows(duckdb, connection, entity, live, range)
  return disagreements(range.events, held, live.columns)
}
