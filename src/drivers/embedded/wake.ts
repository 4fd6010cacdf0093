// Wakes consumers: at once for this process' own events, by a cheap poll for those of other processes.
import type { Sqlite } from './sqlite.ts'

/** Milliseconds between looks at what other processes committed; one look reads a counter in shared memory. */
const lookEach = 20

export interface Wake {
  /** Tells everybody waiting that there may be something new. */
  readonly now: () => void
  /** Resolves at the next wake, or when `signal` aborts, or after `most` milliseconds. */
  readonly next: (signal: AbortSignal, most: number) => Promise<void>
  readonly close: () => void
}

export const wake = (db: Sqlite): Wake => {
  const waiting = new Set<() => void>()
  let timer: ReturnType<typeof setInterval> | undefined
  let version: unknown
  const now = (): void => {
    for (const resolve of waiting) resolve()
  }
  // https://www.sqlite.org/pragma.html#pragma_data_version: changes when another connection commits.
  const look = (): void => {
    const seen = db.statement('PRAGMA data_version').get()?.['data_version']
    if (seen !== version) now()
    version = seen
  }
  return {
    now,
    next: (signal, most) => new Promise((resolve) => {
      if (signal.aborted) return resolve()
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
