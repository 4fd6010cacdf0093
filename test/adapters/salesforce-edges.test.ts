// Where what is known of an org ends: addresses too long, queries that take too long, a locator that has
// expired.
import { expect, test } from 'vitest'
import { y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { faults } from 'dreampipe/adapters/salesforce/testing'
import { errorOf } from '../flow/kit.ts'
import { expectSame, fields, leads, loginOf, people, Person, setting } from './salesforce-kit.ts'

test('what neither REST nor Bulk can read is an error that says so, before a record is read', async () => {
  const many = Array.from({ length: 400 }, (_, n) => ({
    name: `A_field_with_a_rather_long_name_${n}__c`,
    type: 'string' as const,
  }))
  const given = await setting()
  for (const field of many) given.sf.addField('Lead', field)
  leads(given.sf, 1)
  given.sf.clock.advance(60)
  const wide = salesforce({
    object: 'Lead',
    entity: Person,
    login: loginOf(given.sf),
    reading: { via: 'rest' },
    fields: { ...fields, ...Object.fromEntries(many.map(({ name }) => [name, y.optional(y.string())])) },
    normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
  })
  expect(await errorOf(given.run(wide as never))).toMatchObject({
    _tag: 'SourceFailed',
    retry: false,
    code: 'URI_TOO_LONG',
    message: expect.stringContaining('declare fewer'),
  })
})

// Queries that take too long for this org, however often they are asked.
const tooSlow = (isSlow: (soql: string) => boolean) => ({
  on: (request: string) => /\/v68.0\/query(All)?\?/.test(request) && isSlow(request),
  times: 999,
})
const windowOf = (soql: string): number => {
  const [, from = '', to = ''] = />= (\S+) AND SystemModstamp < ([^\s)]+)/.exec(soql) ?? []
  return (Date.parse(to) - Date.parse(from)) / 1000
}

test(
  'a window that takes too long is halved until it does not, without a try of the run; a second that ' +
    'is too much says so',
  async () => {
    const given = await setting({ pageSize: 10 })
    const producer = people(given.sf)
    await given.run(producer)
    for (let minute = 0; minute < 30; minute++) {
      leads(given.sf, 3)
      given.sf.clock.advance(60)
    }
    given.sf.faults.add(
      faults.queryTimeout,
      tooSlow((soql) => windowOf(soql) > 240),
    )
    expect(await given.run(producer, { tries: 1 })).toMatchObject({ ended: 'done', stored: 90 })
    expect(given.sf.faults.happened()).toBeGreaterThan(2)
    await expectSame(given, true)
    leads(given.sf, 3)
    given.sf.clock.advance(60)
    given.sf.faults.add(
      faults.queryTimeout,
      tooSlow((soql) => windowOf(soql) > 0),
    )
    expect(await errorOf(given.run(producer, { tries: 1 }))).toMatchObject({
      retry: false,
      code: 'QUERY_TIMEOUT',
      message: expect.stringContaining("read it with { via: 'bulk' }"),
    })
    expect(await given.run(people(given.sf, { reading: { via: 'bulk' } }))).toMatchObject({ stored: 3 })
    await expectSame(given, true)
  },
)

test.for([
  ['rest', 2_000],
  ['auto', 0],
] as const)(
  'a first load that takes too long is asked in smaller pieces, and where none is small enough, by Bulk: %s',
  async ([via, enough]) => {
    const given = await setting({ pageSize: 10 })
    leads(given.sf, 45)
    given.sf.clock.advance(60)
    given.sf.faults.add(
      faults.queryTimeout,
      tooSlow((soql) => Number(/LIMIT (\d+)/.exec(soql)?.[1]) > enough),
    )
    expect(await given.run(people(given.sf, { reading: { via } }), { tries: 1 })).toMatchObject({
      ended: 'done',
      stored: 45,
    })
    expect(given.sf.seen.filter(({ request }) => /POST .*jobs/.test(request)).length).toBe(
      via === 'rest' ? 0 : 1,
    )
    await expectSame(given, true)
  },
)

test('a locator that has expired costs no try of the run: the query is asked again from there', async () => {
  const given = await setting({ pageSize: 10 })
  leads(given.sf, 45)
  given.sf.clock.advance(60)
  given.sf.faults.add(faults.locatorExpired, { on: /\/query\/01g/, after: 1 })
  expect(await given.run(people(given.sf, { reading: { via: 'rest' } }), { tries: 1 })).toMatchObject({
    ended: 'done',
    stored: 45,
    records: 45,
  })
})
