// Bulk jobs: pages of many chunks, jobs that fail, that others made or that are gone, and waiting for one.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { faults, type Fault } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { expectSame, leads, loginOf, people, Person, server, setting } from './salesforce-kit.ts'

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

test('where jobs fail again and again, REST reads it, unless Bulk was asked for', async () => {
  const given = await setting({ pageSize: 10 })
  leads(given.sf, 45)
  given.sf.clock.advance(60)
  given.sf.faults.add(faults.jobFailed, { on: /GET .*jobs\/query\/750\w+$/, times: 99 })
  expect((await given.run(people(given.sf, { reading: { bulkAbove: 10 } }))).stored).toBe(45)
  expect(given.warnings.join('\n')).toMatch(/REST does: .*Retried more than fifteen times/)
  await expectSame(given, true)
})

test('result pages that go round in a circle end', async () => {
  const given = await setting({ pageSize: 10 })
  leads(given.sf, 45)
  given.sf.clock.advance(60)
  let n = 0
  const round = (at: number): string => Buffer.from(String(at)).toString('base64')
  given.sf.faults.add(
    {
      kind: 'rewrite',
      headers: (headers) => {
        headers['Sforce-Locator'] = round(n++ % 2 === 0 ? 10 : 20)
      },
    },
    { on: /\/results/, times: 200 },
  )
  expect(
    await errorOf(given.run(people(given.sf, { reading: { via: 'bulk', bulkPage: 10 } }), { tries: 1 })),
  ).toMatchObject({ _tag: 'SourceFailed' })
  expect(n).toBeLessThan(60)
})

const Wide = entity('Wide', {
  properties: {
    id: y.string(),
    name: y.optional(y.string()),
    email: y.optional(y.string()),
    phone: y.optional(y.string()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})

test('a job that was created for other fields is not read on with new ones', async () => {
  const sf = await server()
  const { pipeline } = open([Wide])
  for (let n = 0; n < 30; n++)
    sf.insert('Lead', { Name: `Lead ${n}`, Email: `lead${n}@example.com`, Phone: `+41 ${n}` })
  sf.clock.advance(60)
  const reading = { via: 'bulk', poll: 5, bulkPage: 10 } as const
  const narrow = salesforce({
    name: 'wide',
    object: 'Lead',
    entity: Wide,
    login: loginOf(sf),
    reading,
    fields: { Id: y.string(), Name: y.string(), SystemModstamp: y.dateTime() },
    normalise: (record, to) => to.update({ id: record.Id, name: record.Name, at: record.SystemModstamp }),
  })
  const wide = salesforce({
    name: 'wide',
    object: 'Lead',
    entity: Wide,
    login: loginOf(sf),
    reading,
    fields: {
      Id: y.string(),
      Name: y.string(),
      Email: y.string(),
      Phone: y.optional(y.string()),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) =>
      to.update({
        id: record.Id,
        name: record.Name,
        email: record.Email,
        phone: record.Phone,
        at: record.SystemModstamp,
      }),
  })
  // Ended in the midst of the job's result pages.
  sf.faults.add({ kind: 'hang' }, { on: /\/results/, after: 1 })
  const end = new AbortController()
  sf.faults.add(
    {
      kind: 'rewrite',
      body: (body) => {
        setTimeout(() => end.abort(), 200)
        return body
      },
    },
    { on: /\/results/ },
  )
  expect((await pipeline.run(narrow, { signal: end.signal })).ended).toBe('stopped')
  sf.faults.clear()
  expect(await pipeline.run(wide)).toMatchObject({ ended: 'done', rejected: 0 })
  await pipeline.start()
  await pipeline.settled()
  expect(
    await pipeline.sql('SELECT count(*) AS n FROM Wide WHERE email IS NOT NULL AND phone IS NOT NULL'),
  ).toEqual([{ n: 30 }])
})
