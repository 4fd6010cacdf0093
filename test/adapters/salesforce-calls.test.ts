// Calls: their budget, the quota of an org, Retry-After, and answers that take long.
import { afterEach, expect, test, vi } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { faults, type Fault } from 'dreampipe/adapters/salesforce/testing'
import { closing } from '../flow/kit.ts'
import {
  expectSame,
  fields,
  leads,
  loginOf,
  people,
  Person,
  server,
  setting,
  ways,
} from './salesforce-kit.ts'

afterEach(() => {
  vi.useRealTimers()
})

test(
  'an org whose quota was used up is asked again later, and the report says that there is ' + 'more',
  async () => {
    const given = await setting({ pageSize: 5, dailyCalls: 100 })
    leads(given.sf, 40)
    given.sf.clock.advance(60)
    given.sf.spend(76)
    // One producer for good, as a service has it.
    const producer = people(given.sf, { reading: { via: 'rest' } })
    expect((await given.run(producer)).ended).toBe('budget')
    expect(given.warnings.at(-1)).toMatch(/the org has used 80 of its 100 API calls of the day/)
    given.sf.settings.dailyCalls = 10_000
    // Within a few minutes it is not asked again.
    const asked = given.sf.used()
    expect((await given.run(producer)).ended).toBe('budget')
    expect(given.sf.used()).toBe(asked)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 })
    expect((await given.run(producer)).ended).toBe('done')
    await expectSame(given, true)
  },
)

test("calls of the org's own share that are spent end a run as budget", async () => {
  const given = await setting({ pageSize: 5 })
  leads(given.sf, 40)
  given.sf.clock.advance(60)
  expect(await given.run(people(given.sf, { reading: { via: 'rest' }, calls: 5 }))).toMatchObject({
    ended: 'budget',
    calls: 5,
  })
})

const busy = (status: number, after: string): Fault => ({
  kind: 'answer',
  status,
  body: '',
  headers: { 'Retry-After': after },
})

test.for([429, 503])('%i: what Retry-After says is waited for', async (status) => {
  const given = await setting()
  leads(given.sf, 3)
  given.sf.clock.advance(60)
  const producer = people(given.sf, { timeout: 5_000 })
  given.sf.faults.add(busy(status, '1'), { on: /describe/ })
  const started = performance.now()
  expect((await given.run(producer)).stored).toBe(3)
  expect(performance.now() - started).toBeGreaterThan(900)
})

test('Retry-After is capped, may be a date, and is not waited for once a run is to end', async () => {
  const given = await setting()
  leads(given.sf, 3)
  given.sf.clock.advance(60)
  for (const after of ['86400', new Date(Date.now() + 86_400_000).toUTCString(), 'soon']) {
    given.sf.faults.add(busy(429, after), { on: /describe/ })
    const started = performance.now()
    expect((await given.run(people(given.sf, { timeout: 300 }))).ended).toBe('done')
    expect(performance.now() - started).toBeLessThan(3_000)
  }
  given.sf.faults.add(busy(429, '60'), { on: /describe/ })
  const started = performance.now()
  const end = new AbortController()
  setTimeout(() => end.abort(), 300)
  expect((await given.run(people(given.sf, { timeout: 60_000 }), { signal: end.signal })).ended).toBe(
    'stopped',
  )
  expect(performance.now() - started).toBeLessThan(3_000)
})

for (const via of ['rest', 'bulk'] as const) {
  test(`a body may take long, as long as something comes: ${via}`, async () => {
    const given = await setting()
    leads(given.sf, 30)
    given.sf.clock.advance(60)
    given.sf.faults.add(
      { kind: 'slow', parts: 6, pause: 150 },
      { on: via === 'rest' ? /\/query/ : /\/results/ },
    )
    const started = performance.now()
    expect((await given.run(people(given.sf, { timeout: 400, reading: { via } }), { tries: 1 })).stored).toBe(
      30,
    )
    expect(performance.now() - started).toBeGreaterThan(700)
  })
}

test.for(ways)(
  'a run ends when its calls are spent, also while it waits for a job, and the next one goes on: %s',
  async ([, options]) => {
    const given = await setting({ pageSize: 5, polls: 12 })
    const producer = people(given.sf, options)
    leads(given.sf, 40)
    given.sf.clock.advance(60)
    const reports = []
    do reports.push(await given.run(producer, { budget: { run: 5 } }))
    while (reports.at(-1)?.ended === 'budget' && reports.length < 20)
    expect(reports.length).toBeGreaterThan(2)
    expect(reports.every(({ calls }) => calls <= 5)).toBe(true)
    expect(reports.at(-1)?.ended).toBe('done')
    expect(given.sf.seen.filter(({ request }) => /POST .*jobs/.test(request)).length).toBeLessThanOrEqual(1)
    await expectSame(given, true)
  },
)

test.for(ways)("a run ends before the org's own calls are used up: %s", async ([, options]) => {
  const given = await setting({ pageSize: 5, dailyCalls: 100 })
  leads(given.sf, 40)
  given.sf.clock.advance(60)
  given.sf.spend(76)
  given.sf.faults.add(faults.longLimitInfo, { times: 99 })
  await given.run(people(given.sf, options))
  expect(given.warnings.at(-1)).toMatch(
    /the org has used 80 of its 100 API calls of the day; the next run goes on at/,
  )
  expect(given.sf.used()).toBe(80)
  given.sf.settings.dailyCalls = 10_000
  await given.run(people(given.sf, options))
  await expectSame(given, true)
})

const Company = entity('Company', {
  properties: { id: y.string(), name: y.string(), owner: y.optional(y.string()), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

test('several objects share one login and one budget', async () => {
  const sf = await server({ pageSize: 5 })
  const pipeline = closing(
    createPipeline([Person, Company], { driver: embedded({ folder: ':memory:' }), observe: () => undefined }),
  )
  const owner = sf.insert('User', { Name: 'Ann' })
  leads(sf, 20)
  for (let n = 0; n < 20; n++) sf.insert('Account', { Name: `Company ${n}`, OwnerId: owner })
  sf.clock.advance(60)
  const org = salesforceOrg({ login: loginOf(sf), calls: 12 })
  const reading = { via: 'rest' } as const
  const producers = [
    salesforce({
      object: 'Lead',
      entity: Person,
      login: org,
      fields,
      reading,
      normalise: (record, to) =>
        to.update({ id: record.Id, name: record.Name, updatedAt: record.SystemModstamp }),
    }),
    salesforce({
      object: 'Account',
      entity: Company,
      login: org,
      reading,
      fields: {
        Id: y.string(),
        Name: y.string(),
        Owner: y.optional(y.object({ Name: y.optional(y.string()) })),
        SystemModstamp: y.dateTime(),
      },
      normalise: (record, to) =>
        to.update({
          id: record.Id,
          name: record.Name,
          owner: record.Owner?.Name,
          updatedAt: record.SystemModstamp,
        }),
    }),
  ] as const
  await Promise.all([pipeline.run(producers[0]), pipeline.run(producers[1])])
  expect(org.usage().calls).toBe(12)
  expect(sf.sessions.logins()).toBe(1)
  expect(sf.used()).toBe(12)
})
