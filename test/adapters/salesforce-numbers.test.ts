// Numbers: no digit is lost, decimals are rounded alike, and what is read quickly is read exactly.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead, type Values } from 'dreampipe/adapters/salesforce/testing'
import { parsePage } from '../../adapters/salesforce/object/read.ts'
import { converterOf, instantOf, moneyOf } from '../../adapters/salesforce/object/types.ts'
import { open } from '../flow/kit.ts'
import { loginOf, server } from './salesforce-kit.ts'

test('law: no digit of a long number is lost, and no text is touched', () => {
  const digits = fc.stringMatching(/^-?[1-9]\d{0,17}(\.\d{1,9})?$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(digits, fc.string()), { minLength: 1 }), (fields) => {
      const pairs = fields.map(
        ([number, string], i) => `"n${i}":${number},"s${i}":${JSON.stringify(`${string}":${number},`)}`,
      )
      const text = `{${pairs.join(',')}}`
      const parsed = parsePage(text, true) as { [name: string]: unknown }
      for (const [i, [number, string]] of fields.entries()) {
        expect(parsed[`s${i}`]).toBe(`${string}":${number},`)
        expect([number, Number(number)]).toContain(parsed[`n${i}`])
        if (number.replace(/\D/g, '').length > 15) expect(parsed[`n${i}`]).toBe(number)
      }
    }),
  )
})

test('law: a decimal is the same from a number, from its text, and from scientific notation', () => {
  const decimal = converterOf('currency', 'Decimal')
  const trimmed = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 3 }), (n, scale) => {
      const value = n / 10 ** scale
      const expected = trimmed(value.toFixed(scale)).replace(/^-0$/, '0')
      expect([
        decimal(value),
        decimal(value.toFixed(scale)),
        decimal(value.toExponential()),
        decimal(value.toExponential().toUpperCase()),
      ]).toEqual(Array(4).fill(expected))
    }),
  )
  expect(
    ['123456789012345678.12', '9.5E8', '1.0E-7', '-0.0', '00.10', 'x', ''].map((text) => decimal(text)),
  ).toEqual([
    '123456789012345678.12',
    '950000000',
    '0.0000001',
    '0',
    '0.1',
    { wrong: 'a number expected, got "x"' },
    { wrong: 'a number expected, got ""' },
  ])
})

test('what is read quickly is read exactly: money as JavaScript writes it, or not at all', () => {
  const written = (value: number): string => (Object.is(value, -0) ? '0' : String(value))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (thousandths) => {
      expect(moneyOf(thousandths / 1000)).toBe(written(thousandths / 1000))
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (thousandths) => {
      expect(moneyOf(thousandths / 1000)).toBe(written(thousandths / 1000))
    }),
  )
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect([undefined, written(value)]).toContain(moneyOf(value))
    }),
  )
  expect(
    [
      0,
      -0,
      0.001,
      0.0004,
      0.1 + 0.2,
      999.999,
      1_000,
      1_999_999.999,
      2e6,
      2147483.648,
      -1,
      -4294967.296,
      1e9,
      NaN,
      Infinity,
    ].map(moneyOf),
  ).toEqual([
    '0',
    '0',
    '0.001',
    undefined,
    undefined,
    '999.999',
    '1000',
    '1999999.999',
    '2000000',
    '2147483.648',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(
    [
      '2024-01-02T03:04:05.000+0000',
      '2024-01-02T03:04:05.000Z',
      '2024-01-02T03:04:05.123Z',
      '2024-01-02 03:04:05.000Z',
      '',
    ].map(instantOf),
  ).toEqual(['2024-01-02T03:04:05.000000Z', '2024-01-02T03:04:05.000000Z', undefined, undefined, undefined])
})

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })

const odd: readonly Values[] = [
  // Formulas have more digits than their field says, and more than a Decimal holds.
  { Name: 'third', AnnualRevenue: '0.3333333333333333', Discount__c: '33.333333333333336' },
  { Name: 'tie', AnnualRevenue: '0.12345678949999999999', Discount__c: '-0.1234567894999999999' },
  { Name: 'long', AnnualRevenue: '1234567.123456789012345678', Discount__c: '-1234567890.1234567895' },
  { Name: 'tiny', AnnualRevenue: '1.0E-12', Discount__c: '-0.0000000001' },
  { Name: 'edge', AnnualRevenue: '999999.9999999999', Discount__c: '0.0000000005' },
]

