// Scalars in pairs: the canonical text worked out here, apart from the decoder, and another notation of the
// same value.
import fc from 'fast-check'
import type { EntityPropertyValue, ScalarType } from '../../src/model/yadto.ts'
import { jsonTrees, reversed, sorted } from './wire-json.ts'

/** One value twice: as it is stored, and as a producer might send it. */
export interface Pair<C = EntityPropertyValue> {
  readonly canonical: C
  readonly sent: unknown
}
type Text = Pair<string>

const two = (n: number): string => String(n).padStart(2, '0')

const strings: fc.Arbitrary<Text> = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => ({ canonical: text, sent: text }))

const booleans: fc.Arbitrary<Text> = fc
  .tuple(fc.boolean(), fc.boolean())
  .map(([value, asText]) => ({ canonical: String(value), sent: asText ? String(value) : value }))

export const int64s: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -20n, max: 20n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
)

const integers: fc.Arbitrary<Text> = fc
  .tuple(int64s, fc.nat(3), fc.constantFrom('text', 'plus', 'number', 'minus zero'))
  .map(([n, zeros, how]) => {
    const digits = '0'.repeat(zeros) + String(n < 0n ? -n : n)
    const safe = n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER)
    const sent =
      how === 'number' && safe
        ? Number(n)
        : how === 'minus zero' && n === 0n
          ? `-${digits}`
          : `${n < 0n ? '-' : how === 'plus' ? '+' : ''}${digits}`
    return { canonical: String(n), sent }
  })

const doubles: fc.Arbitrary<Text> = fc
  .tuple(fc.double(), fc.constantFrom('number', 'text', 'exponent', 'zeros'))
  .map(([x, how]) => {
    const canonical = String(x === 0 ? 0 : x)
    if (!Number.isFinite(x)) return { canonical, sent: canonical }
    const text = Object.is(x, -0) ? '-0' : String(x)
    const padded = `${x < 0 ? '-' : '+'}00${text.replace('-', '')}`
    return {
      canonical,
      sent:
        how === 'number'
          ? x
          : how === 'text'
            ? text
            : how === 'exponent'
              ? x.toExponential().replace('e', 'E')
              : x < 0 || text.includes('e-')
                ? text
                : padded,
    }
  })

/** Decimals as an integer of `scale` digits behind the point: exact arithmetic to compare with. */
export const decimals: fc.Arbitrary<{ readonly unscaled: bigint; readonly scale: number }> = fc
  .integer({ min: 0, max: 9 })
  .chain((scale) =>
    fc
      .bigInt({ min: -(10n ** BigInt(29 + scale)) + 1n, max: 10n ** BigInt(29 + scale) - 1n })
      .map((unscaled) => ({ unscaled, scale })),
  )

/** The plain text of a decimal, by exact arithmetic. */
export const decimalText = (unscaled: bigint, scale: number): string => {
  const power = 10n ** BigInt(scale)
  const size = unscaled < 0n ? -unscaled : unscaled
  const fraction = (size % power).toString().padStart(scale, '0').replace(/0+$/, '')
  return `${unscaled < 0n ? '-' : ''}${size / power}${scale === 0 || fraction === '' ? '' : `.${fraction}`}`
}

const decimalPairs: fc.Arbitrary<Text> = fc
  .tuple(decimals, fc.nat(4), fc.constantFrom('padded', 'exponent', 'shifted', 'number'))
  .map(([{ unscaled, scale }, zeros, how]) => {
    const canonical = decimalText(unscaled, scale)
    const sign = unscaled < 0n ? '-' : '+'
    const size = String(unscaled < 0n ? -unscaled : unscaled)
    if (how === 'number' && canonical.replace(/[-.]/g, '').replace(/^0+|0+$/g, '').length <= 15)
      return { canonical, sent: Number(canonical) }
    if (how === 'exponent') return { canonical, sent: `${sign}${size}E-${scale}` }
    if (how === 'shifted')
      return { canonical, sent: `${sign}0.${size}e+${size.length - scale}`.replace('e+-', 'e-') }
    const padding = '0'.repeat(zeros)
    const point = canonical.includes('.') ? '' : '.'
    return { canonical, sent: `${sign}${padding}${canonical.replace('-', '')}${point}${padding}` }
  })

