// What ends and what changes unseen: the recycle bin, merges, hard deletes behind a guard, formulas, and
// fields that come, go and change.
import { expect, test } from 'vitest'
import { createPipeline, entity, y, type AnyEntity, type Pipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead } from 'dreampipe/adapters/salesforce/testing'
import { closing, collect, errorOf } from '../flow/kit.ts'
import {
  expectProven,
  expectSame,
  leads,
  loginOf,
  people,
  Person,
  server,
  setting,
} from './salesforce-kit.ts'

const memory = <const L extends readonly AnyEntity[]>(
  entities: L,
): { readonly pipeline: Pipeline<L[number]>; readonly warnings: string[] } => {
  const warnings: string[] = []
  return {
    warnings,
    pipeline: closing(
      createPipeline(entities, {
        driver: embedded({ folder: ':memory:' }),
        observe: (signal) => {
          if (signal._tag === 'producer') warnings.push(signal.message)
        },
      }),
    ),
  }
}

for (const via of ['rest', 'bulk'] as const) {
  test(`into the recycle bin, out of it again, and merged: ${via}`, async () => {
    const given = await setting()
    const { sf, pipeline } = given
    const producer = people(sf, { reading: { via } })
    const [a, b, c, d] = leads(sf, 4) as [string, string, string, string]
    sf.clock.advance(60)
    const step = async (change: () => void): Promise<void> => {
      change()
      sf.clock.advance(60)
      await given.run(producer)
      await expectSame(given, true)
    }
    await step(() => undefined)
    await step(() => sf.delete(a))
    await step(() => sf.undelete(a))
    await step(() => sf.merge(b, c, d))
    const merged = await collect(pipeline.history(Person, { id: c }))
    expect(merged.map(({ operation }) => operation)).toEqual(['upsert', 'upsert', 'delete'])
    expect(merged[1]).toMatchObject({ properties: { mergedInto: b } })
  })
}

test(
  'deletes can be ignored; what was never there and is deleted before the first run leaves ' + 'nothing',
  async () => {
    const given = await setting()
    const [a, b] = leads(given.sf, 3) as [string, string, string]
    given.sf.delete(b)
    given.sf.clock.advance(60)
    const producer = people(given.sf, { deletes: 'ignore' })
    expect((await given.run(producer)).stored).toBe(2)
    given.sf.delete(a)
    given.sf.clock.advance(60)
    expect((await given.run(producer)).records).toBe(0)
  },
)

