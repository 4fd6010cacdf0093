// Waiting that ends: for a silent connection, for a while that was asked for, and for nothing at all once a run is to end.

/** An end that comes when nothing has happened for a while, or when the caller says so. */
export const patience = (milliseconds: number, signal: AbortSignal) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`nothing came for ${milliseconds} ms`)), milliseconds)
  const onAbort = (): void => controller.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  // Refreshed once ended, it would run again.
  let ended = false
  return {
    signal: controller.signal,
    touch: (): void => { if (!ended) timer.refresh() },
    end: (): void => { ended = true; clearTimeout(timer); signal.removeEventListener('abort', onAbort) },
  }
}

/** Resolves after so long, or at once when the signal says so. */
export const paused = (milliseconds: number, signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  const wake = (): void => { clearTimeout(timer); signal.removeEventListener('abort', wake); resolve() }
  const timer = setTimeout(wake, milliseconds)
  signal.addEventListener('abort', wake)
  if (signal.aborted) wake()
})

/** What a promise that others wait for too comes to, unless this caller's signal comes first. */
export const unlessAborted = <A>(promise: Promise<A>, signal: AbortSignal): Promise<A> => new Promise((resolve, reject) => {
  const onAbort = (): void => reject(new Error('the run is to end'))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
})

/** Milliseconds that a `Retry-After` header asks for, in seconds or as a date; 0 where it says nothing. `now` is the answer's own Date. */
export const retryAfter = (header: string | null, now: number): number => {
  if (header === null || header.trim() === '') return 0
  const seconds = Number(header)
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0
}
