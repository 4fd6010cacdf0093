// Rows into DuckDB: as JSON text in statements of bounded length, with the position in the same transaction.
import type { DuckDBConnection } from '@duckdb/node-api'
import type { StoredEvent } from '../../../model/event.ts'
import type { PositionStep } from '../../../ports/query-engine.ts'
import { insertRows } from '../../../schema/duckdb.ts'
import { rowText } from '../../../schema/row.ts'
import { inTransaction, type DuckDb, type LiveTables } from './client.ts'
import { tablesOf, live } from './live.ts'

/** Characters of rows that one statement takes: DuckDB needs several times their memory. */
const statementLength = 300_000

// Base64 as DuckDB's BLOB literal text.
const escaped = (base64: string): string =>
  Buffer.from(base64, 'base64').toString('hex').replace(/../g, '\\x$&')

const none: LiveTables = { generation: 1, columns: {}, updates: [] }

export const position = async ({ execute }: DuckDb, entity: string): Promise<string | undefined> =>
  (
    await (await execute('SELECT position FROM dreampipe.positions WHERE entity = $1', [entity])).getRows()
  )[0]?.[0] as string | undefined

export const insert = async (
  { execute, nextWritten }: DuckDb,
  entity: string,
  { columns }: LiveTables,
  generations: readonly number[],
  events: readonly StoredEvent[],
): Promise<void> => {
  if (events.length === 0) return
  const written = nextWritten()
  let rows = ''
  for (const [i, event] of events.entries()) {
    rows += `${rows === '' ? '' : ','}${rowText(event, columns, written, escaped)}`
    if (rows.length < statementLength && i < events.length - 1) continue
    for (const generation of generations)
      await execute(insertRows(entity, generation, columns), [`[${rows}]`])
    rows = ''
  }
}

export const append = async (
  connection: DuckDBConnection,
  duckdb: DuckDb,
  entity: string,
  events: readonly StoredEvent[],
  step?: PositionStep,
): Promise<boolean> => {
  const now = (await live(connection, duckdb, entity)) ?? none
  return inTransaction(connection, async () => {
    if (step !== undefined && (await position(duckdb, entity)) !== step.before) return false
    await insert(duckdb, entity, now, tablesOf(now), events)
    if (step !== undefined)
      await duckdb.execute('INSERT OR REPLACE INTO dreampipe.positions VALUES ($1, $2)', [entity, step.after])
    return true
  })
}
