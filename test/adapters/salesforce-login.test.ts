// Logging in every way: again when a session ends, once however many ask, and what is said when nobody
// answers.
import { expect, test } from 'vitest'
import { salesforce, salesforceOrg, type Login } from 'dreampipe/adapters/salesforce'
import { faults, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { fields, leads, loginOf, people, Person, server, setting } from './salesforce-kit.ts'
import { keys, producerOf } from './salesforce-logins.ts'

const rotated: string[] = []
const flows: readonly (readonly [name: string, login: (sf: LocalSalesforce) => Login, renewable: boolean])[] =
  [
    ['client credentials', loginOf, true],
    [
      'JWT bearer',
      ({ url }) => ({
        loginUrl: url,
        clientId: 'local-client',
        username: 'reader@example.com',
        privateKey: keys.privateKey,
        audience: url,
      }),
      true,
    ],
    [
      'a refresh token',
      ({ url }) => ({
        loginUrl: url,
        clientId: 'local-client',
        clientSecret: 'local-secret-5e0c',
        refreshToken: 'refresh-me-1',
        onRefreshToken: (token) => rotated.push(token),
      }),
      true,
    ],
    ['an access token', ({ url, sessions }) => ({ instanceUrl: url, accessToken: sessions.issue() }), false],
    [
      'an access token and a way to another',
      ({ url, sessions }) => ({
        instanceUrl: url,
        accessToken: sessions.issue(),
        renew: async () => sessions.issue(),
      }),
      true,
    ],
  ]

test.for(flows)('logs in with %s, and again when the session ends', async ([, login, renewable]) => {
  const given = await setting({
    client: {
      publicKey: keys.publicKey,
      username: 'reader@example.com',
      refreshToken: 'refresh-me-1',
      rotate: true,
    },
  })
  leads(given.sf, 3)
  given.sf.clock.advance(60)
  const producer = producerOf(login(given.sf))
  expect((await given.run(producer)).stored).toBe(3)
  given.sf.sessions.expire()
  if (!renewable) {
    expect(await errorOf(given.run(producer))).toMatchObject({
      _tag: 'SourceFailed',
      retry: false,
      message: expect.stringContaining('an access token alone cannot be renewed'),
    })
    return
  }
  for (let round = 0; round < 2; round++) {
    given.sf.sessions.expire()
    expect((await given.run(producer)).ended).toBe('done')
  }
  if ('refreshToken' in login(given.sf)) expect(rotated.at(-1)).toBe(given.sf.sessions.refreshToken())
})

test('one login, however many ask at once, and one more when the session has ended', async () => {
  const sf = await server()
  const org = salesforceOrg({ login: loginOf(sf) })
  const caller = { signal: new AbortController().signal, budget: { left: () => Infinity, spend: () => true } }
  const ask = () =>
    Promise.all(
      Array.from({ length: 8 }, () =>
        org.call({ verb: 'limits', path: '/limits' }, caller).then((reply) => reply.text()),
      ),
    )
  await ask()
  expect(sf.sessions.logins()).toBe(1)
  sf.sessions.expire()
  await ask()
  expect(sf.sessions.logins()).toBe(2)
  expect(org.usage()).toMatchObject({ max: 100_000, calls: 24 })
})

test('nothing listens: said at once, to be tried again', async () => {
  const { pipeline } = open([Person])
  const sf = await server()
  await sf.close()
  expect(await errorOf(pipeline.run(producerOf(loginOf(sf)), { tries: 1 }))).toMatchObject({
    _tag: 'SourceFailed',
    retry: true,
    message: expect.stringContaining('ECONNREFUSED'),
  })
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
