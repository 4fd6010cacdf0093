// Fields that come, go and change their type, between runs and while a run reads.
import { expect, test } from 'vitest'
import { entity } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead } from 'dreampipe/adapters/salesforce/testing'
import { collect, errorOf, open } from '../flow/kit.ts'
import { expectProven, leads, loginOf, memory, people, Person, server, setting } from './salesforce-kit.ts'

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

test.for(['rest', 'bulk'] as const)(
  'a field that goes between describe and the query ends the run with what Salesforce says; the next one ' +
    'knows, and loses nothing: %s',
  async (via) => {
    const given = await setting({ pageSize: 10 })
    const producer = people(given.sf, { reading: { via, bulkPage: 10 } })
    leads(given.sf, 25)
    given.sf.clock.advance(60)
    const removed = { name: 'Email', type: 'email' } as const
    given.sf.faults.add(
      {
        kind: 'rewrite',
        body: (body) => {
          given.sf.removeField('Lead', 'Email')
          return body
        },
      },
      { on: /describe/ },
    )
    expect(await errorOf(given.run(producer))).toMatchObject({
      _tag: 'SourceFailed',
      retry: false,
      message: expect.stringContaining("No such column 'Email'"),
    })
    await given.run(producer)
    expect(given.warnings).toContain('Lead: Email is not there, or this user may not see it: it is left out')
    given.sf.addField('Lead', removed)
    const [first] = leads(given.sf, 1)
    given.sf.clock.advance(60)
    expect(await given.run(producer)).toMatchObject({ ended: 'done', rejected: 0 })
    await given.pipeline.start()
    await given.pipeline.settled()
    expect((await given.pipeline.current(Person, { id: first as string }))?.email).toBe('lead0@example.com')
    expect(await given.pipeline.sql('SELECT count(*) AS n FROM Person')).toEqual([{ n: 26 }])
  },
)
