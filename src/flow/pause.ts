// Letting time pass: a turn of the event loop, or some milliseconds.

/**
 * A turn of the event loop: long work on a store that answers at once lets timers, sockets and submits come
 * in between.
 */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Some milliseconds, or until `signal` aborts. */
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
