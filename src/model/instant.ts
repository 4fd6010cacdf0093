// Instants, dates and times of day: ISO 8601 in, one fixed-width UTC form out, exact to the microsecond.

const digits = (text: string, from: number, to: number): number => {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return NaN
    value = value * 10 + digit
  }
  return value
}

const daysIn = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : month === 4 || month === 6 || month === 9 || month === 11
      ? 30
      : 31

/** The first ten characters are a calendar day of the years 0001 to 9999. */
const startsWithDay = (text: string): boolean => {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

/** Canonical Date: `2024-02-29`. */
export const canonicalDate = (text: string): string | undefined =>
  text.length === 10 && startsWithDay(text) ? text : undefined

interface Clock {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micros: string
  readonly end: number
}

// `HH:MM`, `HH:MM:SS`, `HH:MM:SS.f…` from `at`; a digit beyond the microsecond must be zero.
const clockAt = (text: string, at: number): Clock | undefined => {
  const hour = digits(text, at, at + 2)
  const minute = digits(text, at + 3, at + 5)
  if (!(hour <= 23 && minute <= 59) || text.charCodeAt(at + 2) !== 58) return undefined
  if (text.charCodeAt(at + 5) !== 58) return { hour, minute, second: 0, micros: '000000', end: at + 5 }
  const second = digits(text, at + 6, at + 8)
  if (!(second <= 59)) return undefined
  if (text.charCodeAt(at + 8) !== 46) return { hour, minute, second, micros: '000000', end: at + 8 }
  let end = at + 9
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++
  if (end === at + 9) return undefined
  for (let i = at + 15; i < end; i++) if (text.charCodeAt(i) !== 48) return undefined
  return { hour, minute, second, micros: text.slice(at + 9, Math.min(end, at + 15)).padEnd(6, '0'), end }
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

/** Canonical Time: `10:11:12`, with a fraction only where there is one (`10:11:12.5`). */
export const canonicalTime = (text: string): string | undefined => {
  const clock = clockAt(text, 0)
  if (clock === undefined || clock.end !== text.length) return undefined
  const fraction = clock.micros.replace(/0+$/, '')
  return (
    `${two(clock.hour)}:${two(clock.minute)}:` +
    `${two(clock.second)}${fraction === '' ? '' : `.${fraction}`}`
  )
}

// Minutes east of UTC from `at` to the end of the text: `Z`, `+00`, `+0000`, `+00:00`.
const offsetAt = (text: string, at: number): number | undefined => {
  const left = text.length - at
  const sign = text.charCodeAt(at)
  if (left === 1 && sign === 90) return 0
  if (sign !== 43 && sign !== 45) return undefined
  const hours = digits(text, at + 1, at + 3)
  const minutes =
    left === 3
      ? 0
      : left === 5
        ? digits(text, at + 3, at + 5)
        : left === 6 && text.charCodeAt(at + 3) === 58
          ? digits(text, at + 4, at + 6)
          : NaN
  return hours <= 23 && minutes <= 59 ? (hours * 60 + minutes) * (sign === 45 ? -1 : 1) : undefined
}

/**
 * Canonical DateTime: `2024-01-02T03:04:05.000006Z`, 27 characters, so that texts order as instants do. An
 * offset is required.
 */
export const canonicalInstant = (text: string): string | undefined => {
  if (!startsWithDay(text) || text.charCodeAt(10) !== 84) return undefined
  const clock = clockAt(text, 11)
  if (clock === undefined) return undefined
  const offset = offsetAt(text, clock.end)
  if (offset === undefined) return undefined
  if (offset === 0)
    return (
      `${text.slice(0, 10)}T${two(clock.hour)}:${two(clock.minute)}:` +
      `${two(clock.second)}.${clock.micros}Z`
    )
  const utc = new Date(0)
  utc.setUTCFullYear(digits(text, 0, 4), digits(text, 5, 7) - 1, digits(text, 8, 10))
  utc.setUTCHours(clock.hour, clock.minute - offset, clock.second)
  return inYears(utc) ? `${utc.toISOString().slice(0, 19)}.${clock.micros}Z` : undefined
}

const inYears = (date: Date): boolean => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999

/** The canonical DateTime of a Date, or undefined where it holds none within the years 0001 to 9999. */
export const instantOfDate = (date: Date): string | undefined =>
  inYears(date) ? `${date.toISOString().slice(0, 23)}000Z` : undefined

/** The canonical DateTime of a Date or an ISO text. */
export const instantOf = (at: string | Date): string | undefined =>
  typeof at === 'string' ? canonicalInstant(at) : instantOfDate(at)

/** Milliseconds since 1970 of a canonical DateTime; microseconds are cut. */
export const millisOf = (instant: string): number => Date.parse(`${instant.slice(0, 23)}Z`)
