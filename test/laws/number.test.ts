// Laws of integers and doubles: read exactly or not at all, one canonical text for each.
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { canonicalDouble, canonicalInteger } from '../../src/model/number.ts'
import { canonicalScalar } from '../../src/model/scalar.ts'
import { int64s } from './wire-scalars.ts'

const max = 2n ** 63n - 1n
const min = -(2n ** 63n)

test('integers: int64 to both ends, and not one beyond', () => {
  for (const n of [min, min + 1n, -1n, 0n, 1n, max - 1n, max])
    expect(canonicalInteger(String(n))).toBe(String(n))
  for (const n of [min - 1n, max + 1n, min * 10n, max * 10n, 10n ** 19n, 10n ** 30n])
    expect(canonicalInteger(String(n))).toBeUndefined()
  expect(canonicalInteger(`+${max}`)).toBe(String(max))
  expect(canonicalInteger(`-000${-min}`)).toBe(String(min))
  expect(canonicalInteger(`+${max + 1n}`)).toBeUndefined()
})

test('integers: any notation of an int64 is its one text; anything beyond is none', () => {
  fc.assert(
    fc.property(
      fc.oneof(int64s, fc.bigInt({ min: min * 4n, max: max * 4n })),
      fc.nat(30),
      fc.boolean(),
      (n, zeros, plus) => {
        const text = `${n < 0n ? '-' : plus ? '+' : ''}${'0'.repeat(zeros)}${n < 0n ? -n : n}`
        expect(canonicalInteger(text)).toBe(n >= min && n <= max ? String(n) : undefined)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('integers: what is no integer is none', () => {
  for (const text of [
    '',
    '+',
    '-',
    '--1',
    '+-1',
    '1.0',
    '1.',
    '1e3',
    ' 1',
    '1 ',
    '1_000',
    '1,000',
    '0x10',
    '١',
    'NaN',
    'Infinity',
    '1n',
  ])
    expect([text, canonicalInteger(text)]).toEqual([text, undefined])
  for (const text of ['-0', '+0', '000', '-000']) expect(canonicalInteger(text)).toBe('0')
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (!/^[+-]?\d+$/.test(text)) expect(canonicalInteger(text)).toBeUndefined()
    }),
  )
})

test('integers: JSON numbers are taken where they are exact', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.double()), (x) => {
      expect(canonicalScalar('Integer', x)).toEqual(
        Number.isSafeInteger(x) ? String(BigInt(x)) : expect.objectContaining({ code: 'WrongType' }),
      )
    }),
  )
  expect(canonicalScalar('Integer', 2 ** 53)).toMatchObject({ code: 'WrongType' })
  expect(canonicalScalar('Integer', 5n)).toMatchObject({ code: 'WrongType' })
})

test('doubles: every double comes back from its text, bit by bit but for the sign of zero', () => {
  fc.assert(
    fc.property(fc.double(), (x) => {
      const text = canonicalDouble(String(x))
      expect(Object.is(Number(text), x === 0 ? 0 : x)).toBe(true)
      expect(canonicalDouble(text as string)).toBe(text)
      expect(canonicalScalar('Double', x)).toBe(text)
      if (Number.isFinite(x)) {
        expect(canonicalDouble(x.toExponential())).toBe(text)
        const precise = x.toPrecision(21)
        const digits = precise.replace('-', '').replace(/e.*$/, '')
        const signed = `${x < 0 ? '-' : '+'}${digits}${/e.*$/.exec(precise)?.[0] ?? ''}`
        expect(canonicalDouble(signed)).toBe(text)
      }
    }),
    { numRuns: 2_000 },
  )
  for (const x of [
    5e-324,
    2 ** -1022,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** 53 + 2,
    0.1,
    1e21,
    1e-7,
    123456789.12345679,
  ])
    expect(Number(canonicalDouble(String(x)))).toBe(x)
})

test('doubles: overflow is refused, underflow is zero, and only three words are numbers', () => {
  for (const text of ['1e309', '-1e309', `1${'0'.repeat(400)}`, '1e99999999999999999999'])
    expect([text, canonicalDouble(text)]).toEqual([text, undefined])
  for (const text of ['-0', '-0.0', '+0', '.0', '0.', '1e-400', '-1e-99999999999'])
    expect([text, canonicalDouble(text)]).toEqual([text, '0'])
  for (const text of ['NaN', 'Infinity', '-Infinity']) expect(canonicalDouble(text)).toBe(text)
  for (const text of [
    '',
    '.',
    '+',
    'e5',
    '1e',
    '1e+',
    'nan',
    'inf',
    '+Infinity',
    '-NaN',
    ' 1',
    '1 ',
    '0x1',
    '1_0',
    '1,5',
    '1..2',
    '1.2.3',
  ])
    expect([text, canonicalDouble(text)]).toEqual([text, undefined])
})