test('decimals of more than nine digits are rounded, alike by REST and by Bulk', async () => {
  const sf = await server({ objects: [lead] })
  const { pipeline } = open([Anything])
  for (const values of odd) sf.insert('Lead', values)
  sf.clock.advance(60)
  const of = (via: 'rest' | 'bulk') =>
    salesforce({
      object: 'Lead',
      name: `by-${via}`,
      entity: Anything,
      login: loginOf(sf),
      reading: { via, poll: 5 },
    })
  expect(await pipeline.run(of('rest'))).toMatchObject({ stored: odd.length, rejected: 0 })
  expect(await pipeline.run(of('bulk'))).toMatchObject({ stored: 0, duplicate: odd.length })
  await pipeline.start()
  await pipeline.settled()
  const rows = new Map(
    (await pipeline.find(Anything)).items.map((item) => [
      item['Name'],
      [item['AnnualRevenue'], item['Discount__c']],
    ]),
  )
  expect(Object.fromEntries(rows)).toEqual({
    third: ['0.333333333', '33.333333333'],
    tie: ['0.123456789', '-0.123456789'],
    long: ['1234567.123456789', '-1234567890.12345679'],
    tiny: ['0', '0'],
    edge: ['1000000', '0.000000001'],
  })
})

test('numbers in scientific notation, large ones and tiny ones', async () => {
  const sf = await server({ objects: [lead] })
  const { pipeline } = open([Anything])
  for (const [Name, AnnualRevenue] of [
    ['large', '1.0E13'],
    ['larger', '-1.23456789E17'],
    ['digits', '1.2345678901234567E16'],
    ['tiny', '1.2345678901234E-7'],
    ['long', '0.3333333333333333'],
  ] as const)
    sf.insert('Lead', { Name, AnnualRevenue })
  sf.clock.advance(60)
  const of = (via: 'rest' | 'bulk') =>
    salesforce({
      object: 'Lead',
      name: `by-${via}`,
      entity: Anything,
      login: loginOf(sf),
      reading: { via, poll: 5 },
    })
  expect(await pipeline.run(of('rest'), { tries: 1 })).toMatchObject({ stored: 5, rejected: 0 })
  expect(await pipeline.run(of('bulk'), { tries: 1 })).toMatchObject({ stored: 0, duplicate: 5 })
  await pipeline.start()
  await pipeline.settled()
  expect(
    Object.fromEntries(
      (await pipeline.find(Anything)).items.map((item) => [item['Name'], item['AnnualRevenue']]),
    ),
  ).toEqual({
    large: '10000000000000',
    larger: '-123456789000000000',
    digits: '12345678901234567',
    tiny: '0.000000123',
    long: '0.333333333',
  })
})

test('law: a decimal is its text rounded to nine digits', () => {
  const decimal = converterOf('currency', 'Decimal')
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.integer({ min: 0, max: 18 }),
      (units, scale) => {
        const sign = units < 0n ? '-' : ''
        const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
        const decimals = scale === 0 ? '' : `.${digits.slice(-scale)}`
        const text = `${sign}${digits.slice(0, digits.length - scale)}${decimals}`
        const more = 10n ** BigInt(Math.max(0, scale - 9))
        const nanos =
          scale <= 9
            ? (units < 0n ? -units : units) * 10n ** BigInt(9 - scale)
            : ((units < 0n ? -units : units) * 2n + more) / (more * 2n)
        const got = decimal(text)
        expect(typeof got).toBe('string')
        const [, minus = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(got)) ?? []
        expect(BigInt(whole + fraction.padEnd(9, '0'))).toBe(nanos)
        expect(minus).toBe(nanos === 0n ? '' : sign)
        expect(fraction.endsWith('0')).toBe(false)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('an integer is not rounded: a number with a fraction is none', () => {
  expect(['1.0000000001', 1.5, '3.0'].map((value) => converterOf('double', 'Integer')(value))).toEqual([
    { wrong: expect.any(String) },
    { wrong: expect.any(String) },
    3,
  ])
})
