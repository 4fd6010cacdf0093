// Waiting as the adapters that ask servers do: as long as a server asked for, and no longer than a run goes
// on.

/** Resolves after so long, or at once when the signal says so. */
export const paused = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    signal.addEventListener('abort', wake)
    if (signal.aborted) wake()
  })

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date; 0 where it says nothing. `now`
 * is the answer's own Date.
 */
export const retryAfter = (header: string | null, now: number): number => {
  if (header === null || header.trim() === '') return 0
  const seconds = Number(header)
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0
}
