// Wakes consumers: at once for this process' own events, by a cheap poll for those of other processes.
import type { Sqlite } from './client.ts'

/**
 * Milliseconds between looks at what other processes committed; one look reads a counter in shared memory.
 */
const lookEach = 20

export interface Wake {
  /** Tells everybody waiting that there may be something new. */
  readonly now: () => void
  /** Counts the wakes: taken before a look, it tells `next` what happened since. */
  readonly count: () => number
  /** Resolves at the next wake after `since`, or when `signal` aborts, or after `most` milliseconds. */
  readonly next: (signal: AbortSignal, most: number, since: number) => Promise<void>
  readonly close: () => void
}

export const wake = (db: Sqlite): Wake => {
  const waiting = new Set<() => void>()
  let timer: ReturnType<typeof setInterval> | undefined
  let version: unknown
  let wakes = 0
  const now = (): void => {
    wakes++
    for (const resolve of waiting) resolve()
  }
  // https://www.sqlite.org/pragma.html#pragma_data_version: changes when another connection commits.
  const look = (): void => {
    try {
      const seen = db.statement('PRAGMA data_version').get()?.['data_version']
      if (seen !== version) now()
      version = seen
    } catch {
      // Busy: another process recovers the log or has just closed it. The next look tells.
    }
  }
  return {
    now,
    count: () => wakes,
    next: (signal, most, since) =>
      new Promise((resolve) => {
        if (signal.aborted || wakes !== since) return resolve()
        timer ??= setInterval(look, lookEach)
        const done = (): void => {
          waiting.delete(done)
          clearTimeout(limit)
          signal.removeEventListener('abort', done)
          resolve()
        }
        const limit = setTimeout(done, most)
        waiting.add(done)
        signal.addEventListener('abort', done)
      }),
    close: () => clearInterval(timer),
  }
}