for (const via of ['rest', 'bulk'] as const) {
  test(`hard deletes are found by comparing Ids, and what else feeds the entity stays: ${via}`, async () => {
    const given = await setting({ pageSize: 10, bulkPageSize: 10 })
    const { sf, pipeline } = given
    const producer = people(sf, { reading: { via, bulkPage: 10 }, reconcile: { hours: 24 } })
    const ids = leads(sf, 40)
    sf.clock.advance(60)
    await given.run(producer)
    for (const id of ids.slice(0, 3)) sf.purge(id)
    sf.delete(ids[4] as string)
    sf.clock.advance(3_600)
    expect((await given.run(producer)).stored).toBe(1)
    sf.clock.advance(24 * 3_600)
    expect((await given.run(producer)).stored).toBe(3)
    await expectSame(given, true)
    // By hand, and from another object.
    for (const id of ['somebody else', '0035g0000000001EAA'])
      await pipeline.submit(Person.toUpdate({ id, updatedAt: '2026-03-01T00:00:00Z' }, { source: 'hand' }))
    sf.clock.advance(24 * 3_600)
    expect((await given.run(producer)).stored).toBe(0)
    expect(sf.seen.filter(({ request }) => / IN \(/.test(request)).length).toBe(1)
  })
}

test('a mass delete is refused, nothing of it is done, and it can be allowed', async () => {
  const given = await setting()
  const { sf } = given
  const ids = leads(sf, 40)
  sf.clock.advance(60)
  const guarded = people(sf, { reconcile: { hours: 0 } })
  await given.run(guarded)
  for (const id of ids.slice(0, 11)) sf.purge(id)
  sf.clock.advance(60)
  expect(await errorOf(given.run(guarded))).toMatchObject({
    _tag: 'SourceFailed',
    retry: false,
    message: expect.stringContaining('11 of 40 records would be deleted: more than the guard allows'),
  })
  leads(sf, 1)
  sf.clock.advance(60)
  expect((await given.run(people(sf, { reconcile: { hours: 0, share: 0.5 } }))).stored).toBe(12)
  await expectSame(given, true)
})

const Valued = entity('Valued', {
  properties: { id: y.string(), weighted: y.optional(y.decimal()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  deduplication: { by: 'latest' },
})

for (const via of ['rest', 'bulk'] as const) {
  test(`formulas change without a stamp: refreshed, stored where changed, and back: ${via}`, async () => {
    const sf = await server({ pageSize: 10 })
    const { pipeline } = memory([Valued])
    const producer = salesforce({
      object: 'Lead',
      entity: Valued,
      login: loginOf(sf),
      formulas: { hours: 1 },
      reading: { via, poll: 5, bulkPage: 10 },
      fields: { Id: y.string(), Weighted__c: y.optional(y.decimal()), SystemModstamp: y.dateTime() },
      normalise: (record, to) =>
        to.update({ id: record.Id, weighted: record.Weighted__c, at: record.SystemModstamp }),
    })
    sf.world.settings['rate'] = 1
    const ids = Array.from({ length: 25 }, (_, n) =>
      sf.insert('Lead', { Name: `${n}`, AnnualRevenue: n % 5 === 0 ? '0.0' : `${n}.0` }),
    )
    sf.clock.advance(60)
    expect((await pipeline.run(producer)).stored).toBe(25)
    for (const [rate, changed] of [
      [2, 20],
      [2, 0],
      [1, 20],
    ] as const) {
      sf.world.settings['rate'] = rate
      sf.clock.advance(3_600)
      expect((await pipeline.run(producer)).stored, `rate ${rate}`).toBe(changed)
    }
    // Changed after the instant that the refresh shows: left to its increment, which brings it, formula and
    // all.
    sf.clock.advance(3_630)
    sf.update(ids[1] as string, { AnnualRevenue: '100.0' })
    expect(await pipeline.run(producer)).toMatchObject({ stored: 0, outdated: 0, duplicate: 24 })
    sf.clock.advance(60)
    expect((await pipeline.run(producer)).stored).toBe(1)
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.current(Valued, { id: ids[1] as string }))?.weighted).toBe('100')
    expect((await pipeline.current(Valued, { id: ids[2] as string }))?.weighted).toBe('2')
    expect(
      (await collect(pipeline.history(Valued, { id: ids[2] as string }))).map((event) =>
        event.operation === 'upsert' ? event.properties.weighted : '',
      ),
    ).toEqual(['2', '4', '2'])
    expectProven(await pipeline.verify(Valued))
  })
}

test('formulas need an entity that tells a change from its repetition', () => {
  expect(() =>
    salesforce({
      object: 'Lead',
      entity: Person,
      login: { instanceUrl: 'http://127.0.0.1', accessToken: 'none' },
      fields: { Id: y.string() },
      formulas: { hours: 24 },
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: '' }),
    }),
  ).toThrow(expect.objectContaining({ _tag: 'InvalidDefinition', path: 'formulas' }))
})

const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })

test(
  'drift: a new field comes by itself, one that goes is told, one that changes its type is refused ' +
    'before anything is read',
  async () => {
    const sf = await server({ objects: [lead] })
    const { pipeline, warnings } = memory([Anything])
    const producer = salesforce({ object: 'Lead', entity: Anything, login: loginOf(sf) })
    const id = sf.insert('Lead', { Name: 'One', NumberOfEmployees: 5 })
    sf.clock.advance(60)
    await pipeline.run(producer)
    expect(warnings.splice(0)).toEqual([
      'Lead: Photo__c holds files (base64): it is left out',
      'Lead: Weighted__c changes without its record changing: without formulas that is seen only when the ' +
        'record changes',
    ])

    sf.addField('Lead', { name: 'Level__c', type: 'int' })
    sf.removeField('Lead', 'Phone')
    sf.update(id, { Level__c: 3 })
    sf.clock.advance(60)
    await pipeline.run(producer)
    expect(warnings.slice(1)).toEqual([
      'Lead: Phone is gone, or this user may no longer see it',
      'Lead: Level__c new: all records are read again for it',
    ])
    await pipeline.start()
    await pipeline.settled()
    expect(await pipeline.sql('SELECT Level__c FROM Anything')).toEqual([{ Level__c: 3 }])

    sf.retypeField('Lead', { name: 'Level__c', type: 'string' })
    sf.clock.advance(60)
    const queries = sf.seen.length
    expect(await errorOf(pipeline.run(producer))).toMatchObject({
      _tag: 'SchemaConflict',
      retry: false,
      problems: [
        {
          code: 'WrongType',
          path: 'Level__c',
          message: 'it was read as Integer and would be as String now: what is stored cannot hold it',
        },
      ],
    })
    expect(sf.seen.slice(queries).map(({ request }) => request)).toEqual([
      'GET /services/data/v68.0/sobjects/Lead/describe',
    ])
  },
)

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
