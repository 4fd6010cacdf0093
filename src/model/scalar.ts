// Scalars: one canonical text per value and type, from wire text or from a JSON number or boolean where that
// is exact.
import { canonicalDate, canonicalInstant, canonicalTime } from './instant.ts'
import { digitsOf } from './json-exact.ts'
import { canonicalJson } from './json.ts'
import { canonicalDecimal, canonicalDouble, canonicalInteger, decimalOfNumber } from './number.ts'
import type { ProblemCode } from './problem.ts'
import type { ScalarType } from './yadto.ts'

/** A canonical text, or what is wrong with the value. */
export type Scalar = string | { readonly code: ProblemCode; readonly message: string }

/** What each type expects, in words for a message. */
const expected: { readonly [T in ScalarType]: string } = {
  String: 'text of well-formed Unicode',
  Boolean: 'true or false',
  Integer: 'decimal digits within int64 (a JSON number: within 2^53; send text or a bigint beyond)',
  Double: 'a number that a double holds, NaN, Infinity or -Infinity',
  Decimal:
    'a decimal number of up to 29 digits before the point and 9 after (a JSON number: up to 15 ' +
    'significant digits; send text beyond)',
  DateTime: 'an ISO 8601 instant with an offset, years 0001 to 9999, to microseconds (2024-01-02T03:04:05Z)',
  Date: 'an ISO 8601 date of the years 0001 to 9999 (2024-01-02)',
  Time: 'an ISO 8601 time of day, to microseconds (03:04:05)',
  Bytes: 'base64',
  Json: 'JSON text',
}

// A valid one is read before it could be wrong.
const isDate = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object Date]'

/** A value as a short text for a message: never long, never its whole content. */
const shown = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'object' || typeof value === 'function'
        ? isDate(value)
          ? 'an invalid Date'
          : typeof value
        : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The problem of a value that is not of its type. */
export const notA = (type: ScalarType, value: unknown): Scalar => ({
  code: 'WrongType',
  message: `${type} expects ${expected[type]}, got ${shown(value)}`,
})

const canonicalBase64 = (text: string): string | undefined => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bare = text.replace(/=+$/, '')
  return bare.length % 4 === 1 ? undefined : Buffer.from(bare, 'base64').toString('base64')
}

const ofText = (type: ScalarType, text: string): Scalar | undefined => {
  switch (type) {
    case 'String':
      return text.isWellFormed() ? text : undefined
    case 'Boolean':
      return text === 'true' || text === 'false' ? text : undefined
    case 'Integer':
      return canonicalInteger(text)
    case 'Double':
      return canonicalDouble(text)
    case 'Decimal':
      return canonicalDecimal(text)
    case 'DateTime':
      return canonicalInstant(text)
    case 'Date':
      return canonicalDate(text)
    case 'Time':
      return canonicalTime(text)
    case 'Bytes':
      return canonicalBase64(text)
    case 'Json': {
      const json = canonicalJson(text)
      return 'text' in json
        ? json.text
        : json.wrong === 'TooDeep'
          ? { code: 'TooDeep', message: 'Json is nested deeper than 64 levels' }
          : undefined
    }
  }
}

// A number that JSON held with more digits than JavaScript's has them all.
const ofExact = (type: ScalarType, value: object): Scalar | undefined => {
  const digits = type === 'Integer' || type === 'Decimal' || type === 'Double' ? digitsOf(value) : undefined
  return digits === undefined ? undefined : ofText(type, digits)
}

/** The canonical text of a wire value: text, or a JSON number or boolean that is exact. */
export const canonicalScalar = (type: ScalarType, value: unknown): Scalar => {
  if (typeof value === 'string') return ofText(type, value) ?? notA(type, value)
  if (typeof value === 'boolean' && type === 'Boolean') return String(value)
  if (typeof value === 'object' && value !== null) return ofExact(type, value) ?? notA(type, value)
  if (typeof value !== 'number') return notA(type, value)
  if (type === 'Integer' && Number.isSafeInteger(value)) return String(value === 0 ? 0 : value)
  if (type === 'Double') return String(value === 0 ? 0 : value)
  return (type === 'Decimal' ? decimalOfNumber(value) : undefined) ?? notA(type, value)
}
