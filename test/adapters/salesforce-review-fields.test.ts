// Fields that come, and records that could not be read: all of it is caught up with, and nothing twice.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce, type Cursor } from 'dreampipe/adapters/salesforce'
import { lead, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'
import { collect, errorOf, open } from '../flow/kit.ts'
import { expectProven, loginOf, Person, server, setting, leads, people } from './salesforce-kit.ts'

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })
const properties = {
  id: y.string(),
  name: y.optional(y.string()),
  email: y.optional(y.string()),
  city: y.optional(y.string()),
  at: y.dateTime(),
}
const Historic = entity('Historic', { properties, identifier: ['id'], timestamp: 'at' })
const Latest = entity('Latest', {
  properties,
  identifier: ['id'],
  timestamp: 'at',
  deduplication: { by: 'latest' },
})

for (const via of ['rest', 'bulk'] as const) {
  test(
    `learned: a field that comes is read for all records, and those that have none of it stay as they ` +
      `are: ${via}`,
    async () => {
      const sf = await server({ objects: [lead], pageSize: 10 })
      const { pipeline } = open([Anything])
      const producer = salesforce({
        object: 'Lead',
        entity: Anything,
        login: loginOf(sf),
        reading: { via, poll: 5, bulkPage: 10 },
      })
      const ids = Array.from({ length: 25 }, (_, n) =>
        sf.insert('Lead', { Name: `${n}`, Level__c: n % 5 === 0 ? n : null }),
      )
      sf.clock.advance(60)
      expect((await pipeline.run(producer)).stored).toBe(25)
      sf.addField('Lead', { name: 'Level__c', type: 'int' })
      sf.update(ids[1] as string, { Level__c: 7 })
      sf.clock.advance(60)
      expect(await pipeline.run(producer)).toMatchObject({ stored: 6, rejected: 0 })
      // Not again, neither with the next run nor where a window is read a second time.
      sf.clock.advance(60)
      expect(await pipeline.run(producer)).toMatchObject({ records: 0 })
      await pipeline.start()
      await pipeline.settled()
      expect(
        await pipeline.sql(
          'SELECT count(*) AS n, sum(Level__c) AS sum FROM Anything WHERE Level__c IS NOT NULL',
        ),
      ).toMatchObject([{ n: 6 }])
      expect(await collect(pipeline.history(Anything, { Id: ids[2] as string }))).toHaveLength(1)
      expect(await collect(pipeline.history(Anything, { Id: ids[5] as string }))).toHaveLength(2)
      expectProven(await pipeline.verify(Anything))
    },
  )
}

const narrow = { Id: y.string(), Name: y.optional(y.string()), SystemModstamp: y.dateTime() }
const wide = {
  ...narrow,
  Email: y.optional(y.string()),
  Address: y.optional(y.object({ City: y.optional(y.string()) })),
}
type Entity = typeof Historic | typeof Latest
const of = (sf: LocalSalesforce, Of: Entity, which: 'narrow' | 'wide', more: object = {}) =>
  which === 'narrow'
    ? salesforce({
        name: 'fields',
        object: 'Lead',
        entity: Of as typeof Historic,
        login: loginOf(sf),
        fields: narrow,
        normalise: (record, to) => to.update({ id: record.Id, name: record.Name, at: record.SystemModstamp }),
        ...more,
      })
    : salesforce({
        name: 'fields',
        object: 'Lead',
        entity: Of as typeof Historic,
        login: loginOf(sf),
        fields: wide,
        normalise: (record, to) =>
          to.update({
            id: record.Id,
            name: record.Name,
            email: record.Email,
            city: record.Address?.City,
            at: record.SystemModstamp,
          }),
        ...more,
      })

