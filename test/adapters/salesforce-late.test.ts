// Late commits: a record is stamped when it is changed and seen when its transaction ends; none is lost, by
// REST, by Bulk, in a first load, in increments.
import { expect, test } from 'vitest'
import { lead } from 'dreampipe/adapters/salesforce/testing'
import { expectSame, leads, people, setting, type PeopleOptions } from './salesforce-kit.ts'

const ways: readonly (readonly [string, PeopleOptions])[] = [
  ['REST', { reading: { via: 'rest' } }],
  ['Bulk', { reading: { via: 'bulk', bulkPage: 7 } }],
]

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
