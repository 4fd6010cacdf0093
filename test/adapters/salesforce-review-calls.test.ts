// Calls that are waited for, ended, and never asked too often: quotas that pass, Retry-After, ends that come
// while something hangs.
import { afterEach, expect, test, vi } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { faults, systemFields, type Fault, type SObject } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { expectSame, fields, leads, loginOf, people, Person, setting } from './salesforce-kit.ts'

afterEach(() => {
  vi.useRealTimers()
})

// jsforce honours a proxy and knows no exceptions for the loopback.
for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) delete process.env[name]

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

test('a run that is to end does not wait for a login that hangs', async () => {
  const given = await setting()
  given.sf.faults.add(faults.hang, { on: /oauth2/ })
  const end = new AbortController()
  setTimeout(() => end.abort(), 100)
  const started = performance.now()
  expect((await given.run(people(given.sf, { timeout: 20_000 }), { signal: end.signal })).ended).toBe(
    'stopped',
  )
  expect(performance.now() - started).toBeLessThan(3_000)
})

test('`updated` that this user may not ask leaves ten minutes out, and nothing else', async () => {
  const given = await setting()
  given.sf.faults.add(faults.forbidden, { on: /updated/, times: 99 })
  leads(given.sf, 3)
  given.sf.clock.advance(700)
  expect((await given.run(people(given.sf))).stored).toBe(3)
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

const parents = Array.from({ length: 30 }, (_, n): SObject => ({
  name: `Parent${n}__c`,
  keyPrefix: `b${String(n).padStart(2, '0')}`,
  fields: [...systemFields(), { name: 'Name', type: 'string' }],
}))
const visit: SObject = {
  name: 'Visit__c',
  keyPrefix: 'a0V',
  fields: [
    ...systemFields(),
    {
      name: 'WhatId',
      type: 'reference',
      referenceTo: parents.map(({ name }) => name),
      relationshipName: 'What',
    },
  ],
}
const Visit = entity('Visit', {
  properties: { id: y.string(), what: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

test('a parent of thirty kinds does not cost thirty calls', async () => {
  const given = await setting({ objects: [visit, ...parents] })
  const { pipeline } = open([Visit])
  const { sf } = given
  sf.insert('Visit__c', { WhatId: sf.insert('Parent29__c', { Name: 'Last' }) })
  sf.clock.advance(60)
  const producer = salesforce({
    object: 'Visit__c',
    entity: Visit,
    login: loginOf(sf),
    fields: {
      Id: y.string(),
      What: y.optional(y.object({ Name: y.optional(y.string()) })),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) =>
      to.update({ id: record.Id, what: record.What?.Name, at: record.SystemModstamp }),
  })
  expect(await pipeline.run(producer)).toMatchObject({ stored: 1 })
  expect(sf.used()).toBeLessThan(12)
})

test('an object that cannot be queried says so', async () => {
  const given = await setting()
  given.sf.faults.add(
    { kind: 'rewrite', body: (body) => body.replace('"queryable":true', '"queryable":false') },
    { on: /describe/, times: 9 },
  )
  expect(await errorOf(given.run(people(given.sf)))).toMatchObject({
    _tag: 'SourceFailed',
    retry: false,
    message: expect.stringContaining('Lead cannot be queried'),
  })
})

test('options that are no numbers are refused at once', () => {
  const of = (more: object) => () =>
    salesforce({
      object: 'Lead',
      entity: Person,
      login: salesforceOrg({ login: { instanceUrl: 'http://127.0.0.1', accessToken: 'none' } }),
      fields,
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
      ...more,
    })
  for (const [more, path] of [
    [{ reconcile: { hours: NaN } }, 'reconcile.hours'],
    [{ reconcile: { hours: 1, share: -1 } }, 'reconcile.share'],
    [{ reading: { bulkPage: 0 } }, 'reading.bulkPage'],
    [{ reading: { poll: 0 } }, 'reading.poll'],
    [{ reading: { via: 'soap' } }, 'reading.via'],
  ] as const) {
    expect(of(more)).toThrow(expect.objectContaining({ _tag: 'InvalidDefinition', path }))
  }
})

test('an org that moved to another host is logged in to again', async () => {
  const given = await setting()
  const producer = people(given.sf)
  await given.run(producer)
  expect(given.sf.sessions.logins()).toBe(1)
  leads(given.sf, 3)
  given.sf.clock.advance(60)
  given.sf.faults.add(
    { kind: 'answer', status: 302, body: '', headers: { Location: 'http://127.0.0.1:1/elsewhere' } },
    { on: /describe/ },
  )
  expect((await given.run(producer)).stored).toBe(3)
  expect(given.sf.sessions.logins()).toBe(2)
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

test.each(['', 'mycompany.my.salesforce.com', 'ftp://mycompany', 'http://'])(
  'a login whose address is none (%j) says so, and is not tried again',
  async (instanceUrl) => {
    const { pipeline } = open([Person])
    const producer = salesforce({
      object: 'Lead',
      entity: Person,
      login: { instanceUrl, clientId: 'me', clientSecret: 'very-secret' },
      fields,
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp } as never),
    })
    expect(await errorOf(pipeline.run(producer))).toMatchObject({
      _tag: 'SourceFailed',
      retry: false,
      message: expect.stringContaining(
        `login.instanceUrl is to be an address like https://mycompany.my.salesforce.com, got ` +
          `${JSON.stringify(instanceUrl)}`,
      ),
    })
  },
)
