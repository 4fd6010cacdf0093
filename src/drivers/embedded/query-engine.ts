// The query engine on DuckDB: a disposable replica; its position stands in the same transaction as its rows.
import type { DuckDBConnection } from '@duckdb/node-api'
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { notStarted, unavailable } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { EntitySchema } from '../../model/schema.ts'
import type { PositionStep, QueryEngine, QueryEngineError } from '../../ports/query-engine.ts'
import { growColumns, type Columns } from '../../schema/columns.ts'
import { addColumn, createLog, insertRows, logTable, sqlObjects } from '../../schema/duckdb.ts'
import { rowText } from '../../schema/row.ts'
import { duckDbError, inTransaction, type DuckDb } from './duckdb.ts'
import { select } from './select.ts'

/** Who opens DuckDB in this process, and who projects into it elsewhere. */
export interface Replica {
  /** Opens the file for this process, once. */
  readonly open: TaskEither<QueryEngineError, DuckDb>
  /** What this process has open already. */
  readonly opened: () => DuckDb | undefined
  /** The process that projects, as `host:pid`. */
  readonly owner: () => string | undefined
  readonly release: () => void
}

interface Live { readonly generation: number; readonly columns: Columns; readonly updates: EntitySchema['updates'] }

// Base64 as DuckDB's BLOB literal text.
const escaped = (base64: string): string => Buffer.from(base64, 'base64').toString('hex').replace(/../g, '\\x$&')

const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, i) => item === b[i])

const first = async (connection: DuckDBConnection, text: string, values: string[]): Promise<readonly unknown[] | undefined> =>
  (await connection.runAndReadAll(text, values)).getRows()[0]

export const queryEngine = (replica: Replica): QueryEngine => {
  const known = new Map<string, Live>()

  const withWriter = <A>(verb: string, work: (connection: DuckDBConnection) => Promise<A>): TaskEither<QueryEngineError, A> =>
    pipe(replica.open, TE.flatMap((duckdb) => TE.tryCatch(() => duckdb.exclusive(work), (thrown): QueryEngineError => duckDbError(verb, thrown))))

  const live = async (connection: DuckDBConnection, entity: string): Promise<Live | undefined> => {
    const found = known.get(entity)
    if (found !== undefined) return found
    const row = await first(connection, 'SELECT generation, columns, updates FROM dreampipe.entities WHERE entity = $1', [entity])
    if (row === undefined) return undefined
    const loaded: Live = { generation: row[0] as number, columns: JSON.parse(row[1] as string) as Columns, updates: JSON.parse(row[2] as string) as EntitySchema['updates'] }
    known.set(entity, loaded)
    return loaded
  }

  const evolve = async (connection: DuckDBConnection, entity: string, schema: EntitySchema): Promise<void> => {
    const before = await live(connection, entity)
    const { columns, additions } = growColumns(before?.columns ?? {}, schema.properties)
    if (before !== undefined && additions.length === 0 && sameList(before.updates, schema.updates)) return
    const generation = before?.generation ?? 1
    await inTransaction(connection, async () => {
      for (const statement of createLog(entity, generation)) await connection.run(statement)
      for (const addition of additions) await connection.run(addColumn(entity, generation, addition))
      for (const statement of sqlObjects(entity, generation, columns, schema.updates)) await connection.run(statement)
      await connection.run('INSERT OR REPLACE INTO dreampipe.entities VALUES ($1, $2, $3, $4)', [entity, generation, JSON.stringify(columns), JSON.stringify(schema.updates)])
      return true
    })
    known.set(entity, { generation, columns, updates: schema.updates })
  }

  const position = async (connection: DuckDBConnection, entity: string): Promise<string | undefined> =>
    (await first(connection, 'SELECT position FROM dreampipe.positions WHERE entity = $1', [entity]))?.[0] as string | undefined

  const append = async (connection: DuckDBConnection, entity: string, events: readonly StoredEvent[], step?: PositionStep): Promise<boolean> => {
    const { generation, columns } = await live(connection, entity) ?? { generation: 1, columns: {} }
    return inTransaction(connection, async () => {
      if (step !== undefined && (await position(connection, entity)) !== step.before) return false
      if (events.length > 0) {
        const written = Number((await first(connection, "SELECT nextval('dreampipe.written')", []))?.[0])
        let rows = ''
        for (const event of events) rows += `${rows === '' ? '' : ','}${rowText(event, columns, written, escaped)}`
        await connection.run(insertRows(entity, generation, columns), [`[${rows}]`])
      }
      if (step !== undefined) await connection.run('INSERT OR REPLACE INTO dreampipe.positions VALUES ($1, $2)', [entity, step.after])
      return true
    })
  }

  return {
    evolve: (entity, schema) => withWriter(`query engine ${entity}`, (connection) => evolve(connection, entity, schema)),
    append: (entity, events, step) => withWriter(`query engine ${entity}`, (connection) => append(connection, entity, events, step)),
    position: (entity) => withWriter(`query engine ${entity}`, (connection) => position(connection, entity)),
    holds: (entity, entityId, sequence) => withWriter(`query engine ${entity}`, async (connection) => {
      const current = await live(connection, entity)
      return current !== undefined && (await first(connection, `SELECT 1 FROM ${logTable(entity, current.generation)} WHERE _entity_id = $1 AND _sequence = CAST($2 AS BIGINT) LIMIT 1`, [entityId, String(sequence)])) !== undefined
    }),
    query: (text, parameters, options) => {
      const duckdb = replica.opened()
      if (duckdb !== undefined) return select(duckdb, text, parameters, options)
      const owner = replica.owner()
      return async () => E.left(owner === undefined
        ? notStarted('sql', 'nobody projects into the query engine: call pipeline.start() in this process')
        : unavailable('sql', `the query engine belongs to the process ${owner}: ask there, or try again when it has gone`))
    },
  }
}
