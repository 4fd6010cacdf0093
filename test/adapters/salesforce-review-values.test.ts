// Values that are the same by REST and by Bulk, and never more than what came.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead, type Values } from 'dreampipe/adapters/salesforce/testing'
import { converterOf } from '../../adapters/salesforce/object/types.ts'
import { open } from '../flow/kit.ts'
import { loginOf, server } from './salesforce-kit.ts'

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })
const Flat = entity('Flat', {
  properties: {
    id: y.string(),
    description: y.optional(y.string()),
    status: y.optional(y.string()),
    revenue: y.optional(y.decimal()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})

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

test('an empty text is none, alike by REST and by Bulk, with declared fields too', async () => {
  const sf = await server()
  const { pipeline } = open([Flat])
  sf.insert('Lead', { Name: 'x', Description: '', Status: 'Open' })
  sf.insert('Lead', { Name: 'y', Description: 'a ":"" b', Status: '' })
  sf.clock.advance(60)
  const of = (via: 'rest' | 'bulk') =>
    salesforce({
      object: 'Lead',
      name: `by-${via}`,
      entity: Flat,
      login: loginOf(sf),
      reading: { via, poll: 5 },
      fields: {
        Id: y.string(),
        Description: y.optional(y.string()),
        Status: y.optional(y.string()),
        SystemModstamp: y.dateTime(),
      },
      normalise: (record, to) =>
        to.update({
          id: record.Id,
          description: record.Description,
          status: record.Status,
          at: record.SystemModstamp,
        }),
    })
  expect(await pipeline.run(of('rest'))).toMatchObject({ stored: 2 })
  expect(await pipeline.run(of('bulk'))).toMatchObject({ stored: 0, duplicate: 2 })
})
