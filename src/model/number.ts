// Integer, Double and Decimal texts: read exactly or not at all, written in one canonical form.
import { limits } from './limits.ts'

const INT64_MAX = '9223372036854775807'
const INT64_MIN = '9223372036854775808'

/** Canonical Integer: int64 decimal digits without leading zeros. */
export const canonicalInteger = (text: string): string | undefined => {
  let at = 0
  const negative = text.charCodeAt(0) === 45
  if (negative || text.charCodeAt(0) === 43) at = 1
  if (at === text.length) return undefined
  for (let i = at; i < text.length; i++)
    if (text.charCodeAt(i) < 48 || text.charCodeAt(i) > 57) return undefined
  while (at < text.length - 1 && text.charCodeAt(at) === 48) at++
  const plain = at === 0 ? text : text.slice(at)
  if (plain.length > 19 || (plain.length === 19 && plain > (negative ? INT64_MIN : INT64_MAX)))
    return undefined
  return negative && plain !== '0' ? `-${plain}` : plain
}

// No two parts of these patterns can take the same digits: a long text that is no number costs one pass, not
// its square.
const numeric = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** Canonical Double: JavaScript's shortest text; -0 is 0; a finite text that overflows is none. */
export const canonicalDouble = (text: string): string | undefined => {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return text
  if (!numeric.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? String(value === 0 ? 0 : value) : undefined
}

// 0.`digits` × 10^`point`, without leading and trailing zeros; zero has no digits.
interface Parts {
  readonly negative: boolean
  readonly digits: string
  readonly point: number
}

// Undefined where the text is no number, or its exponent is beyond what can be counted.
const partsOf = (text: string): Parts | undefined => {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return undefined
  const whole = match[2] ?? ''
  const all = whole + (match[3] ?? '')
  if (all === '') return undefined
  let from = 0
  let to = all.length
  while (from < to && all.charCodeAt(from) === 48) from++
  while (to > from && all.charCodeAt(to - 1) === 48) to--
  if (from === to) return { negative: false, digits: '', point: 0 }
  const point = whole.length - from + Number(match[4] ?? 0)
  return Number.isSafeInteger(point)
    ? { negative: match[1] === '-', digits: all.slice(from, to), point }
    : undefined
}

const plain = ({ negative, digits, point }: Parts): string => {
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const fraction = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Canonical Decimal: plain digits without leading or trailing zeros, 29 before the point and 9 after it; more
 * is none.
 */
export const canonicalDecimal = (text: string): string | undefined => {
  const parts = partsOf(text)
  if (parts === undefined) return undefined
  const { digits, point } = parts
  return point > limits.decimalIntegerDigits || digits.length - point > limits.decimalFractionDigits
    ? undefined
    : plain(parts)
}

/** Significant digits of a number's shortest text; a double carries 15 for certain. */
const significantDigits = (value: number): number =>
  String(Math.abs(value)).replace(/e.*$/, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '').length

/**
 * The Decimal of a JavaScript number, only where its shortest text has at most 15 significant digits: beyond,
 * the number is not what was meant.
 */
export const decimalOfNumber = (value: number): string | undefined =>
  Number.isFinite(value) && significantDigits(value) <= 15 ? canonicalDecimal(String(value)) : undefined

/** Whether two decimal texts name the same number exactly, compared by digits and never by rounding. */
export const sameNumber = (a: string, b: string): boolean => {
  const x = partsOf(a)
  const y = partsOf(b)
  return (
    x !== undefined &&
    y !== undefined &&
    x.negative === y.negative &&
    x.digits === y.digits &&
    x.point === y.point
  )
}

/**
 * One text per number, every digit kept: plain where that needs no padding (as JavaScript writes numbers),
 * else with an exponent.
 */
export const exactNumber = (text: string): string => {
  const parts = partsOf(text)
  if (parts === undefined) return text
  const { negative, digits, point } = parts
  if (point > -6 && point <= Math.max(21, digits.length)) return plain(parts)
  const exponent = point - 1
  return (
    `${negative ? '-' : ''}${digits.slice(0, 1)}${digits.length === 1 ? '' : `.${digits.slice(1)}`}e` +
    `${exponent < 0 ? '' : '+'}${exponent}`
  )
}
