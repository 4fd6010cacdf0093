// Records that cannot be read: kept aside with what came, once, and read again from there.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead } from 'dreampipe/adapters/salesforce/testing'
import { open } from '../flow/kit.ts'
import { expectProven, loginOf, memory, Person, server } from './salesforce-kit.ts'

test(
  'a value that is not what its field says puts its record into quarantine, with what came, and the ' +
    'rest goes on',
  async () => {
    const sf = await server()
    const { pipeline } = memory([Person])
    const producer = salesforce({
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      fields: { Id: y.string(), Status: y.enum(['Open']), SystemModstamp: y.dateTime() },
      normalise: (record, to) =>
        to.update({ id: record.Id, name: record.Status, updatedAt: record.SystemModstamp }),
    })
    for (const Status of ['Open', 'Lost', null]) sf.insert('Lead', { Name: 'x', Status })
    sf.clock.advance(60)
    expect(await pipeline.run(producer)).toMatchObject({ stored: 1, rejected: 2 })
    const aside = await pipeline.quarantine.list(producer)
    expect(aside.map(({ reason }) => reason).toSorted()).toEqual([
      'normalise: Status: a required value is empty',
      'normalise: Status: one of Open expected',
    ])
    expect(aside.some(({ record }) => record.includes('"Status":"Lost"'))).toBe(true)
  },
)

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })

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

test(
  'a record that is deleted while it cannot be read is deleted all the same, once its definition is ' +
    'mended',
  async () => {
    const sf = await server({ objects: [lead] })
    const { pipeline } = open([Person])
    const of = (states: readonly ['Open', ...string[]]) =>
      salesforce({
        name: 'people',
        object: 'Lead',
        entity: Person,
        login: loginOf(sf),
        fields: { Id: y.string(), Status: y.enum(states), SystemModstamp: y.dateTime() },
        normalise: (record, to) =>
          to.update({ id: record.Id, name: record.Status, updatedAt: record.SystemModstamp }),
      })
    const id = sf.insert('Lead', { Name: 'x', Status: 'Open' })
    sf.clock.advance(60)
    await pipeline.run(of(['Open']))
    sf.update(id, { Status: 'Lost' })
    sf.delete(id)
    sf.clock.advance(60)
    expect(await pipeline.run(of(['Open']))).toMatchObject({ rejected: 1 })
    expect(await pipeline.quarantine.replay(of(['Open', 'Lost']))).toMatchObject({ replayed: 1, failed: [] })
    await pipeline.start()
    await pipeline.settled()
    expect(await pipeline.current(Person, { id })).toBeUndefined()
  },
)

test('a record that no refresh can read is in quarantine once, not once a night', async () => {
  const Valued = entity('Valued', {
    properties: { id: y.string(), status: y.optional(y.string()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    deduplication: { by: 'latest' },
  })
  const sf = await server()
  const { pipeline } = open([Valued])
  const producer = salesforce({
    object: 'Lead',
    entity: Valued,
    login: loginOf(sf),
    formulas: { hours: 0 },
    fields: { Id: y.string(), Status: y.enum(['Open']), SystemModstamp: y.dateTime() },
    normalise: (record, to) => to.update({ id: record.Id, status: record.Status, at: record.SystemModstamp }),
  })
  sf.insert('Lead', { Name: 'Bad', Status: 'Lost' })
  sf.clock.advance(60)
  for (let night = 0; night < 3; night++) {
    await pipeline.run(producer)
    sf.clock.advance(86_400)
  }
  expect(await pipeline.quarantine.list(producer)).toHaveLength(1)
})
