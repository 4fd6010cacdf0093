// A turn of the event loop: long work on a store that answers at once lets timers, sockets and submits come in between.
export const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
