// How values are read: every type alike from REST and from Bulk, empty texts and odd characters too.
import { expect, test } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { account, lead, type Values } from 'dreampipe/adapters/salesforce/testing'
import { converterOf } from '../../adapters/salesforce/object/types.ts'
import { closing, open } from '../flow/kit.ts'
import { expectProven, loginOf, server } from './salesforce-kit.ts'

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

const Odd = entity('Odd', { identifier: ['Id'], timestamp: 'SystemModstamp' })

test(
  'odd characters come through alike from REST and from Bulk: NUL, lone line breaks, quotes and ' +
    'commas, emoji',
  async () => {
    const sf = await server({ gzip: true })
    const names = [
      'a\0b',
      'line\rline',
      'tab\tand "quote", comma',
      '𝄞 and 👩‍👩‍👧',
      '\u2028\u2029',
      ' space ',
      '\ufeffmark',
      '=1+1',
      '\\N',
      '\\"',
    ]
    const ids = names.map((Name) => sf.insert('Lead', { Name }))
    sf.clock.advance(60)
    const pipeline = closing(
      createPipeline([Odd], { driver: embedded({ folder: ':memory:' }), observe: () => undefined }),
    )
    const of = (via: 'rest' | 'bulk') =>
      salesforce({
        object: 'Lead',
        name: `odd-${via}`,
        entity: Odd,
        login: salesforceOrg({ login: loginOf(sf) }),
        reading: { via, poll: 5 },
      })
    expect(await pipeline.run(of('rest'))).toMatchObject({ stored: names.length, rejected: 0 })
    expect(await pipeline.run(of('bulk'))).toMatchObject({ stored: 0, duplicate: names.length, rejected: 0 })
    await pipeline.start()
    await pipeline.settled()
    expect(await Promise.all(ids.map(async (Id) => (await pipeline.current(Odd, { Id }))?.['Name']))).toEqual(
      names,
    )
    // DuckDB's client takes a mark at the beginning of a text away.
    expect((await pipeline.sql('SELECT Name FROM Odd ORDER BY Id')).map(({ Name }) => Name)).toEqual(
      names.map((name) => name.replace(/^\ufeff/, '')),
    )
    expect((await pipeline.verify(Odd)).queryEngine).toMatchObject({ missing: 0, different: 0, surplus: 0 })
  },
)
