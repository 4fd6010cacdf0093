// SQLite: one connection a process, transactions that never block the event loop while another process
// writes.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { TE, type TaskEither } from '../../../fp.ts'
import {
  brokenDown,
  contention,
  isDreampipeError,
  reasonOf,
  unavailable,
  type Contention,
  type Unavailable,
} from '../../../model/errors.ts'
import { pause } from '../../../waiting.ts'

export type SqliteError = Unavailable | Contention

export interface Sqlite {
  readonly statement: (sql: string) => StatementSync
  readonly exec: (sql: string) => void
  /**
   * Runs `work` in one IMMEDIATE transaction; commits what it did, or nothing. Waits without blocking while
   * another process writes.
   */
  readonly write: <A>(verb: string, work: () => A) => TaskEither<SqliteError, A>
  /**
   * As `write`, without waiting for the disk: the next `write` does. A killed process loses nothing; a power
   * failure may undo the last
   * of them, never one without all that came later. For what can be made again from events.
   */
  readonly writeLazily: <A>(verb: string, work: () => A) => TaskEither<SqliteError, A>
  readonly read: <A>(verb: string, work: () => A) => TaskEither<SqliteError, A>
  readonly close: () => void
}

export type SqlInput = SQLInputValue

// https://www.sqlite.org/rescode.html, primary codes
const busy = new Set([5, 6])
const lasting = new Set([8, 11, 13, 14, 26])

const codeOf = (thrown: unknown): number => {
  const code =
    typeof thrown === 'object' && thrown !== null && 'errcode' in thrown ? thrown.errcode : undefined
  return typeof code === 'number' ? code & 0xff : 0
}

/** How long a transaction waits for other processes before it gives up with `Contention`, in milliseconds. */
const patience = 30_000

const asError = (verb: string, thrown: unknown): SqliteError => {
  if (isDreampipeError(thrown, 'Unavailable', 'Contention')) return thrown
  const why = `SQLite: ${reasonOf(thrown)}`
  if (busy.has(codeOf(thrown)))
    return contention(verb, `other processes kept the store locked for ${patience / 1000} s`, thrown)
  return lasting.has(codeOf(thrown)) ? brokenDown(verb, why, thrown) : unavailable(verb, why, thrown)
}

const retrying = <A>(verb: string, work: () => A): TaskEither<SqliteError, A> =>
  TE.tryCatch(
    async () => {
      const start = performance.now()
      for (let attempt = 0; ; attempt++) {
        try {
          return work()
        } catch (thrown) {
          if (!busy.has(codeOf(thrown)) || performance.now() - start > patience) throw thrown
          await pause(Math.random() * Math.min(2 ** attempt, 32))
        }
      }
    },
    (thrown) => asError(verb, thrown),
  )

const settings = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA busy_timeout = 0',
  'PRAGMA foreign_keys = OFF',
  // 16 MiB of pages, and a checkpoint each 80 MiB of log instead of each 4: keys are random, so pages are
  // written again and again.
  'PRAGMA cache_size = -16384',
  'PRAGMA wal_autocheckpoint = 20000',
  'PRAGMA temp_store = MEMORY',
]

// Kept apart from the import above so that importing the package loads no SQLite.
const load = async (): Promise<typeof import('node:sqlite')> => import('node:sqlite')

/** Opens a database file, or `:memory:`. */
export const openSqlite =
  (path: string): TaskEither<SqliteError, Sqlite> =>
  async () => {
    const opened = await TE.tryCatch(
      async () => new (await load()).DatabaseSync(path, { timeout: 0 }),
      (thrown) => asError(`open ${path}`, thrown),
    )()
    if (opened._tag === 'Left') return opened
    const db = opened.right
    for (const setting of settings) {
      const set = await retrying(`open ${path}`, () => db.exec(setting))()
      if (set._tag === 'Left') {
        db.close()
        return set
      }
    }
    return { _tag: 'Right', right: connection(db) }
  }

const connection = (db: DatabaseSync): Sqlite => {
  const statements = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const found = statements.get(sql)
    if (found !== undefined) return found
    const made = db.prepare(sql)
    statements.set(sql, made)
    return made
  }
  const transaction = <A>(work: () => A): A => {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (thrown) {
      // SQLite may have rolled back by itself (a full disk); a second rollback is then an error that says
      // nothing.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw thrown
    }
  }
  const write = <A>(verb: string, work: () => A): TaskEither<SqliteError, A> =>
    retrying(verb, () => transaction(work))
  const writeLazily = <A>(verb: string, work: () => A): TaskEither<SqliteError, A> =>
    retrying(verb, () => {
      db.exec('PRAGMA synchronous = NORMAL')
      try {
        return transaction(work)
      } finally {
        db.exec('PRAGMA synchronous = FULL')
      }
    })
  // One snapshot for all that `work` asks; and outside of a transaction each statement would take and give
  // back the lock by itself.
  const read = <A>(verb: string, work: () => A): TaskEither<SqliteError, A> =>
    retrying(verb, () => {
      db.exec('BEGIN')
      try {
        return work()
      } finally {
        if (db.isTransaction) db.exec('COMMIT')
      }
    })
  return { statement, exec: (sql) => db.exec(sql), write, writeLazily, read, close: () => db.close() }
}
