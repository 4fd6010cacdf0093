// Late commits: a record is stamped when it is changed and seen when its transaction ends; none is lost, by
// REST, by Bulk, in a first load, in increments.
import { expect, test } from 'vitest'
import { createPipeline, entity } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { faults, lead } from 'dreampipe/adapters/salesforce/testing'
import { closing } from '../flow/kit.ts'
import { expectProven, expectSame, leads, loginOf, people, server, setting, ways } from './salesforce-kit.ts'

test.for(ways)(
  'late commits: a transaction that is still open holds the window back, and nothing of it is lost: %s',
  async ([, options]) => {
    const given = await setting()
    const producer = people(given.sf, options)
    const [first] = leads(given.sf, 3) as [string, string, string]
    given.sf.clock.advance(120)
    await given.run(producer)
    const late = given.sf.transaction()
    late.insert('Lead', { Name: 'Late' })
    late.update(first, { Name: 'Changed late' })
    given.sf.clock.advance(300)
    leads(given.sf, 4)
    given.sf.clock.advance(120)
    // What is stamped behind the open transaction waits for it.
    expect(await given.run(producer)).toMatchObject({ stored: 0, cursor: { from: '2026-03-01T12:02:00Z' } })
    given.sf.clock.advance(180)
    late.commit()
    expect((await given.run(producer)).stored).toBe(6)
    await expectSame(given, true)
  },
)

test.for(ways)(
  'a first load while a transaction is open begins its increments before it: %s',
  async ([, options]) => {
    const given = await setting()
    const producer = people(given.sf, options)
    leads(given.sf, 5)
    given.sf.clock.advance(60)
    const late = given.sf.transaction()
    late.insert('Lead', { Name: 'Late' })
    given.sf.clock.advance(300)
    leads(given.sf, 2)
    given.sf.clock.advance(60)
    expect((await given.run(producer)).stored).toBe(5)
    late.commit()
    given.sf.clock.advance(60)
    expect((await given.run(producer)).stored).toBe(3)
    await expectSame(given, true)
  },
)

test.for(ways)(
  'late commits that come just then: between `updated` and the query, and between two pages: %s',
  async ([, options]) => {
    for (const [on, when] of [
      [/updated/, 1],
      [/\/query\/01g|\/results/, 0],
    ] as const) {
      const given = await setting({ pageSize: 5 })
      const producer = people(given.sf, options)
      const ids = leads(given.sf, 20)
      given.sf.clock.advance(60)
      if (when === 1) await given.run(producer)
      const late = given.sf.transaction()
      late.insert('Lead', { Name: 'Late' })
      late.update(ids[3] as string, { Name: 'Changed late' })
      late.delete(ids[17] as string)
      given.sf.clock.advance(300)
      given.sf.update(ids[10] as string, { Name: 'Changed' })
      given.sf.clock.advance(60)
      given.sf.faults.add(
        {
          kind: 'rewrite',
          body: (body) => {
            late.commit()
            return body
          },
        },
        { on },
      )
      await given.run(producer)
      expect(given.sf.faults.happened()).toBe(1)
      given.sf.clock.advance(120)
      await given.run(producer)
      await expectSame(given, when === 1)
    }
  },
)

test.for(ways)(
  'late commits to an object without `updated`: ten minutes are left to them: %s',
  async ([, options]) => {
    const given = await setting({ objects: [{ ...lead, replicateable: false }] })
    const producer = people(given.sf, options)
    const [first] = leads(given.sf, 3) as [string, string, string]
    given.sf.clock.advance(1_200)
    expect((await given.run(producer)).stored).toBe(3)
    const late = given.sf.transaction()
    late.insert('Lead', { Name: 'Late' })
    late.update(first, { Name: 'Changed late' })
    given.sf.clock.advance(300)
    leads(given.sf, 4)
    given.sf.clock.advance(290)
    expect((await given.run(producer)).stored).toBe(0)
    late.commit()
    given.sf.clock.advance(601)
    expect((await given.run(producer)).stored).toBe(6)
    await expectSame(given, true)
  },
)

const History = entity('LeadHistory', { identifier: ['Id'], timestamp: 'CreatedDate' })
const Activity = entity('Activity', { identifier: ['Id'], timestamp: 'SystemModstamp' })

test(
  'an object without `updated` is read ten minutes late, by its CreatedDate; one without any stamp is ' +
    'read whole',
  async () => {
    const sf = await server()
    const pipeline = closing(
      createPipeline([History, Activity], {
        driver: embedded({ folder: ':memory:' }),
        observe: () => undefined,
      }),
    )
    const login = salesforceOrg({ login: loginOf(sf) })
    const [history, activity] = [
      salesforce({ object: 'LeadHistory', entity: History, login }),
      salesforce({ object: 'Activity__c', entity: Activity, login }),
    ]
    sf.insert('LeadHistory', { Field: 'Status', OldValue: 'Open', NewValue: '7' })
    sf.insert('Activity__c', { Subject__c: 'Call' })
    expect((await pipeline.run(history)).stored).toBe(0)
    sf.clock.advance(601)
    expect((await pipeline.run(history)).stored).toBe(1)
    expect((await pipeline.run(history)).records).toBe(0)
    expect(await pipeline.run(activity)).toMatchObject({ stored: 1, duplicate: 0 })
    sf.insert('Activity__c', { Subject__c: 'Visit' })
    expect(await pipeline.run(activity)).toMatchObject({ stored: 1, duplicate: 1 })
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.find(History)).items).toMatchObject([
      { Field: 'Status', OldValue: 'Open', NewValue: '7' },
    ])
    expectProven(await pipeline.verify(History))
    expectProven(await pipeline.verify(Activity))
  },
)

test('`updated` that this user may not ask leaves ten minutes out, and nothing else', async () => {
  const given = await setting()
  given.sf.faults.add(faults.forbidden, { on: /updated/, times: 99 })
  leads(given.sf, 3)
  given.sf.clock.advance(700)
  expect((await given.run(people(given.sf))).stored).toBe(3)
})
