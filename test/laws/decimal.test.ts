// Laws of decimals: one canonical text for each value, compared with exact arithmetic.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalDecimal, decimalOfNumber, exactNumber, sameNumber } from '../../src/model/number.ts'
import { canonicalScalar } from '../../src/model/scalar.ts'
import { decimals, decimalText } from './wire-scalars.ts'

// An independent reading: the value as an integer over a power of ten.
const exactly = (text: string): readonly [bigint, number] => {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  return [BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`), fraction.length - Number(exponent)]
}
const sameValue = (a: string, b: string): boolean => {
  const [x, xScale] = exactly(a)
  const [z, zScale] = exactly(b)
  const scale = Math.max(xScale, zScale)
  return x * 10n ** BigInt(scale - xScale) === z * 10n ** BigInt(scale - zScale)
}
const texts = fc
  .tuple(
    fc.constantFrom('', '+', '-'),
    fc.stringMatching(/^\d{0,32}$/),
    fc.constantFrom('', '.'),
    fc.stringMatching(/^\d{0,12}$/),
    fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined }),
  )
  .map(
    ([sign, whole, point, fraction, exponent]) =>
      `${sign}${whole}${point}${point === '' ? '' : fraction}${exponent === undefined ? '' : `e${exponent}`}`,
  )
  .filter((text) => /\d/.test(text.replace(/e.*$/, '')))

test(
  'decimals: the canonical text is the exact value, in canonical digits, or the value does not ' + 'fit',
  () => {
    fc.assert(
      fc.property(texts, (text) => {
        const canonical = canonicalDecimal(text)
        const [value, scale] = exactly(text)
        const size = value < 0n ? -value : value
        // Fits: a multiple of 10^-9 below 10^29.
        const nine = scale <= 9 ? size * 10n ** BigInt(9 - scale) : size / 10n ** BigInt(scale - 9)
        const fits = nine < 10n ** 38n && (scale <= 9 || size % 10n ** BigInt(scale - 9) === 0n)
        expect(canonical !== undefined).toBe(fits)
        if (canonical === undefined) return
        expect(canonical).toMatch(/^(0|-?[1-9]\d{0,28}|-?(0|[1-9]\d{0,28})\.\d{0,8}[1-9])$/)
        expect(sameValue(canonical, text)).toBe(true)
        expect(canonicalDecimal(canonical)).toBe(canonical)
      }),
      { numRuns: 2_000 },
    )
  },
)

test('decimals: 29 digits before the point and 9 after, to both ends, and not one digit more', () => {
  fc.assert(
    fc.property(decimals, ({ unscaled, scale }) => {
      expect(canonicalDecimal(decimalText(unscaled, scale))).toBe(decimalText(unscaled, scale))
      expect(canonicalDecimal(`${unscaled}e-${scale}`)).toBe(decimalText(unscaled, scale))
    }),
    { numRuns: 500 },
  )
  const [whole, fraction] = ['9'.repeat(29), '9'.repeat(9)]
  for (const sign of ['', '-']) {
    expect(canonicalDecimal(`${sign}${whole}.${fraction}`)).toBe(`${sign}${whole}.${fraction}`)
    for (const beyond of [
      `${whole}9`,
      `${whole}.${fraction}9`,
      `1${'0'.repeat(29)}`,
      '0.0000000001',
      '1e29',
      '1e-10',
      '1e999999999999',
      '1e-999999999999',
      `1e${'9'.repeat(400)}`,
    ])
      expect([beyond, canonicalDecimal(`${sign}${beyond}`)]).toEqual([beyond, undefined])
  }
  for (const zero of ['0', '-0', '+0.000', '.0', '0e999999999', '-0e-999999999', '0'.repeat(100)])
    expect([zero, canonicalDecimal(zero)]).toEqual([zero, '0'])
  expect(canonicalDecimal(`1.5e${'0'.repeat(30)}1`)).toBe('15')
  for (const none of [
    '',
    '.',
    '+',
    '-',
    'e1',
    '.e1',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    ' 1',
    '1 ',
    '1,5',
    '1.2.3',
    '0x1',
    '1_0',
    '1/2',
  ])
    expect([none, canonicalDecimal(none)]).toEqual([none, undefined])
})

test('decimals: a JSON number counts by its shortest text, up to 15 significant digits', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
      fc.integer({ min: 0, max: 9 }),
      (n, scale) => {
        const x = Number(`${n}e-${scale}`)
        expect(decimalOfNumber(x)).toBe(decimalText(BigInt(n), scale))
        expect(canonicalScalar('Decimal', x)).toBe(decimalText(BigInt(n), scale))
      },
    ),
    { numRuns: 1_000 },
  )
  for (const x of [0.1 + 0.2, 1 / 3, 1234567890123456, 1e29, 1e-10, NaN, Infinity, -Infinity])
    expect([x, decimalOfNumber(x)]).toEqual([x, undefined])
  expect([decimalOfNumber(1e28), decimalOfNumber(-0), decimalOfNumber(1e-9)]).toEqual([
    `1${'0'.repeat(28)}`,
    '0',
    '0.000000001',
  ])
})

test('sameNumber is equality of exact values', () => {
  fc.assert(
    fc.property(texts, texts, fc.nat(3), (a, b, zeros) => {
      expect(sameNumber(a, b)).toBe(sameValue(a, b))
      const [value, scale] = exactly(a)
      expect(sameNumber(a, `${value}${'0'.repeat(zeros)}e${-scale - zeros}`)).toBe(true)
      expect(sameNumber(a, `${value}${'0'.repeat(zeros)}1e${-scale - zeros - 1}`)).toBe(false)
    }),
    { numRuns: 1_000 },
  )
  expect([sameNumber('1', 'x'), sameNumber('x', 'x'), sameNumber('', '')]).toEqual([false, false, false])
  expect([
    sameNumber('0', '-0.0'),
    sameNumber('1', '-1'),
    sameNumber('1e400', '10e399'),
    sameNumber('1e400', '1e401'),
  ]).toEqual([true, false, true, false])
})

test('exactNumber is one text for each value, and loses nothing', () => {
  fc.assert(
    fc.property(texts, fc.nat(3), fc.integer({ min: -500, max: 500 }), (a, zeros, shift) => {
      const [value, scale] = exactly(a)
      const text = `${value}e${shift - scale}`
      expect(sameNumber(exactNumber(text), text)).toBe(true)
      expect(exactNumber(`${value}${'0'.repeat(zeros)}E${shift - scale - zeros}`)).toBe(exactNumber(text))
      expect(Number(exactNumber(text))).toBe(value === 0n ? 0 : Number(text))
    }),
    { numRuns: 1_000 },
  )
  // As JavaScript writes numbers, where it can hold them.
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      expect(exactNumber(String(x))).toBe(String(x === 0 ? 0 : x))
    }),
  )
})
