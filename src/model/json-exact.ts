// JSON read without loss: a number that JavaScript would round keeps its digits.
import { exactNumber, sameNumber } from './number.ts'

// JSON.rawJSON and the reviver's source text are in every Node that this package supports; TypeScript's
// library lags behind.
const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON: (text: string) => unknown
  isRawJSON: (value: unknown) => boolean
}
export { isRawJson, rawJson }

/** The digits of a number that a JavaScript number would change; undefined where it would not. */
export const digitsBeyond = (value: number, source: string): string | undefined =>
  Number.isFinite(value) && sameNumber(String(value), source) ? undefined : exactNumber(source)

// Shared by the ESM and the CJS build, which may meet in one process.
const digits = Symbol.for('dreampipe.digits')

/**
 * A JSON number that a JavaScript number would round (12345678901234567890, 1e400). `String` gives its
 * digits, `JSON.stringify` writes them as the number that they are, and a property that is Integer, Decimal,
 * Double or Json takes it; reckoning with it, or taking it apart as an object, throws a TypeError.
 */
export interface ExactNumber {
  readonly toString: () => string
  readonly toJSON: () => unknown
}

/** The digits of an ExactNumber, undefined for anything else. */
export const digitsOf = (value: object): string | undefined =>
  digits in value && typeof value[digits] === 'string' ? value[digits] : undefined

const refuse = (): never => {
  throw new TypeError('a number of more digits than JavaScript reckons with: String() gives them')
}

const exact = (text: string): ExactNumber => {
  const number = {
    [digits]: text,
    toString: () => text,
    toJSON: () => rawJson(text),
    [Symbol.toPrimitive]: (hint: string) => (hint === 'string' ? text : refuse()),
  }
  // Code that walks through records by their keys must not take it for an empty one.
  return new Proxy(number, { ownKeys: refuse })
}

const kept = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  if (typeof value !== 'number' || context?.source === undefined) return value
  const beyond = digitsBeyond(value, context.source)
  return beyond === undefined ? value : exact(beyond)
}

// Sixteen digits in a row (a point among them), or an exponent, where a number may stand in an object or a
// list: all others are exact. Within a string it may be found in vain, which costs time only.
const risky = /[:,[]\s*-?\d(?:[\d.]{15}|[\d.]*[eE])/
const isRisky = (text: string): boolean => {
  const first = text.charCodeAt(0)
  return (first !== 123 && first !== 91) || risky.test(text)
}

// What the engine says, without the piece of the text that it quotes.
const reasonOf = (thrown: unknown): string =>
  String((thrown as { readonly message?: unknown }).message).replace(
    /(?:, )?(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/,
    '',
  )

/**
 * What a JSON text holds, as JSON.parse reads it, but for numbers that it would round: they come as
 * `ExactNumber`. Throws a SyntaxError that quotes nothing of the text.
 */
export const exactJson = (text: string): unknown => {
  try {
    return isRisky(text) ? JSON.parse(text, kept) : JSON.parse(text)
  } catch (thrown) {
    const reason = reasonOf(thrown)
    throw new SyntaxError(reason === '' ? 'is no JSON' : `is no JSON: ${reason}`)
  }
}
