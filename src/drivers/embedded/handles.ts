// Handles that must be one per process and folder: two copies of this package (ESM and CJS) share them
// through globalThis.
import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { E, type TaskEither } from '../../fp.ts'
import { brokenDown, reasonOf, unavailable, type Infra } from '../../model/errors.ts'
import type { QueryEngineError } from '../../ports/query-engine.ts'
import { openDuckDb, type DuckDb } from './duckdb/client.ts'
import { openSqlite, type Sqlite, type SqliteError } from './sqlite/client.ts'
import { createShared, layout } from './sqlite/tables.ts'
import { wake, type Wake } from './sqlite/wake.ts'

/** One folder, open in this process. Every user lets go of what it took. */
export interface Handle {
  readonly sqlite: Sqlite
  readonly wake: Wake
  /** Opens DuckDB, or joins who has it open. */
  readonly takeDuckDb: TaskEither<QueryEngineError, DuckDb>
  /** Closes it behind the last user. */
  readonly leaveDuckDb: () => Promise<void>
  readonly duckDb: () => DuckDb | undefined
  readonly leave: () => void
}

interface Shared {
  readonly opening: Promise<E.Either<Infra | SqliteError, { readonly sqlite: Sqlite; readonly wake: Wake }>>
  users: number
  duckDb: Promise<E.Either<QueryEngineError, DuckDb>> | undefined
  duckDbOpen: DuckDb | undefined
  duckDbUsers: number
  /** A file that is open twice in one process loses rows: the next opening waits for this. */
  duckDbClosing: Promise<void>
}

const key = Symbol.for('dreampipe.handles')
type Global = { [key]?: Map<string, Shared> }

const shared = (): Map<string, Shared> => {
  const all = globalThis as Global
  all[key] ??= new Map()
  return all[key]
}

const openFiles = async (
  file: string,
): Promise<E.Either<SqliteError, { readonly sqlite: Sqlite; readonly wake: Wake }>> => {
  const sqlite = await openSqlite(file)()
  if (sqlite._tag === 'Left') return sqlite
  const created = await sqlite.right.write(`open ${file}`, () => createShared(sqlite.right, file))()
  if (created._tag === 'Right') return E.right({ sqlite: sqlite.right, wake: wake(sqlite.right) })
  sqlite.right.close()
  return created
}

const isOutOfFiles = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  (thrown.code === 'EMFILE' || thrown.code === 'ENFILE')

const paths = (
  folder: string,
): E.Either<Infra, { readonly key: string; readonly sqlite: string; readonly duckDb: string }> => {
  if (folder === ':memory:') return E.right({ key: '', sqlite: ':memory:', duckDb: ':memory:' })
  try {
    // What it holds is nobody else's to read; a folder that is there keeps its mode.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const real = realpathSync(folder)
    // SQLite gives its log and its index the mode of this file.
    closeSync(openSync(join(real, 'events.sqlite'), 'a', 0o600))
    return E.right({
      key: `${layout}:${real}`,
      sqlite: join(real, 'events.sqlite'),
      duckDb: join(real, 'query-engine.duckdb'),
    })
  } catch (thrown) {
    return E.left(
      isOutOfFiles(thrown)
        ? unavailable(`open ${folder}`, 'this process has too many files open', thrown)
        : brokenDown(`open ${folder}`, reasonOf(thrown), thrown),
    )
  }
}

/** Opens a folder, or joins this process' handle on it. `:memory:` is always a handle of its own. */
export const openHandle =
  (folder: string, memory: string | undefined): TaskEither<Infra | SqliteError, Handle> =>
  async () => {
    const where = paths(folder)
    if (where._tag === 'Left') return where
    const all = shared()
    const found = where.right.key === '' ? undefined : all.get(where.right.key)
    const handle: Shared = found ?? {
      opening: openFiles(where.right.sqlite),
      users: 0,
      duckDb: undefined,
      duckDbOpen: undefined,
      duckDbUsers: 0,
      duckDbClosing: Promise.resolve(),
    }
    if (where.right.key !== '') all.set(where.right.key, handle)
    handle.users++
    const forget = (): void => {
      if (all.get(where.right.key) === handle) all.delete(where.right.key)
    }
    const opened = await handle.opening
    if (opened._tag === 'Left') {
      forget()
      return opened
    }
    return E.right({
      ...opened.right,
      ...duckDbOf(handle, where.right.duckDb, memory),
      leave: () => {
        if (--handle.users > 0) return
        forget()
        opened.right.wake.close()
        opened.right.sqlite.close()
      },
    })
  }

const duckDbOf = (
  handle: Shared,
  path: string,
  memory: string | undefined,
): Pick<Handle, 'takeDuckDb' | 'leaveDuckDb' | 'duckDb'> => ({
  takeDuckDb: async () => {
    handle.duckDbUsers++
    const opening = (handle.duckDb ??= handle.duckDbClosing.then(openDuckDb(path, memory)))
    const opened = await opening
    if (opened._tag === 'Left') {
      handle.duckDbUsers--
      if (handle.duckDb === opening) handle.duckDb = undefined
    } else handle.duckDbOpen = opened.right
    return opened
  },
  leaveDuckDb: () => {
    if (--handle.duckDbUsers > 0) return Promise.resolve()
    const open = handle.duckDbOpen
    handle.duckDbOpen = undefined
    handle.duckDb = undefined
    handle.duckDbClosing = open === undefined ? Promise.resolve() : open.close().catch(() => undefined)
    return handle.duckDbClosing
  },
  duckDb: () => handle.duckDbOpen,
})