for (const [name, Of] of [
  ['history', Historic],
  ['latest', Latest],
] as const) {
  test(`declared: fields that are named later are read for all records, under ${name}`, async () => {
    const sf = await server({ pageSize: 5 })
    const { pipeline } = open([Of as typeof Historic])
    const ids = Array.from({ length: 20 }, (_, n) =>
      sf.insert('Lead', {
        Name: `${n}`,
        Email: n % 4 === 0 ? `${n}@example.com` : null,
        City: n % 10 === 0 ? 'Bern' : null,
      }),
    )
    sf.clock.advance(60)
    expect((await pipeline.run(of(sf, Of, 'narrow') as never)).stored).toBe(20)
    sf.clock.advance(60)
    sf.delete(ids[4] as string)
    sf.clock.advance(60)
    // Four of the five that have an email, one more that has a city, and the delete.
    expect(await pipeline.run(of(sf, Of, 'wide') as never)).toMatchObject({ stored: 6, rejected: 0 })
    sf.clock.advance(60)
    expect(await pipeline.run(of(sf, Of, 'wide') as never)).toMatchObject({ records: 0 })
    sf.update(ids[1] as string, { Email: 'now@example.com' })
    sf.update(ids[8] as string, { Email: null })
    sf.clock.advance(60)
    expect((await pipeline.run(of(sf, Of, 'wide') as never)).stored).toBe(2)
    await pipeline.start()
    await pipeline.settled()
    const emails = await pipeline.sql<{ email: string }>(
      `SELECT email FROM ${Of.name} WHERE email IS NOT NULL ORDER BY email`,
    )
    expect(emails.map(({ email }) => email)).toEqual([
      '0@example.com',
      '12@example.com',
      '16@example.com',
      'now@example.com',
    ])
    expectProven(await pipeline.verify(Of as typeof Historic))
  })

  test(
    `declared: fields that come in the midst of a first load, or of a window, miss nothing, under ` +
      `${name}`,
    async () => {
      const sf = await server({ pageSize: 5 })
      const { pipeline } = open([Of as typeof Historic])
      const insert = (n: number) => sf.insert('Lead', { Name: `${n}`, Email: `${n}@example.com` })
      for (let n = 0; n < 20; n++) insert(n)
      sf.clock.advance(60)
      expect((await pipeline.run(of(sf, Of, 'narrow') as never, { budget: { run: 5 } })).ended).toBe('budget')
      expect((await pipeline.run(of(sf, Of, 'wide') as never)).ended).toBe('done')
      for (let n = 20; n < 40; n++) insert(n)
      sf.clock.advance(60)
      expect((await pipeline.run(of(sf, Of, 'narrow') as never, { budget: { run: 4 } })).ended).toBe('budget')
      expect((await pipeline.run(of(sf, Of, 'wide') as never)).ended).toBe('done')
      await pipeline.start()
      await pipeline.settled()
      expect(await pipeline.sql(`SELECT count(*) AS n FROM ${Of.name} WHERE email IS NOT NULL`)).toEqual([
        { n: 40 },
      ])
    },
  )
}

test('a parent of a parent is refused before anything is read', async () => {
  const sf = await server()
  const { pipeline } = open([Person])
  const producer = salesforce({
    object: 'Lead',
    entity: Person,
    login: loginOf(sf),
    fields: {
      Id: y.string(),
      Account: y.optional(y.object({ Owner: y.optional(y.object({ Name: y.string() })) })),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
  })
  expect((await errorOf(pipeline.run(producer))).problems).toMatchObject([
    {
      code: 'Missing',
      path: 'Account.Owner',
      message: expect.stringContaining('a parent of a parent is not read'),
    },
  ])
})

test('new fields may be left to the records that change', async () => {
  const sf = await server()
  const { pipeline } = open([Historic])
  for (let n = 0; n < 5; n++) sf.insert('Lead', { Name: `${n}`, Email: `${n}@example.com` })
  sf.clock.advance(60)
  await pipeline.run(of(sf, Historic, 'narrow'))
  sf.clock.advance(60)
  expect((await pipeline.run(of(sf, Historic, 'wide', { newFields: 'changed-records' }))).records).toBe(0)
})

test(
  'a field that is called otherwise, and a list of something else, are conflicts before anything is ' +
    'read',
  async () => {
    const sf = await server()
    const { pipeline } = open([Person])
    const producer = salesforce({
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      fields: {
        Id: y.string(),
        email: y.optional(y.string()),
        Interests__c: y.list(y.integer()),
        Photo__c: y.optional(y.string()),
        SystemModstamp: y.dateTime(),
      },
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
    })
    const error = await errorOf(pipeline.run(producer))
    expect(error.problems?.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'email: Salesforce has no such field: it is called Email',
      'Interests__c: declared as a List of Integer, and Salesforce says multipicklist: it is read as a ' +
        'List of String',
      'Photo__c: declared as String, and Salesforce says base64: files are not read',
    ])
    expect(sf.seen.some(({ request }) => /query/.test(request))).toBe(false)
  },
)

