// Dates as people write them: by a format, in a time zone; what no clock there ever showed, or showed twice,
// is none.
import { invalidOption } from 'dreampipe'

/** How dates are written. */
export interface CsvDates {
  /**
   * `YYYY MM DD HH mm ss SSS`, or `M D H` for one digit or two, anything else as it stands. Several: the one
   * that fits.
   */
  readonly format: string | readonly string[]
  /** The time zone that DateTime texts are local to (`Europe/Vienna`); `UTC` unless said. */
  readonly zone?: string
}

/** A date of a text, as a wire value's. Both throw a TypeError where the text is none, or more than one. */
export interface DateReader {
  readonly instant: (text: string) => string
  readonly day: (text: string) => string
}

const tokens = /YYYY|MM|DD|HH|mm|ss|SSS|M|D|H/g
const digitsOf: { readonly [token: string]: string } = { YYYY: '4', SSS: '3', M: '1,2', D: '1,2', H: '1,2' }
const fieldOf: { readonly [token: string]: string } = { MM: 'M', DD: 'D', HH: 'H' }

interface Format {
  readonly pattern: RegExp
  readonly hasClock: boolean
}

const formatOf = (format: unknown): Format => {
  const refuse = (why: string): never => {
    throw invalidOption('csv', 'dates.format', why)
  }
  if (typeof format !== 'string') return refuse('is text, or a list of texts')
  const found = format.match(tokens) ?? []
  const fields = found.map((token) => fieldOf[token] ?? token)
  if (!['YYYY', 'M', 'D'].every((field) => fields.includes(field)))
    return refuse(`names year, month and day (DD.MM.YYYY HH:mm), and ${JSON.stringify(format)} does not`)
  if (new Set(fields).size < fields.length || /[a-z]/i.test(format.replaceAll(tokens, '').replace('T', '')))
    return refuse(
      `${JSON.stringify(format)} has letters beside YYYY MM DD HH mm ss SSS, or one of them twice`,
    )
  const pattern = format
    .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    .replaceAll(tokens, (token) => `(?<${fieldOf[token] ?? token}>\\d{${digitsOf[token] ?? '2'}})`)
  return {
    pattern: new RegExp(`^${pattern}$`),
    hasClock: fields.some((field) => ['H', 'mm', 'ss', 'SSS'].includes(field)),
  }
}

const utcOf = (year: number, month: number, ...rest: readonly number[]): number => {
  const [day = 1, hour = 0, minute = 0, second = 0, millis = 0] = rest
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.setUTCHours(hour, minute, second, millis)
}

// What the clock on the wall shows, as the milliseconds of the same digits in UTC.
const wallOf = (zone: string): ((millis: number) => number) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (millis) => {
    const at: { [type: string]: number } = {}
    for (const { type, value } of format.formatToParts(millis)) at[type] = Number(value)
    const { year = 0, month = 0, day, hour, minute, second } = at
    return (
      utcOf(year, month, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0) + (((millis % 1000) + 1000) % 1000)
    )
  }
}

/** Milliseconds within which a zone changes its offset once at most. */
const around = 86_400_000

// The instants at which the clock shows `wall`: none where it is put forward, two where it is put back.
const instantsOf = (wallAt: (millis: number) => number, wall: number): readonly number[] => {
  const offsets = new Set([wall - around, wall, wall + around].map((millis) => wallAt(millis) - millis))
  return [...offsets].map((offset) => wall - offset).filter((millis) => wallAt(millis) === wall)
}

// Digits of a day and a time, or undefined where no calendar has them.
const wallTime = (groups: { readonly [field: string]: string | undefined }): number | undefined => {
  const [year, month, day, ...clock] = ['YYYY', 'M', 'D', 'H', 'mm', 'ss', 'SSS'].map((field) =>
    Number(groups[field] ?? 0),
  ) as [number, number, number, ...number[]]
  const wall = utcOf(year, month, day, ...clock)
  const shown = new Date(wall)
  const isSame =
    year >= 1 &&
    shown.getUTCMonth() === month - 1 &&
    shown.getUTCDate() === day &&
    (clock[0] as number) <= 23 &&
    (clock[1] as number) <= 59 &&
    (clock[2] as number) <= 59
  return isSame ? wall : undefined
}

/** Reads dates by these formats. Throws `InvalidDefinition` for a format or a zone that cannot be. */
export const dateReader = ({ format, zone = 'UTC' }: CsvDates): DateReader => {
  const formats = (Array.isArray(format) ? (format as readonly unknown[]) : [format]).map(formatOf)
  if (formats.length === 0) throw invalidOption('csv', 'dates.format', 'is an empty list')
  let wallAt: (millis: number) => number
  try {
    wallAt = wallOf(zone)
  } catch {
    throw invalidOption('csv', 'dates.zone', 'is no time zone: Europe/Vienna, UTC …')
  }
  const one = (text: string, among: readonly Format[]): number => {
    const walls = new Set<number>()
    for (const { pattern } of among) {
      const groups = pattern.exec(text)?.groups
      const wall = groups === undefined ? undefined : wallTime(groups)
      if (wall !== undefined) walls.add(wall)
    }
    const [wall] = walls
    if (wall === undefined) throw new TypeError('is no date of dates.format')
    if (walls.size > 1) throw new TypeError('is another date in each dates.format')
    return wall
  }
  const days = formats.filter(({ hasClock }) => !hasClock)
  return {
    instant: (text) => {
      const instants = instantsOf(wallAt, one(text, formats))
      const [instant] = instants
      if (instant === undefined) throw new TypeError(`no clock in ${zone} ever showed it`)
      if (instants.length > 1) throw new TypeError(`a clock in ${zone} showed it twice`)
      return new Date(instant).toISOString()
    },
    day: (text) => new Date(one(text, days)).toISOString().slice(0, 10),
  }
}
