// How values are read: CSV however it is cut, numbers without losing a digit, every type alike from REST and
// from Bulk.
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPipeline, entity } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { account, lead, type Values } from 'dreampipe/adapters/salesforce/testing'
import { csvReader, type Cells } from '../../adapters/salesforce/scan/csv.ts'
import { parsePage } from '../../adapters/salesforce/object/read.ts'
import { converterOf, instantOf, moneyOf } from '../../adapters/salesforce/object/types.ts'
import { closing } from '../flow/kit.ts'
import { expectProven, loginOf, server } from './salesforce-kit.ts'

const cell = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '"', '""', '\n', '\r\n', ',', 'a"b', '\n"', 'NA', 'null', '\0'),
)
const written = (rows: readonly (readonly string[])[], newline: string): string =>
  rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')).join(newline)
const readAll = (text: string, cuts: readonly number[]): Cells[] => {
  const reader = csvReader()
  const rows: Cells[] = []
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = cuts[i % Math.max(1, cuts.length)] ?? text.length
    rows.push(...reader.push(text.slice(at, at + size)))
    at += size
  }
  return [...rows, ...reader.end()]
}

test(
  'law: CSV comes back cell by cell, however it is cut, with LF or CRLF, with or without a last line ' +
    'break; empty is null',
  () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }),
          ),
        fc.array(fc.integer({ min: 1, max: 7 })),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, cuts, newline, last) => {
          const text = written(rows, newline) + (last ? newline : '')
          expect(readAll(text, cuts)).toEqual(
            rows.map((row) => row.map((value) => (value === '' ? null : value))),
          )
        },
      ),
      { numRuns: 500 },
    )
  },
)

test('law: CSV reads as csv-parse reads it, unquoted cells too', () => {
  const plain = fc.stringMatching(/^[a-z0-9 .]{0,6}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(plain, cell, plain), { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (rows, cuts) => {
        const text = rows.map(([a, b, c]) => `${a},"${b.replaceAll('"', '""')}",${c}\n`).join('')
        const theirs = parse(text, { relaxColumnCount: true, recordDelimiter: '\n' }) as string[][]
        expect(readAll(text, cuts)).toEqual(
          theirs.map((row) => row.map((value) => (value === '' ? null : value))),
        )
      },
    ),
  )
})

test('CSV that ends within a cell, or goes on behind a closing quote, is broken', () => {
  for (const text of ['"a","b', '"a","b""', '"a"x,"b"\n'])
    expect(() => readAll(text, [])).toThrow(SyntaxError)
})

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

test('other types, as they come', () => {
  const integer = converterOf('int', 'Integer')
  expect([39000, '39000', '0.0', '3.9E4', '9007199254740993', '1.5'].map((value) => integer(value))).toEqual([
    39000,
    39000,
    0,
    39000,
    9007199254740993n,
    { wrong: 'a whole number expected, got "1.5"' },
  ])
  const dateTime = converterOf('datetime', 'DateTime')
  expect(
    ['2020-10-22T21:03:23.000+0000', '2020-10-22T21:03:23.000Z', '2020-10-22T21:03:23.5+02:00', 'soon'].map(
      (value) => dateTime(value),
    ),
  ).toEqual([
    '2020-10-22T21:03:23.000000Z',
    '2020-10-22T21:03:23.000000Z',
    '2020-10-22T19:03:23.500000Z',
    { wrong: 'an instant expected, got "soon"' },
  ])
  expect(
    ['10:15:00.000Z', '10:15:00.250Z', '10:15:30'].map((value) => converterOf('time', 'Time')(value)),
  ).toEqual(['10:15:00', '10:15:00.25', '10:15:30'])
  expect(converterOf('multipicklist', 'List')('A;B;C')).toEqual(['A', 'B', 'C'])
})

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })

const everything: readonly Values[] = [
  {
    Name: 'Full "quoted", and\nbroken',
    Email: 'a@b.c',
    Phone: '+41',
    Website: 'http://x',
    Description: 'line\r\nline',
    Status: 'NA',
    Interests__c: 'A;C',
    AnnualRevenue: '1234567890123456.78',
    Discount__c: '12.5',
    NumberOfEmployees: 0,
    Visits__c: '9007199254740993',
    HasOptedOut: true,
    Birthday__c: '2020-11-16',
    LastCall__c: '2020-10-22T21:03:23.000+0000',
    BestTime__c: '10:15:00.000Z',
    Secret__c: '*****',
    Extra__c: '{"a":[1,null]}',
    Photo__c: '/photo',
    Street: 'Gasse 1',
    City: 'Bern',
    PostalCode: '3011',
    Latitude: '46.947922',
    Longitude: '7.444608',
    Place__Latitude__s: '46.5',
    Place__Longitude__s: '7.25',
  },
  {
    Name: 'null',
    AnnualRevenue: '950000000',
    NumberOfEmployees: 39000,
    Status: 'null',
    Visits__c: 5,
    HasOptedOut: false,
  },
  { Name: 'Ünïcode \u2028 日本', Description: '', City: 'Only a city' },
]

test('every type goes through under its own name, alike from REST and from Bulk, and exactly', async () => {
  const sf = await server({ objects: [lead, account] })
  for (const values of everything) sf.insert('Lead', values)
  sf.clock.advance(60)
  const pipeline = closing(
    createPipeline([Anything], { driver: embedded({ folder: ':memory:' }), observe: () => undefined }),
  )
  const of = (via: 'rest' | 'bulk') =>
    salesforce({
      object: 'Lead',
      name: `by-${via}`,
      entity: Anything,
      login: loginOf(sf),
      reading: { via, poll: 5 },
    })
  expect(await pipeline.run(of('rest'))).toMatchObject({ stored: 3, rejected: 0 })
  // The same content: not an event more.
  expect(await pipeline.run(of('bulk'))).toMatchObject({ stored: 0, duplicate: 3, rejected: 0 })
  await pipeline.start()
  await pipeline.settled()
  const [first] = [...(sf.tables.get('Lead')?.rows.keys() ?? [])]
  expect(await pipeline.current(Anything, { Id: first as string })).toMatchObject({
    Name: 'Full "quoted", and\nbroken',
    Description: 'line\r\nline',
    Status: 'NA',
    Interests__c: ['A', 'C'],
    AnnualRevenue: '1234567890123456.78',
    Discount__c: '12.5',
    NumberOfEmployees: 0,
    Visits__c: 9007199254740993n,
    HasOptedOut: true,
    Birthday__c: '2020-11-16',
    LastCall__c: '2020-10-22T21:03:23.000000Z',
    BestTime__c: '10:15:00',
    Extra__c: { a: [1, null] },
    Weighted__c: expect.any(String),
    Address: {
      Street: 'Gasse 1',
      City: 'Bern',
      State: null,
      PostalCode: '3011',
      Country: null,
      Latitude: 46.947922,
      Longitude: 7.444608,
    },
    Place__c: { Latitude: 46.5, Longitude: 7.25 },
  })
  expectProven(await pipeline.verify(Anything))
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