for (const via of ['rest', 'bulk'] as const) {
  test(`unreadable records are read from quarantine, once the definition is mended: ${via}`, async () => {
    const sf = await server()
    const { pipeline } = open([Person])
    const producer = (mended: boolean) =>
      salesforce({
        name: 'people',
        object: 'Lead',
        entity: Person,
        login: loginOf(sf),
        reading: { via, poll: 5 },
        ...(mended ? { version: 2 } : { version: 1 }),
        fields: {
          Id: y.string(),
          Name: y.string(),
          Status: mended ? y.optional(y.string()) : y.enum(['Open']),
          Interests__c: y.optional(y.list(mended ? y.string() : y.enum(['A', 'B']))),
          AnnualRevenue: y.optional(y.decimal()),
          Visits__c: y.optional(y.bigint()),
          LastCall__c: y.optional(y.dateTime()),
          Address: y.optional(y.object({ City: y.optional(y.string()), Latitude: y.optional(y.double()) })),
          Owner: y.optional(y.object({ Name: y.string() })),
          Account: y.optional(
            y.object({
              Name: y.string(),
              BillingAddress: y.optional(y.object({ City: y.optional(y.string()) })),
            }),
          ),
          SystemModstamp: y.dateTime(),
        },
        normalise: (record, to) =>
          to.update({
            id: record.Id,
            name: [
              record.Name,
              record.Status,
              record.Interests__c?.join('+'),
              record.Visits__c,
              typeof record.Visits__c,
              record.LastCall__c,
              record.Owner?.Name,
              record.Account?.Name,
              record.Account?.BillingAddress?.City,
            ].join('|'),
            revenue: record.AnnualRevenue,
            city: `${record.Address?.City} ${record.Address?.Latitude}`,
            updatedAt: record.SystemModstamp,
          }),
      })
    const owner = sf.insert('User', { Name: 'Ann' })
    const id = sf.insert('Lead', {
      Name: 'Bob',
      Status: 'Lost',
      Interests__c: 'A;C',
      AnnualRevenue: '1234567890123456.78',
      Visits__c: '9007199254740993',
      LastCall__c: '2020-10-22T21:03:23.000+0000',
      City: 'Bern',
      Latitude: '46.947922',
      OwnerId: owner,
      AccountId: sf.insert('Account', { Name: 'Acme', BillingCity: 'Basel' }),
    })
    sf.insert('Lead', { Name: 'Good', Status: 'Open' })
    sf.clock.advance(60)
    expect(await pipeline.run(producer(false))).toMatchObject({ stored: 1, rejected: 1 })
    expect(await pipeline.quarantine.replay(producer(false))).toMatchObject({
      replayed: 0,
      failed: [{ reason: 'normalise: Status: one of Open expected' }],
    })
    expect(await pipeline.quarantine.replay(producer(true))).toMatchObject({ replayed: 1, failed: [] })
    expect(await pipeline.quarantine.list(producer(true))).toEqual([])
    await pipeline.start()
    await pipeline.settled()
    expect(await pipeline.current(Person, { id })).toEqual({
      id,
      name: 'Bob|Lost|A+C|9007199254740993|bigint|2020-10-22T21:03:23.000000Z|Ann|Acme|Basel',
      revenue: '1234567890123456.78',
      city: 'Bern 46.947922',
      updatedAt: '2026-03-01T12:00:00.000000Z',
    })
    expectProven(await pipeline.verify(Person))
  })

  test(`learned: the same, where the value fits by then: ${via}`, async () => {
    const sf = await server({ objects: [lead] })
    const { pipeline } = open([Anything])
    const producer = salesforce({
      object: 'Lead',
      entity: Anything,
      login: loginOf(sf),
      reading: { via, poll: 5 },
    })
    sf.insert('Lead', {
      Name: 'Bad',
      Birthday__c: 'yesterday',
      Interests__c: 'A;B',
      City: 'Bern',
      AnnualRevenue: '1.5',
    })
    sf.clock.advance(60)
    expect(await pipeline.run(producer)).toMatchObject({ stored: 0, rejected: 1 })
    const [entry] = await pipeline.quarantine.list(producer)
    expect(await pipeline.quarantine.replay(producer)).toMatchObject({
      replayed: 0,
      failed: [{ reason: 'normalise: Birthday__c: a date expected, got "yesterday"' }],
    })
    expect(entry?.record).toContain('"Birthday__c":"yesterday"')
    // As a mended reader would have it: the rest of what was kept is enough.
    const mended = { ...entry, record: entry?.record.replace('"yesterday"', '"2020-01-02"') } as never
    expect(await pipeline.quarantine.replay(producer, mended)).toMatchObject({ replayed: 1 })
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.find(Anything)).items).toMatchObject([
      {
        Birthday__c: '2020-01-02',
        Interests__c: ['A', 'B'],
        Address: { City: 'Bern', Street: null },
        City: 'Bern',
        AnnualRevenue: '1.5',
      },
    ])
  })
}

