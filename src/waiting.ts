// The entry dreampipe/waiting: letting time pass, and one attempt that all who ask share; used by the core,
// by drivers and by adapters alike.
import type { E, TaskEither } from './fp.ts'

/** A turn of the event loop: long work lets timers, sockets and submits come in between. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Resolves after so many milliseconds, or as soon as `signal` aborts; it never rejects. */
export const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    if (signal?.aborted === true) done()
    else signal?.addEventListener('abort', done)
  })

/**
 * Milliseconds to wait after failure `attempt` (1, 2, 3 …): `first`, then twice as long each time, at most
 * `most`; between half of it and all of it by chance, so that those who failed together do not come back
 * together.
 * @example
 * import { backoff, pause } from 'dreampipe/waiting'
 *
 * const persistently = async (work: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
 *   for (let attempt = 1; !signal.aborted && !(await work()); attempt++)
 *     await pause(backoff(attempt, 100, 30_000), signal)
 * }
 */
export const backoff = (attempt: number, first: number, most: number): number =>
  Math.min(most, first * 2 ** Math.min(attempt - 1, 30)) * (0.5 + Math.random() / 2)

/** What a promise comes to within so many milliseconds; undefined where it takes longer (it goes on). */
export const within = async <A>(milliseconds: number, work: Promise<A>): Promise<A | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A task that runs until it succeeded once: callers share the attempt, and a left is tried anew. */
export interface Once<Er, A> {
  readonly get: TaskEither<Er, A>
  /** The attempt that was begun, if there is one. */
  readonly peek: () => Promise<E.Either<Er, A>> | undefined
}

/** Shares one success of a task among all who ask for it. */
export const once = <Er, A>(task: TaskEither<Er, A>): Once<Er, A> => {
  let begun: Promise<E.Either<Er, A>> | undefined
  return {
    get: async () => {
      begun ??= task()
      const result = await begun
      if (result._tag === 'Left') begun = undefined
      return result
    },
    peek: () => begun,
  }
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date; 0 where it says nothing. `now`
 * is the answer's own Date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export const retryAfter = (header: string | null, now: number): number => {
  if (header === null || header.trim() === '') return 0
  const seconds = Number(header)
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0
}
