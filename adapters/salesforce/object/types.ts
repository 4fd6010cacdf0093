// Salesforce's types and ours: what each field may be read as, and how its value comes out of JSON or CSV.
import type { PropertyType } from 'dreampipe'

/** Why a value is not what its type says. */
export type Wrong = { readonly wrong: string }
export const isWrong = (value: unknown): value is Wrong =>
  typeof value === 'object' && value !== null && 'wrong' in value
/**
 * The value of a cell: JSON's, or CSV's text. Never called with null or an empty text, which are no value.
 */
export type Convert = (value: unknown) => unknown

const texts = [
  'id',
  'reference',
  'string',
  'textarea',
  'phone',
  'url',
  'email',
  'picklist',
  'combobox',
  'encryptedstring',
  'datacategorygroupreference',
  'masterrecord',
]

/**
 * What each Salesforce type may be read as; the first is what it becomes by itself. A type of tomorrow is
 * read as text.
 */
const readable: { readonly [type: string]: readonly PropertyType[] } = {
  ...Object.fromEntries(texts.map((type) => [type, ['String']])),
  multipicklist: ['List', 'String'],
  boolean: ['Boolean'],
  int: ['Integer', 'Decimal', 'Double'],
  long: ['Integer', 'Decimal'],
  double: ['Decimal', 'Double', 'Integer'],
  currency: ['Decimal', 'Double', 'Integer'],
  percent: ['Decimal', 'Double', 'Integer'],
  date: ['Date', 'String'],
  datetime: ['DateTime', 'String'],
  time: ['Time', 'String'],
  address: ['EmbeddedObject'],
  location: ['EmbeddedObject'],
  base64: [],
  anyType: ['Json'],
  json: ['Json'],
  complexvalue: ['Json'],
}

// A Decimal holds nine digits after the point. Coordinates have fifteen, and are doubles at Salesforce too.
const fine: readonly PropertyType[] = ['Double', 'Decimal', 'String']

/** What a field may be declared as, the natural one first; none for files, which are not read. */
export const readableAs = ({
  type,
  scale = 0,
}: {
  readonly type: string
  readonly scale?: number | undefined
}): readonly PropertyType[] => (scale > 9 ? fine : (readable[type] ?? ['String']))

const wrong = (expected: string, value: unknown): Wrong => ({
  wrong:
    `${expected} expected, got ` +
    `${typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value}`,
})

const text: Convert = (value) =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : wrong('text', value)
const boolean: Convert = (value) =>
  typeof value === 'boolean'
    ? value
    : value === 'true'
      ? true
      : value === 'false'
        ? false
        : wrong('true or false', value)

// `9.5E8` in digits: exact, because the digits are only moved.
const plain = (scientific: string): string | undefined => {
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(scientific) ?? []
  if (whole === '' && fraction === '') return undefined
  const shift = Number(exponent)
  const digits = whole + fraction
  const point = whole.length + shift
  const padded = point <= 0 ? `${'0'.repeat(1 - point)}${digits}` : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const [left, right] = [padded.slice(0, at).replace(/^0+(?=\d)/, ''), padded.slice(at).replace(/0+$/, '')]
  const number = right === '' ? left : `${left}.${right}`
  return number === '0' || sign !== '-' ? number : `-${number}`
}

// A Decimal holds nine digits after the point, and formulas have more than their field says: rounded there,
// half away from zero.
const places = 9
const nine = (digits: string): string => {
  const point = digits.indexOf('.')
  if (point === -1 || digits.length - point - 1 <= places) return digits
  const kept = digits.slice(0, point + places + 1)
  if (digits.charCodeAt(point + places + 1) < 53) return trimmed(kept)
  const units = (BigInt(kept.replace(/[-.]/g, '')) + 1n).toString().padStart(places + 1, '0')
  return trimmed(`${digits.startsWith('-') ? '-' : ''}${units.slice(0, -places)}.${units.slice(-places)}`)
}
const trimmed = (digits: string): string => {
  const short = digits.replace(/\.?0+$/, '')
  return short === '-0' ? '0' : short
}

