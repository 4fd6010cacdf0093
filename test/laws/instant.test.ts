// Laws of instants: any offset and notation names one text, and text order is time order.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalInstant, instantOf, instantOfDate, millisOf } from '../../src/model/instant.ts'

const first = Date.parse('0001-01-01T00:00:00.000Z')
const last = Date.parse('9999-12-31T23:59:59.999Z')
const instants = fc.oneof(
  fc.integer({ min: first, max: last }),
  fc.constantFrom(first, last, 0, -1, 1, Date.UTC(2024, 1, 29), Date.UTC(2000, 1, 29)),
)
const minutes = fc.oneof(fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }), fc.constantFrom(0, 60, -60))
const micros = fc.integer({ min: 0, max: 999 }).map((n) => String(n).padStart(3, '0'))
const two = (n: number): string => String(n).padStart(2, '0')
const zone = (offset: number, colon: string): string =>
  `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${colon}${two(Math.abs(offset) % 60)}`
// Date writes years beyond 0 to 9999 with a sign and six digits: then the local text is none of ours.
const local = (ms: number): string | undefined => {
  const text = new Date(ms).toISOString()
  return text.length === 24 && text >= '0001' ? text.slice(0, 23) : undefined
}

test('any offset and notation names the instant that Date says', () => {
  fc.assert(
    fc.property(
      instants,
      micros,
      minutes,
      fc.constantFrom('', ':'),
      fc.nat(5),
      (ms, micro, offset, colon, zeros) => {
        const shifted = local(ms + offset * 60_000)
        if (shifted === undefined) return
        expect(canonicalInstant(`${shifted}${micro}${'0'.repeat(zeros)}${zone(offset, colon)}`)).toBe(
          `${new Date(ms).toISOString().slice(0, 23)}${micro}Z`,
        )
      },
    ),
    { numRuns: 3_000 },
  )
})

test('what an offset moves out of the years 0001 to 9999 is refused, and nothing else is', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(first, last),
      fc.integer({ min: 0, max: 1_500 }),
      minutes,
      (end, distance, offset) => {
        const shown = new Date(end + (end === first ? 1 : -1) * distance * 60_000)
        const utc = shown.getTime() - offset * 60_000
        const text = `${shown.toISOString().slice(0, 23)}${zone(offset, ':')}`
        expect(canonicalInstant(text)).toBe(
          utc < first || utc > last ? undefined : `${new Date(utc).toISOString().slice(0, 23)}000Z`,
        )
      },
    ),
    { numRuns: 1_000 },
  )
  expect(canonicalInstant('0001-01-01T00:00:00+00:01')).toBeUndefined()
  expect(canonicalInstant('9999-12-31T23:59:59.999999-00:01')).toBeUndefined()
  expect(canonicalInstant('0001-01-01T00:00:00Z')).toBe('0001-01-01T00:00:00.000000Z')
  expect(canonicalInstant('9999-12-31T23:59:59.999999Z')).toBe('9999-12-31T23:59:59.999999Z')
})

test('every spelling of UTC is the same, and canonical texts are their own canonical text', () => {
  fc.assert(
    fc.property(instants, micros, (ms, micro) => {
      const canonical = `${new Date(ms).toISOString().slice(0, 23)}${micro}Z`
      const head = canonical.slice(0, -1)
      for (const end of ['Z', '+00', '+0000', '+00:00', '-00', '-0000', '-00:00'])
        expect(canonicalInstant(`${head}${end}`)).toBe(canonical)
      expect(canonical).toHaveLength(27)
    }),
  )
})

test('text order is time order', () => {
  const moments = fc.tuple(instants, micros, minutes)
  fc.assert(
    fc.property(moments, moments, fc.boolean(), (a, [ms, micro, offset], near) => {
      const read = ([at, fraction, shift]: readonly [number, string, number]):
        readonly [bigint, string] | undefined => {
        const shifted = local(at + shift * 60_000)
        const text =
          shifted === undefined ? undefined : canonicalInstant(`${shifted}${fraction}${zone(shift, '')}`)
        return text === undefined ? undefined : [BigInt(at) * 1_000n + BigInt(fraction), text]
      }
      const x = read(a)
      const y = read([near ? a[0] : ms, micro, offset])
      if (x === undefined || y === undefined) return
      expect(x[1] < y[1]).toBe(x[0] < y[0])
      expect(x[1] === y[1]).toBe(x[0] === y[0])
    }),
    { numRuns: 2_000 },
  )
})

test('fractions: to the microsecond; a digit beyond must be zero', () => {
  const read = (fraction: string) => canonicalInstant(`2024-01-02T03:04:05${fraction}Z`)?.slice(19)
  for (const [fraction, expected] of [
    ['', '.000000Z'],
    ['.1', '.100000Z'],
    ['.12', '.120000Z'],
    ['.123456', '.123456Z'],
    ['.1234560', '.123456Z'],
    ['.123456000000000', '.123456Z'],
    ['.000001', '.000001Z'],
  ])
    expect(read(fraction as string)).toBe(expected)
  for (const fraction of ['.', '.1234567', '.0000001', '.12345600001', ',5', '.1.2', '. 1', '.-1', '.1e1'])
    expect([fraction, read(fraction)]).toEqual([fraction, undefined])
  expect(canonicalInstant('2024-01-02T03:04Z')).toBe('2024-01-02T03:04:00.000000Z')
})

test('an offset is required, and other shapes are none', () => {
  for (const text of [
    '',
    '2024-01-02',
    '2024-01-02T03:04:05',
    '2024-01-02 03:04:05Z',
    '2024-01-02t03:04:05z',
    '2024-01-02T03:04:05 Z',
    '2024-01-02T03:04:05UTC',
    '2024-01-02T03:04:05+1',
    '2024-01-02T03:04:05+100',
    '2024-01-02T03:04:05+24:00',
    '2024-01-02T03:04:05+00:60',
    '2024-01-02T03:04:05+0:00',
    '2024-01-02T03:04:05+00:00:00',
    '2024-01-02T24:00:00Z',
    '2024-01-02T23:59:60Z',
    '2024-01-02TZ',
    '2024-W01-1T00:00Z',
    '2024-002T00:00Z',
    '-0001-01-01T00:00:00Z',
    '+12024-01-01T00:00:00Z',
    '2024-01-02T03:04:05ZZ',
    ' 2024-01-02T03:04:05Z',
    '2024-01-02T03:04:05Z\n',
    '1704164645',
    '2024-01-02T03:04:05−01:00',
  ]) {
    expect([text, canonicalInstant(text)]).toEqual([text, undefined])
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(canonicalInstant(text)).toBeUndefined()
    }),
  )
})

test('Dates: read to the millisecond, refused outside the years and where they hold no time', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: false }), (date) => {
      const ms = date.getTime()
      const expected = ms >= first && ms <= last ? `${date.toISOString().slice(0, 23)}000Z` : undefined
      expect(instantOfDate(date)).toBe(expected)
      expect(instantOf(date)).toBe(expected)
      if (expected !== undefined)
        expect([canonicalInstant(expected), millisOf(expected), instantOf(expected)]).toEqual([
          expected,
          ms,
          expected,
        ])
    }),
    { numRuns: 1_000 },
  )
  expect([
    instantOfDate(new Date(NaN)),
    instantOfDate(new Date(first - 1)),
    instantOfDate(new Date(last + 1)),
  ]).toEqual([undefined, undefined, undefined])
})
