// DuckDB: opened once a process and file, locked down, loaded on first use.
import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBPreparedStatement } from '@duckdb/node-api'
import { TE, type TaskEither } from '../../../fp.ts'
import type { MissingDependency, Unavailable } from '../../../model/errors.ts'
import type { EntitySchema } from '../../../model/schema.ts'
import type { Build } from '../../../ports/view-store.ts'
import type { Columns } from '../../../schema/columns.ts'
import { duckDbError, engineReason, isClosing } from './errors.ts'

export type DuckDbModule = typeof import('@duckdb/node-api')

/** What is live of one entity: its tables' generation, their columns, how its events update. */
export interface LiveTables {
  readonly generation: number
  readonly building?: Build
  readonly columns: Columns
  readonly updates: EntitySchema['updates']
}

export interface DuckDb {
  readonly module: DuckDbModule
  /** What its tables hold, kept here because all who have it open share it. */
  readonly live: Map<string, LiveTables>
  /** The one connection that writes; `exclusive` runs one piece of work on it at a time. */
  readonly exclusive: <A>(work: (connection: DuckDBConnection) => Promise<A>) => Promise<A>
  /**
   * Runs a statement on the writing connection, prepared once: each step of a native call waits its turn of a
   * busy event loop. Inside `exclusive` only.
   */
  readonly execute: (text: string, values: readonly string[]) => Promise<DuckDBMaterializedResult>
  /** Numbers writes: a later one is always greater, also over restarts. */
  readonly nextWritten: () => number
  /** Allows the memory that an entity of so many leaf columns needs. */
  readonly makeRoom: (leaves: number) => Promise<void>
  /** Allows the memory that questions need; `beside` does so by itself. */
  readonly makeRoomToAsk: () => Promise<void>
  /** Runs work on a connection of its own, beside the others. */
  readonly beside: <A>(work: (connection: DuckDBConnection) => Promise<A>) => Promise<A>
  /** Closes the file once all work on it has ended; until then nobody may open it again. */
  readonly close: () => Promise<void>
}

/**
 * DuckDB's memory limit by the widest entity's leaf columns: it works on 2,048 values of each column at once,
 * however few the rows. A file needs little to be
 * projected into before it is asked anything, and DuckDB fills what it is given whenever it compresses rows;
 * `:memory:` holds the rows themselves, and has nowhere to spill to.
 */
const rooms = [
  { above: 0, limit: '64MB' },
  { above: 100, limit: '128MB' },
  { above: 500, limit: '1GB' },
] as const

/** The least room of who is asked questions. */
const asked = 1

const firstRoom = (path: string): number => (path === ':memory:' ? 1 : 0)

// No file, network or extension beyond the database itself: `sql` comes from users. NULLs order as in
// BigQuery.
const settings = (memory: string): Record<string, string> => ({
  enable_external_access: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  memory_limit: memory,
  threads: '1',
  default_null_order: 'nulls_first_on_asc_last_on_desc',
  preserve_insertion_order: 'false',
})

const own = `
CREATE SCHEMA IF NOT EXISTS dreampipe;
CREATE SEQUENCE IF NOT EXISTS dreampipe.written;
CREATE TABLE IF NOT EXISTS dreampipe.positions (entity VARCHAR PRIMARY KEY, position VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS dreampipe.entities (entity VARCHAR PRIMARY KEY, generation INTEGER NOT NULL,
  columns VARCHAR NOT NULL, updates VARCHAR NOT NULL, building VARCHAR);
`

// Answers this opening's number.
const settled = async (writer: DuckDBConnection, memory: string | undefined): Promise<number> => {
  await writer.run("SET GLOBAL TimeZone = 'UTC'")
  if (memory === undefined) await writer.run("SET GLOBAL allowed_configs = ['memory_limit']")
  await writer.run('SET GLOBAL lock_configuration = true')
  await writer.run(own)
  return Number((await writer.runAndReadAll("SELECT nextval('dreampipe.written')")).getRows()[0]?.[0])
}

/** Writes that one opening can number. */
const writesPerOpening = 2 ** 30

/** Statements kept prepared. */
const mostStatements = 64

