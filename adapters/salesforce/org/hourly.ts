// The calls of the last 24 hours, counted by the hour.

const hour = 3_600_000

// Calls by the hour, for a day.
export const hourly = () => {
  const counts = new Map<number, number>()
  const forget = (): void => {
    for (const at of counts.keys()) if (at <= Math.floor(Date.now() / hour) - 24) counts.delete(at)
  }
  return {
    add: (): void => {
      const at = Math.floor(Date.now() / hour)
      forget()
      counts.set(at, (counts.get(at) ?? 0) + 1)
    },
    total: (): number => {
      forget()
      return [...counts.values()].reduce((sum, n) => sum + n, 0)
    },
  }
}
