// Leases: a subscription is held by one process at a time; a holder that died on this machine gives way at
// once.
import { hostname } from 'node:os'
import { randomUUID } from 'node:crypto'
import { E, type TaskEither } from '../../../fp.ts'
import type { Sqlite, SqliteError } from './client.ts'

/** How long a lease holds without being renewed, in milliseconds. */
const term = 10_000
const renewEach = 2_500

export interface Lease {
  /** This process' hold on the name, taken or renewed; false while another holds it. */
  readonly take: (name: string) => TaskEither<SqliteError, boolean>
  readonly release: (name: string) => Promise<void>
  readonly releaseAll: () => Promise<void>
  /** Whether this holder has the lease; inside a write it fences: a lease that was lost stays lost. */
  readonly isHeld: (name: string) => boolean
  /** Grows with every holder of a name; undefined where this one does not hold it. */
  readonly fenceOf: (name: string) => number | undefined
  /** Who holds a name now, as `host:pid`. */
  readonly holderOf: (
    name: string,
  ) => { readonly owner: string; readonly mine: boolean; readonly sameProcess: boolean } | undefined
}

const host = hostname()

// Signal 0 asks only whether the process exists; EPERM means that it does.
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return (thrown as { code?: unknown }).code === 'EPERM'
  }
}

interface Row {
  readonly holder: string
  readonly owner: string
  readonly host: string
  readonly pid: number
  readonly expires: number
}

export const leases = (db: Sqlite): Lease => {
  const holder = randomUUID()
  const owner = `${host}:${process.pid}`
  const held = new Set<string>()
  let timer: ReturnType<typeof setInterval> | undefined

  const current = (name: string): Row | undefined => {
    const row = db
      .statement('SELECT holder, owner, host, pid, expires FROM leases WHERE name = ?')
      .get(name) as Row | undefined
    return row === undefined || row.expires < Date.now() || (row.host === host && !isAlive(row.pid))
      ? undefined
      : row
  }
  const renew = (): void =>
    void db.write('renew leases', () => {
      const names = db
        .statement('SELECT name FROM leases WHERE holder = ?')
        .all(holder)
        .map((row) => row['name'] as string)
      db.statement('UPDATE leases SET expires = ? WHERE holder = ?').run(Date.now() + term, holder)
      for (const name of held) if (!names.includes(name)) held.delete(name)
    })()
  const take =
    (name: string): TaskEither<SqliteError, boolean> =>
    async () => {
      if (held.has(name)) return E.right(true)
      // Looking first spares the write lock: processes that wait for a lease ask again and again.
      const free = await db.read('lease', () => {
        const row = current(name)
        return row === undefined || row.holder === holder
      })()
      if (free._tag === 'Left' || !free.right) return free
      const taken = await db.write('lease', () => {
        const row = current(name)
        if (row !== undefined && row.holder !== holder) return false
        db.statement(
          'INSERT INTO leases (name, holder, owner, host, pid, expires, fence) VALUES (?, ?, ?, ?, ?, ?, ' +
            '1) ON CONFLICT (name) DO UPDATE SET ' +
            'fence = fence + (holder <> excluded.holder), holder = excluded.holder, owner = ' +
            'excluded.owner, host = excluded.host, pid = excluded.pid, expires = excluded.expires',
        ).run(name, holder, owner, host, process.pid, Date.now() + term)
        return true
      })()
      if (taken._tag === 'Right' && taken.right) {
        held.add(name)
        timer ??= setInterval(renew, renewEach).unref()
      }
      return taken
    }
  const drop = async (names: readonly string[]): Promise<void> => {
    for (const name of names) held.delete(name)
    // The row stays, and with it the fence.
    await db.write('release lease', () => {
      for (const name of names)
        db.statement("UPDATE leases SET holder = '', expires = 0 WHERE name = ? AND holder = ?").run(
          name,
          holder,
        )
    })()
  }
  return {
    take,
    release: (name) => drop([name]),
    releaseAll: async () => {
      clearInterval(timer)
      if (held.size > 0) await drop([...held])
    },
    isHeld: (name) =>
      held.has(name) &&
      db.statement('SELECT 1 FROM leases WHERE name = ? AND holder = ?').get(name, holder) !== undefined,
    fenceOf: (name) =>
      held.has(name)
        ? (db.statement('SELECT fence FROM leases WHERE name = ? AND holder = ?').get(name, holder)?.[
            'fence'
          ] as number | undefined)
        : undefined,
    holderOf: (name) => {
      const row = current(name)
      return row === undefined
        ? undefined
        : {
            owner: row.owner,
            mine: row.holder === holder,
            sameProcess: row.host === host && row.pid === process.pid,
          }
    },
  }
}