const thousand = Array.from({ length: 1000 }, (_, n) => String(n))
const padded = thousand.map((text) => text.padStart(3, '0'))
const fractions = padded.map((text, n) => (n === 0 ? '' : `.${text.replace(/0+$/, '')}`))
const simple = /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/
const exact: Convert = (value) => {
  if (typeof value !== 'string' && typeof value !== 'number') return wrong('a number', value)
  const given = String(value)
  // JavaScript writes these plainly.
  if (typeof value === 'number' && (value >= 1e-6 || value <= -1e-6) && value < 1e21 && value > -1e21)
    return given
  return simple.test(given) && given !== '-0' ? given : (plain(given) ?? wrong('a number', value))
}
/**
 * A number with at most three digits after the point, and exactly these. Most are such, and below a million:
 * put together from ready texts,
 * in whole numbers of 32 bits, it takes a third of the time that JavaScript takes to write it.
 */
export const moneyOf = (value: number): string | undefined => {
  if (value < 1e6) {
    const thousandths = (value * 1000 + 0.5) | 0
    if (thousandths < 0 || thousandths / 1000 !== value) return undefined
    const whole = (thousandths / 1000) | 0
    const fraction = fractions[thousandths - whole * 1000] as string
    if (whole < 1000) return `${thousand[whole] as string}${fraction}`
    const high = (whole / 1000) | 0
    return `${thousand[high] as string}${padded[whole - high * 1000] as string}${fraction}`
  }
  const thousandths = Math.round(value * 1000)
  return thousandths < 1e12 && thousandths / 1000 === value
    ? `${Math.trunc(thousandths / 1000)}${fractions[thousandths % 1000] as string}`
    : undefined
}
const decimal: Convert = (value) => {
  const money = typeof value === 'number' ? moneyOf(value) : undefined
  if (money !== undefined) return money
  const digits = exact(value)
  return typeof digits === 'string' ? nine(digits) : digits
}

const double: Convert = (value) => {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  return Number.isFinite(number) ? number : wrong('a number', value)
}

// Integers come as 39000, as 0.0 and as 3.9E4; what no number holds exactly stays a bigint.
const integer: Convert = (value) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  const digits = exact(value)
  if (typeof digits !== 'string' || digits.includes('.')) return wrong('a whole number', value)
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/
// REST says +0000, Bulk says Z; both come out as our canonical instant.
const codesOf = (text: string): readonly number[] => [...text].map((character) => character.charCodeAt(0))
const [tailOfJson, tailOfCsv] = [codesOf('.000+0000'), codesOf('.000Z')]
/** Instants as Salesforce writes all of them. (Character by character: half the time of `endsWith`.) */
export const instantOf = (value: string): string | undefined => {
  const tail = value.length === 28 ? tailOfJson : value.length === 24 ? tailOfCsv : undefined
  if (tail === undefined || value.charCodeAt(10) !== 84) return undefined
  for (let i = 0; i < tail.length; i++) if (value.charCodeAt(19 + i) !== tail[i]) return undefined
  return `${value.slice(0, 19)}.000000Z`
}
const dateTime: Convert = (value) => {
  if (typeof value !== 'string') return wrong('an instant', value)
  const instant = instantOf(value)
  if (instant !== undefined) return instant
  if (!instantForm.test(value)) return wrong('an instant', value)
  const millis = Date.parse(value)
  return Number.isNaN(millis)
    ? wrong('an instant', value)
    : `${new Date(millis).toISOString().slice(0, 23)}000Z`
}

const date: Convert = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : wrong('a date', value)
// `10:15:00.000Z`: a time of day, whose Z says nothing.
const time: Convert = (value) =>
  typeof value === 'string' && /^\d\d:\d\d/.test(value)
    ? value
        .replace(/Z$/, '')
        .replace(/\.0*$/, '')
        .replace(/(\.\d*?)0+$/, '$1')
    : wrong('a time of day', value)
const list: Convert = (value) =>
  typeof value === 'string' ? value.split(';') : wrong('values joined by ;', value)
const json: Convert = (value) => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

const converters: { readonly [T in PropertyType]?: Convert } = {
  String: text,
  Boolean: boolean,
  Integer: integer,
  Decimal: decimal,
  Double: double,
  DateTime: dateTime,
  Date: date,
  Time: time,
  List: list,
  Json: json,
}

/** Which quick reading a conversion begins with: `instantOf` or `moneyOf`. */
export const quickOf = (convert: Convert): 'instant' | 'money' | undefined =>
  convert === dateTime ? 'instant' : convert === decimal ? 'money' : undefined

/**
 * Reads a field of a Salesforce type as one of ours. An `anyType` is taken as it comes: its text may look
 * like JSON without being any.
 */
export const converterOf = (type: string, as: PropertyType): Convert =>
  type === 'anyType' ? (value) => value : (converters[as] ?? text)