const executing = (writer: DuckDBConnection): DuckDb['execute'] => {
  const statements = new Map<string, DuckDBPreparedStatement>()
  const forget = (text: string): void => {
    statements.get(text)?.destroySync()
    statements.delete(text)
  }
  return async (text, values) => {
    const statement = statements.get(text) ?? (await writer.prepare(text))
    statements.set(text, statement)
    const [oldest] = statements.keys()
    if (statements.size > mostStatements && oldest !== undefined) forget(oldest)
    try {
      values.forEach((value, i) => statement.bindVarchar(i + 1, value))
      return await statement.run()
    } catch (thrown) {
      forget(text)
      throw thrown
    }
  }
}

/**
 * Opens a database file, or `:memory:`. `memory` is DuckDB's limit; without one it grows with the widest
 * entity, see `rooms`.
 */
export const openDuckDb = (
  path: string,
  memory: string | undefined,
): TaskEither<Unavailable | MissingDependency, DuckDb> =>
  TE.tryCatch(
    async () => {
      const module = await import('@duckdb/node-api')
      const instance = await module.DuckDBInstance.create(
        path,
        settings(memory ?? (rooms[firstRoom(path)] as (typeof rooms)[number]).limit),
      )
      const writer = await instance.connect()
      const opening = await settled(writer, memory).catch((thrown: unknown) => {
        // Or the file would stay open, and the next try would open it twice.
        instance.closeSync()
        throw thrown
      })
      const running = new Set<Promise<unknown>>()
      let over = false
      // What comes behind the closing is refused: nobody waits for it.
      const tracked = <A>(begin: () => Promise<A>): Promise<A> => {
        if (over) return Promise.reject(isClosing())
        const work = begin()
        const ended: Promise<unknown> = work.then(
          () => running.delete(ended),
          () => running.delete(ended),
        )
        running.add(ended)
        return work
      }
      let room = firstRoom(path)
      let widening: Promise<void> = Promise.resolve()
      // One after the other, so that a smaller room never follows a greater one.
      const widen = (connection: DuckDBConnection, needed: number): Promise<void> => {
        const next = widening.then(async () => {
          if (memory !== undefined || needed <= room) return
          await connection.run(
            `SET GLOBAL memory_limit = '${(rooms[needed] as (typeof rooms)[number]).limit}'`,
          )
          room = needed
        })
        widening = next.catch(() => undefined)
        return next
      }
      const makeRoom = (leaves: number): Promise<void> =>
        widen(
          writer,
          rooms.findLastIndex(({ above }) => leaves > above),
        )
      let last: Promise<unknown> = Promise.resolve()
      const exclusive = <A>(work: (connection: DuckDBConnection) => Promise<A>): Promise<A> =>
        tracked(() => {
          const next = last
            .then(() => work(writer))
            .catch(async (thrown: unknown) => {
              // What did not fit is tried again, and finds more room.
              if (engineReason(thrown).startsWith('Out of Memory'))
                await widen(writer, asked).catch(() => undefined)
              throw thrown
            })
          last = next.catch(() => undefined)
          return next
        })
      const reading = new Set<DuckDBConnection>()
      const beside = async <A>(work: (connection: DuckDBConnection) => Promise<A>): Promise<A> => {
        const connection = await instance.connect()
        reading.add(connection)
        try {
          await widen(connection, asked)
          return await work(connection)
        } finally {
          reading.delete(connection)
          connection.closeSync()
        }
      }
      const close = async (): Promise<void> => {
        over = true
        // A question that runs for hours does not hold up the closing; what is being written is finished. An
        // interrupt hits only what
        // runs at that moment, and a question has several steps.
        const interrupting = setInterval(() => {
          for (const connection of reading) connection.interrupt()
        }, 20)
        await Promise.all(running)
        clearInterval(interrupting)
        writer.closeSync()
        instance.closeSync()
      }
      let written = opening * writesPerOpening
      return {
        module,
        live: new Map(),
        execute: executing(writer),
        nextWritten: () => ++written,
        makeRoom,
        makeRoomToAsk: () => widen(writer, asked),
        exclusive,
        beside: (work) => tracked(() => beside(work)),
        close,
      }
    },
    (thrown) => duckDbError(`open ${path}`, thrown),
  )

/** Runs `work` in one transaction; what it did is rolled back where it fails or answers false. */
export const inTransaction = async (
  connection: DuckDBConnection,
  work: () => Promise<boolean>,
): Promise<boolean> => {
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
