// DuckDB: opened once a process and file, locked down, loaded on first use.
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { TE, type TaskEither } from '../../fp.ts'
import { brokenDown, missingDependency, reasonOf, unavailable, type MissingDependency, type Unavailable } from '../../model/errors.ts'

export type DuckDbModule = typeof import('@duckdb/node-api')

export interface DuckDb {
  readonly module: DuckDbModule
  readonly instance: DuckDBInstance
  /** The one connection that writes; `exclusive` runs one piece of work on it at a time. */
  readonly exclusive: <A>(work: (connection: DuckDBConnection) => Promise<A>) => Promise<A>
  readonly close: () => void
}

const isMissing = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && (thrown.code === 'ERR_MODULE_NOT_FOUND' || thrown.code === 'MODULE_NOT_FOUND')

const asError = (verb: string, thrown: unknown): Unavailable | MissingDependency => {
  if (isMissing(thrown)) return missingDependency(verb, '@duckdb/node-api', thrown)
  const why = reasonOf(thrown)
  // What the data itself causes will not go away by trying again.
  if (/^(Conversion|Invalid Input|Out of Range|Constraint) Error/.test(why)) return brokenDown(verb, `DuckDB: ${why}`, thrown)
  return unavailable(verb, /Conflicting lock|Could not set lock/.test(why) ? `another process holds the query engine's file: ${why}` : `DuckDB: ${why}`, thrown)
}

// No file, network or extension beyond the database itself: `sql` comes from users. NULLs order as in BigQuery.
const settings = (memory: string): Record<string, string> => ({
  enable_external_access: 'false', autoinstall_known_extensions: 'false', autoload_known_extensions: 'false',
  memory_limit: memory, threads: '2', default_null_order: 'nulls_first_on_asc_last_on_desc', preserve_insertion_order: 'false',
})

const own = `
CREATE SCHEMA IF NOT EXISTS dreampipe;
CREATE SEQUENCE IF NOT EXISTS dreampipe.written;
CREATE TABLE IF NOT EXISTS dreampipe.positions (entity VARCHAR PRIMARY KEY, position VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS dreampipe.entities (entity VARCHAR PRIMARY KEY, generation INTEGER NOT NULL, columns VARCHAR NOT NULL, updates VARCHAR NOT NULL);
`

/** Opens a database file, or `:memory:`. `memory` is DuckDB's limit (`256MB`). */
export const openDuckDb = (path: string, memory: string): TaskEither<Unavailable | MissingDependency, DuckDb> => TE.tryCatch(async () => {
  const module = await import('@duckdb/node-api')
  const instance = await module.DuckDBInstance.create(path, settings(memory))
  const writer = await instance.connect()
  await writer.run("SET GLOBAL TimeZone = 'UTC'")
  await writer.run('SET GLOBAL lock_configuration = true')
  await writer.run(own)
  let last: Promise<unknown> = Promise.resolve()
  const exclusive = <A>(work: (connection: DuckDBConnection) => Promise<A>): Promise<A> => {
    const next = last.then(() => work(writer))
    last = next.catch(() => undefined)
    return next
  }
  return { module, instance, exclusive, close: () => { writer.closeSync(); instance.closeSync() } }
}, (thrown) => asError(`open ${path}`, thrown))

/** Runs `work` in one transaction; what it did is rolled back where it fails or answers false. */
export const inTransaction = async (connection: DuckDBConnection, work: () => Promise<boolean>): Promise<boolean> => {
  await connection.run('BEGIN TRANSACTION')
  try {
    const kept = await work()
    await connection.run(kept ? 'COMMIT' : 'ROLLBACK')
    return kept
  } catch (thrown) {
    await connection.run('ROLLBACK').catch(() => undefined)
    throw thrown
  }
}

export const duckDbError = asError