const microseconds = fc.integer({ min: 0, max: 999 }).map((n) => String(n).padStart(3, '0'))
const within = { min: Date.parse('0001-01-02T00:00:00Z'), max: Date.parse('9999-12-30T23:59:59Z') }
const offsets = fc.constantFrom(0, 0, 60, -330, 345, 14 * 60, -23 * 60 - 59, 23 * 60 + 59)

const dateTimes: fc.Arbitrary<Text> = fc
  .tuple(fc.integer(within), microseconds, offsets, fc.constantFrom('Z', '+', '+:', 'short'))
  .map(([ms, micros, offset, how]) => {
    const canonical = `${new Date(ms).toISOString().slice(0, 23)}${micros}Z`
    const local = new Date(ms + offset * 60_000).toISOString().slice(0, 23)
    const fraction = `${local.slice(20)}${micros}`.replace(/0+$/, '')
    const head = `${local.slice(0, 19)}${fraction === '' ? '' : `.${fraction}${how === '+' ? '00000' : ''}`}`
    if (offset === 0 && how === 'Z') return { canonical, sent: `${head}Z` }
    const [hours, minutes] = [two(Math.floor(Math.abs(offset) / 60)), two(Math.abs(offset) % 60)]
    const zone =
      how === 'short' && minutes === '00'
        ? hours
        : how === '+:'
          ? `${hours}:${minutes}`
          : `${hours}${minutes}`
    return { canonical, sent: `${head}${offset < 0 ? '-' : '+'}${zone}` }
  })

const dates: fc.Arbitrary<Text> = fc
  .integer(within)
  .map((ms) => new Date(ms).toISOString().slice(0, 10))
  .map((text) => ({ canonical: text, sent: text }))

const times: fc.Arbitrary<Text> = fc
  .tuple(fc.integer({ min: 0, max: 86_399 }), fc.integer({ min: 0, max: 999_999 }), fc.nat(3))
  .map(([s, micros, zeros]) => {
    const head = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    const digits = String(micros).padStart(6, '0').replace(/0+$/, '')
    if (micros === 0 && s % 60 === 0 && zeros === 0) return { canonical: head, sent: head.slice(0, 5) }
    return {
      canonical: digits === '' ? head : `${head}.${digits}`,
      sent: `${head}${digits === '' && zeros === 0 ? '' : `.${digits}${'0'.repeat(zeros)}`}`,
    }
  })

const bytes: fc.Arbitrary<Text> = fc
  .tuple(fc.uint8Array({ maxLength: 12 }), fc.boolean())
  .map(([value, padded]) => {
    const canonical = Buffer.from(value).toString('base64')
    return { canonical, sent: padded ? canonical : canonical.replace(/=+$/, '') }
  })

const jsons: fc.Arbitrary<Text> = fc
  .tuple(jsonTrees, fc.constantFrom<string | number>('', 2, '\t'))
  .map(([value, space]) => ({
    canonical: JSON.stringify(sorted(value)),
    sent: JSON.stringify(reversed(value), undefined, space),
  }))

/** Pairs of texts by scalar type. */
export const scalarPairs: { readonly [T in ScalarType]: fc.Arbitrary<Text> } = {
  String: strings,
  Boolean: booleans,
  Integer: integers,
  Double: doubles,
  Decimal: decimalPairs,
  DateTime: dateTimes,
  Date: dates,
  Time: times,
  Bytes: bytes,
  Json: jsons,
}
export const scalarTypes = Object.keys(scalarPairs) as readonly ScalarType[]