test('a record that normalise refused comes back from quarantine with its big numbers', async () => {
  const sf = await server()
  const { pipeline } = open([Person])
  const producer = (mended: boolean) =>
    salesforce({
      name: 'people',
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      fields: { Id: y.string(), Visits__c: y.bigint(), SystemModstamp: y.dateTime() },
      normalise: (record, to) => {
        if (!mended) throw new Error('not yet')
        return to.update({
          id: record.Id,
          name: `${record.Visits__c + 1n}`,
          updatedAt: record.SystemModstamp,
        })
      },
    })
  const id = sf.insert('Lead', { Name: 'x', Visits__c: '9007199254740993' })
  sf.clock.advance(60)
  expect(await pipeline.run(producer(false))).toMatchObject({ rejected: 1 })
  expect(await pipeline.quarantine.replay(producer(true))).toMatchObject({ replayed: 1, failed: [] })
  await pipeline.start()
  await pipeline.settled()
  expect((await pipeline.current(Person, { id }))?.name).toBe('9007199254740994')
})

test('a cursor of a run before columns were kept goes on, and nothing is read again', async () => {
  const given = await setting()
  leads(given.sf, 5)
  given.sf.clock.advance(60)
  const producer = people(given.sf)
  const { cursor } = await given.run(producer)
  const { late: _, ...old } = { ...(cursor as Cursor), fields: {} }
  const decoded = producer.definition.cursor.decode(JSON.parse(JSON.stringify(old)))
  expect(decoded._tag).toBe('Right')
  const from = {
    ...producer,
    name: 'older',
    definition: { ...producer.definition, name: 'older', start: old },
  }
  expect(await given.run(from as never)).toMatchObject({ records: 0, ended: 'done' })
})

test(
  'a field that goes while a run reads ends it, and the next one goes on without it, missing ' + 'nothing',
  async () => {
    const sf = await server({ objects: [lead], pageSize: 10 })
    const { pipeline } = open([Anything])
    const producer = salesforce({
      object: 'Lead',
      entity: Anything,
      login: loginOf(sf),
      reading: { via: 'rest' },
    })
    for (let n = 0; n < 25; n++) sf.insert('Lead', { Name: `${n}`, Phone: '+41' })
    sf.clock.advance(60)
    sf.faults.add(
      {
        kind: 'rewrite',
        body: (body) => {
          sf.removeField('Lead', 'Phone')
          return body
        },
      },
      { on: /updated/ },
    )
    expect(await errorOf(pipeline.run(producer))).toMatchObject({
      _tag: 'SourceFailed',
      retry: false,
      message: expect.stringContaining("No such column 'Phone'"),
    })
    expect(await pipeline.run(producer)).toMatchObject({ ended: 'done', stored: 25 })
    // It comes again, and with it what it held.
    sf.addField('Lead', { name: 'Phone', type: 'phone' })
    sf.clock.advance(60)
    expect(await pipeline.run(producer)).toMatchObject({ ended: 'done', stored: 25 })
  },
)
