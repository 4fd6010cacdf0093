// Patience that ends: with a silent connection, and with a run that is to end.

/** An end that comes when nothing has happened for a while, or when the caller says so. */
export const patience = (milliseconds: number, signal: AbortSignal) => {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(new Error(`nothing came for ${milliseconds} ms`)),
    milliseconds,
  )
  const onAbort = (): void => controller.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  // Refreshed once ended, it would run again.
  let ended = false
  return {
    signal: controller.signal,
    touch: (): void => {
      if (!ended) timer.refresh()
    },
    end: (): void => {
      ended = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

/** What a promise that others wait for too comes to, unless this caller's signal comes first. */
export const unlessAborted = <A>(promise: Promise<A>, signal: AbortSignal): Promise<A> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('the run is to end'))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
