// Where what is known of an org ends: pages of many chunks, fields that go while they are read, jobs of
// another version, addresses too long, an emptied bin, odd characters.
import { expect, test } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { faults, type Fault } from 'dreampipe/adapters/salesforce/testing'
import { closing, errorOf } from '../flow/kit.ts'
import { expectSame, fields, leads, loginOf, people, Person, server, setting } from './salesforce-kit.ts'

const polls = /GET .*jobs\/query\/750\w+$/
const cut: Fault = { kind: 'cut', share: 0.9 }

test(
  'a Bulk page of many chunks, which part its characters too, counts once its last row has come: cut ' +
    'near its end, all of it comes again',
  async () => {
    const given = await setting()
    const producer = people(given.sf, { reading: { via: 'bulk', bulkPage: 6_000 } })
    leads(given.sf, 9_000, (n) => ({ Name: `Zoë 日本 𝄞 ${n}` }))
    given.sf.clock.advance(60)
    given.sf.faults.add(cut, { on: /\/results/ })
    given.sf.faults.add(cut, { on: /\/results\?.*locator/ })
    expect(await given.run(producer)).toMatchObject({ stored: 9_000, ended: 'done' })
    expect(given.sf.faults.happened()).toBe(2)
    expect((await given.pipeline.find(Person, { limit: 1 })).items).toEqual([])
    await given.pipeline.start()
    await given.pipeline.settled()
    expect(
      await given.pipeline.sql(
        "SELECT count(*) AS n, count(*) FILTER (name LIKE 'Zoë 日本 𝄞 %') AS whole, sum(revenue) AS revenue " +
          'FROM Person',
      ),
    ).toEqual([{ n: 9_000, whole: 9_000, revenue: `${(8_999 * 9_000) / 2 + 4_500}` }])
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

test('a job that another API version made, and one that is gone, are made anew by the next run', async () => {
  const given = await setting()
  leads(given.sf, 25)
  given.sf.clock.advance(60)
  const of = (version: string) => people(given.sf, { version, reading: { via: 'bulk', bulkPage: 10 } })
  for (const [round, disturb] of [() => undefined, () => given.sf.forgetJobs()].entries()) {
    given.sf.faults.add(faults.forbidden, { on: /\/results\?.*locator/, times: 9 })
    expect(await errorOf(given.run(of('68.0')))).toMatchObject({ _tag: 'SourceFailed', retry: false })
    given.sf.faults.clear()
    disturb()
    expect(await given.run(of(round === 0 ? '67.0' : '68.0'))).toMatchObject({ ended: 'done', rejected: 0 })
    leads(given.sf, 25)
    given.sf.clock.advance(60)
  }
  await given.run(of('68.0'))
  await expectSame(given, true)
})

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

test(
  'away for longer than the recycle bin keeps: a warning says so, and reconcile finds what left ' + 'it',
  async () => {
    const given = await setting()
    const { sf } = given
    const producer = people(sf, { reconcile: { hours: 24 } })
    const ids = leads(sf, 20)
    sf.clock.advance(60)
    await given.run(producer)
    sf.delete(ids[3] as string)
    sf.clock.advance(16 * 24 * 3_600)
    await given.run(producer)
    expect(given.warnings.at(-1)).toMatch(
      /^Lead was last read 2026-03-01T12:0\d:00Z: what left the recycle bin since then shows only by rec/,
    )
    await given.pipeline.start()
    await given.pipeline.settled()
    expect(await given.pipeline.current(Person, { id: ids[3] as string })).toBeUndefined()
    expect(await given.pipeline.sql('SELECT count(*) AS n FROM Person')).toEqual([{ n: 19 }])
  },
)

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

test('a job is asked for less and less often, and a run that is to end does not wait for it', async () => {
  const given = await setting({ polls: 1_000_000 })
  const producer = people(given.sf, { reading: { via: 'bulk', poll: 5 } })
  leads(given.sf, 3)
  given.sf.clock.advance(60)
  const stop = new AbortController()
  const ended = given.run(producer, { signal: stop.signal })
  given.sf.faults.add(
    {
      kind: 'rewrite',
      body: (body) => {
        stop.abort()
        return body
      },
    },
    { on: polls, after: 6 },
  )
  expect(await ended).toMatchObject({ ended: 'stopped', stored: 0 })
  given.sf.settings.polls = 1
  expect(await given.run(producer)).toMatchObject({ ended: 'done', stored: 3 })
  // The job was kept, and no other one made.
  expect(
    given.sf.seen.filter(({ request }) => request.startsWith('POST')).length - given.sf.sessions.logins(),
  ).toBe(1)
})
