// Declared fields: checked against Salesforce before anything is read, and read for all records when they
// are named later.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import type { LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { expectProven, loginOf, memory, Person, server } from './salesforce-kit.ts'

test(
  'declared fields are checked against Salesforce before anything is read: all of it at ' + 'once',
  async () => {
    const sf = await server()
    const { pipeline, warnings } = memory([Person])
    const producer = salesforce({
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      fields: {
        Id: y.string(),
        Email: y.integer(),
        Nothing__c: y.string(),
        Hidden__c: y.optional(y.string()),
        Photo__c: y.optional(y.bytes()),
        Owner: y.object({ Nme: y.string() }),
        SystemModstamp: y.dateTime(),
      },
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
    })
    const error = await errorOf(pipeline.run(producer))
    expect(error).toMatchObject({ _tag: 'SchemaConflict', retry: false })
    expect(error.problems?.map(({ code, path }) => [code, path])).toEqual([
      ['WrongType', 'Email'],
      ['Missing', 'Nothing__c'],
      ['WrongType', 'Photo__c'],
      ['Missing', 'Owner.Nme'],
    ])
    expect(error.message).toContain(
      'Email: declared as Integer, and Salesforce says email: it is read as String',
    )
    expect(sf.seen.some(({ request }) => /query/.test(request))).toBe(false)
    expect(warnings).toEqual([])
  },
)

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
