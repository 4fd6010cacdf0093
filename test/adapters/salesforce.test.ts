// Logging in every way, keeping secrets, sharing an org, printing fields; and jsforce itself against the
// local Salesforce.
import { createSign, generateKeyPairSync } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { Connection } from 'jsforce'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { describeFields, salesforce, salesforceOrg, type Login } from 'dreampipe/adapters/salesforce'
import { faults, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { fields, leads, loginOf, Person, server, setting } from './salesforce-kit.ts'

const producerOf = (login: Login, timeout = 1_000) =>
  salesforce({
    object: 'Lead',
    entity: Person,
    login: salesforceOrg({ login, timeout }),
    fields,
    normalise: (record, to) =>
      to.update({ id: record.Id, name: record.Name, updatedAt: record.SystemModstamp }),
  })

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
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

test('no secret is ever in an error, a warning or what is told of a run', async () => {
  const sf = await server({
    client: {
      clientSecret: 'hush-client-secret',
      refreshToken: 'hush-refresh-token',
      publicKey: keys.publicKey,
      username: 'u',
    },
  })
  const { pipeline, signals } = open([Person])
  const access = `hush-${sf.sessions.issue()}`
  const echo = (secret: string) =>
    ({
      kind: 'answer',
      status: 400,
      body: JSON.stringify([
        { errorCode: 'MALFORMED_QUERY', message: `you said ${secret} and ${encodeURIComponent(secret)}` },
      ]),
    }) as const
  const oauthEcho = (secret: string) =>
    ({
      kind: 'answer',
      status: 400,
      body: JSON.stringify({ error: 'invalid_client', error_description: `you said ${secret}` }),
    }) as const
  const logins: readonly (readonly [Login, string])[] = [
    [
      { instanceUrl: sf.url, clientId: 'local-client', clientSecret: 'hush-client-secret' },
      'hush-client-secret',
    ],
    [
      { loginUrl: sf.url, clientId: 'local-client', refreshToken: 'hush-refresh-token' },
      'hush-refresh-token',
    ],
    [{ instanceUrl: sf.url, accessToken: access }, access],
  ]
  const told: unknown[] = []
  for (const [login, secret] of logins) {
    for (const fault of [echo(secret), oauthEcho(secret), faults.invalidGrant, faults.cutBody, faults.hang]) {
      sf.faults.add(fault, { on: /oauth2|describe/, times: 9 })
      told.push(await errorOf(pipeline.run(producerOf(login, 100), { tries: 1 })))
      sf.faults.clear()
    }
  }
  expect(told).toHaveLength(15)
  const all = [
    ...told.map((error) =>
      [String(error), JSON.stringify(error), (error as Error).stack, String((error as Error).cause)].join(),
    ),
    JSON.stringify(signals),
  ].join('\n')
  expect(all).not.toContain('hush')
  expect(all).not.toContain('PRIVATE KEY')
  expect(all).toContain('MALFORMED_QUERY: you said …')
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

test('a stored cursor of another version ends the run before anything is read', async () => {
  const given = await setting()
  const producer = producerOf(loginOf(given.sf))
  const strange = {
    ...producer,
    definition: { ...producer.definition, start: { ...producer.definition.start, version: 2 } as never },
  }
  expect(await errorOf(given.run(strange))).toMatchObject({
    _tag: 'SourceFailed',
    message: expect.stringContaining('the stored cursor does not fit its codec'),
  })
  expect(given.sf.seen).toEqual([])
})

test('the fields of an object, to paste', async () => {
  const sf = await server()
  const text = await describeFields({ login: loginOf(sf), object: 'Account' })
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'fields: {',
      '  Id: y.string(),',
      '  SystemModstamp: y.dateTime(),',
      '  Name: y.optional(y.string()),',
      '  AnnualRevenue: y.optional(y.decimal()),',
      '}',
      '  BillingAddress: y.optional(y.object({ Street: y.optional(y.string()), City: ' +
        'y.optional(y.string()), State: y.optional(y.string()), PostalCode: y.optional(y.string()), ' +
        'Country: y.optional(y.string()), Latitude: y.optional(y.double()), Longitude: ' +
        'y.optional(y.double()) })),',
    ]),
  )
})

test.for(['rest', 'bulk'] as const)(
  'what is printed reads every field of every type, pasted as it is: %s',
  async (via) => {
    const given = await setting()
    const { sf } = given
    const account = sf.insert('Account', { Name: 'Acme' })
    sf.insert('Lead', {
      Name: 'Full',
      Status: 'Open',
      Interests__c: 'A;C',
      AnnualRevenue: '12.50',
      Discount__c: '12.5',
      NumberOfEmployees: 7,
      Visits__c: '9007199254740993',
      HasOptedOut: true,
      Birthday__c: '2020-11-16',
      LastCall__c: '2020-10-22T21:03:23.000+0000',
      BestTime__c: '10:15:00.000Z',
      Extra__c: '{"a":1}',
      AccountId: account,
      Latitude: '46.947922',
      City: 'Bern',
      Place__Latitude__s: '46.5',
    })
    sf.insert('Lead', { Name: 'Empty' })
    sf.clock.advance(60)
    const text = await describeFields({ login: loginOf(sf), object: 'Lead' })
    const pasted = (runInNewContext(`({ ${text} })`, { y }) as { readonly fields: typeof fields }).fields
    const records: unknown[] = []
    const all = salesforce({
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      reading: { via, poll: 5 },
      fields: pasted,
      normalise: (record, to) => {
        records.push(record)
        return to.update({ id: record.Id, name: record.Name, updatedAt: record.SystemModstamp })
      },
    })
    expect(await given.run(all as never)).toMatchObject({ stored: 2, rejected: 0 })
    expect(
      given.warnings.filter((message) => message.includes('left out') && !message.includes('Photo__c')),
    ).toEqual([])
    expect(records.find((record) => (record as { readonly Name: string }).Name === 'Full')).toMatchObject({
      Interests__c: ['A', 'C'],
      AnnualRevenue: '12.5',
      Discount__c: '12.5',
      NumberOfEmployees: 7,
      Visits__c: 9007199254740993n,
      HasOptedOut: true,
      Birthday__c: '2020-11-16',
      LastCall__c: '2020-10-22T21:03:23.000000Z',
      BestTime__c: '10:15:00',
      Extra__c: { a: 1 },
      AccountId: account,
      Address: { City: 'Bern', Latitude: 46.947922, Street: null },
      Place__c: { Latitude: 46.5, Longitude: null },
      Weighted__c: '12.5',
      OwnerId: null,
    })
  },
)

const Thing = entity('Thing', {
  properties: { id: y.string(), owner: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

test(
  'fields of parents, polymorphic ones too, by REST and by Bulk; the address of a query that is too ' +
    'long leaves it to Bulk',
  async () => {
    const many = Array.from({ length: 400 }, (_, n) => ({
      name: `A_field_with_a_rather_long_name_${n}__c`,
      type: 'string' as const,
    }))
    const sf = await server()
    for (const field of many) sf.addField('Lead', field)
    const owner = sf.insert('User', { Name: 'Ann' })
    sf.insert('Lead', { Name: 'One', OwnerId: owner })
    sf.clock.advance(60)
    const { pipeline } = open([Thing])
    const of = (via: 'rest' | 'bulk' | 'auto', more: boolean) =>
      salesforce({
        name: `things-${via}`,
        object: 'Lead',
        entity: Thing,
        login: loginOf(sf),
        reading: { via, poll: 5 },
        fields: {
          Id: y.string(),
          Owner: y.optional(y.object({ Name: y.string() })),
          SystemModstamp: y.dateTime(),
          ...(more ? Object.fromEntries(many.map(({ name }) => [name, y.optional(y.string())])) : {}),
        },
        normalise: (record, to) =>
          to.update({ id: record.Id, owner: record.Owner?.Name, at: record.SystemModstamp }),
      })
    expect(await pipeline.run(of('rest', false))).toMatchObject({ stored: 1 })
    expect(await pipeline.run(of('bulk', false))).toMatchObject({ stored: 0, duplicate: 1 })
    expect(await pipeline.run(of('auto', true))).toMatchObject({ stored: 0, duplicate: 1 })
    expect(sf.seen.filter(({ request }) => /POST .*jobs/.test(request)).length).toBe(2)
    expect(sf.seen.filter(({ request, status }) => status >= 400 && !request.includes('Group'))).toEqual([])
    expect((await pipeline.find(Thing)).items).toMatchObject([])
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.find(Thing)).items).toMatchObject([{ owner: 'Ann' }])
  },
)

// jsforce honours a proxy and knows no exceptions for the loopback.
for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) delete process.env[name]

test('jsforce speaks to the local Salesforce: login, query, describe, limits, errors, bulk', async () => {
  const sf = await server({ pageSize: 10, gzip: true })
  const ids = leads(sf, 25)
  sf.clock.advance(60)
  const connection = new Connection({
    instanceUrl: sf.url,
    loginUrl: sf.url,
    version: '68.0',
    oauth2: { loginUrl: sf.url, clientId: sf.client.clientId, clientSecret: sf.client.clientSecret },
  })
  await connection.authorize({ grant_type: 'client_credentials' })
  const page = await connection.query('SELECT Id, Name, Owner.Name FROM Lead ORDER BY Name LIMIT 15')
  expect([page.totalSize, page.done, page.records.length]).toEqual([15, false, 10])
  expect((await connection.queryMore(page.nextRecordsUrl as string)).records).toHaveLength(5)
  expect(connection.limitInfo.apiUsage).toEqual({ used: 2, limit: 100_000 })
  expect((await connection.describe('Lead')).fields.find(({ name }) => name === 'OwnerId')).toMatchObject({
    type: 'reference',
    polymorphicForeignKey: true,
    referenceTo: ['Group', 'User'],
  })
  expect(
    (await connection.sobject('Lead').updated('2026-03-01T11:00:00Z', '2026-03-01T12:01:00Z')).ids,
  ).toHaveLength(25)
  await expect(connection.query('SELECT Nothing FROM Lead')).rejects.toMatchObject({
    errorCode: 'INVALID_FIELD',
    message: expect.stringContaining("No such column 'Nothing' on entity 'Lead'"),
  })
  await expect(
    connection.query("SELECT Id FROM Lead WHERE Name = 'a' AND Name = 'b' OR Name = 'c'"),
  ).rejects.toMatchObject({ errorCode: 'MALFORMED_QUERY' })
  connection.bulk2.pollInterval = 5
  const records: unknown[] = []
  for await (const record of await connection.bulk2.query('SELECT Id, Name FROM Lead')) records.push(record)
  expect(records).toHaveLength(25)
  const [job] = sf.seen
    .map(({ request }) => /jobs\/query\/(750\w+)/.exec(request)?.[1])
    .filter((id) => id !== undefined)
  sf.settings.bulkPageSize = 10
  const { resultPages } = await connection.request<{
    readonly resultPages: readonly { readonly resultUrl: string }[]
  }>(`/services/data/v68.0/jobs/query/${job}/resultPages`)
  expect(
    resultPages.map(({ resultUrl }) =>
      Buffer.from(/locator=(\w+)/.exec(resultUrl)?.[1] ?? '', 'base64').toString(),
    ),
  ).toEqual(['', '10', '20'])
  sf.delete(ids[0] as string)
  sf.merge(ids[1] as string, ids[2] as string)
  expect((await connection.query('SELECT Id FROM Lead LIMIT 200')).totalSize).toBe(23)
  const all = await connection.query<{
    readonly Id: string
    readonly IsDeleted: boolean
    readonly MasterRecordId: string | null
  }>('SELECT Id, IsDeleted, MasterRecordId FROM Lead WHERE IsDeleted = true ORDER BY Id', { scanAll: true })
  expect(all.records.map(({ Id, IsDeleted, MasterRecordId }) => ({ Id, IsDeleted, MasterRecordId }))).toEqual(
    [
      { Id: ids[0], IsDeleted: true, MasterRecordId: null },
      { Id: ids[2], IsDeleted: true, MasterRecordId: ids[1] },
    ],
  )
  sf.clock.advance(60)
  expect(
    (
      await connection.sobject('Lead').deleted('2026-03-01T11:00:00Z', '2026-03-01T12:02:00Z')
    ).deletedRecords.map(({ id }) => id),
  ).toEqual([ids[0], ids[2]])
})

test(
  'jsforce logs in to it by JWT and renews its session with a refresh token, and is refused what is ' +
    'wrong',
  async () => {
    const sf = await server({
      client: { publicKey: keys.publicKey, username: 'reader@example.com', refreshToken: 'refresh-me-1' },
    })
    leads(sf, 3)
    const oauth2 = { loginUrl: sf.url, clientId: sf.client.clientId, clientSecret: sf.client.clientSecret }
    const refreshing = new Connection({
      instanceUrl: sf.url,
      version: '68.0',
      oauth2,
      accessToken: 'long gone',
      refreshToken: 'refresh-me-1',
    })
    expect((await refreshing.query('SELECT Id FROM Lead')).totalSize).toBe(3)
    sf.sessions.expire()
    expect((await refreshing.query('SELECT Id FROM Lead')).totalSize).toBe(3)
    expect(sf.sessions.logins()).toBe(2)
    const claims = Buffer.from(
      JSON.stringify({
        iss: 'local-client',
        sub: 'reader@example.com',
        aud: sf.url,
        exp: Math.floor(Date.now() / 1000) + 180,
      }),
    ).toString('base64url')
    const signed = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${claims}`
    const bearer = new Connection({ instanceUrl: sf.url, loginUrl: sf.url, version: '68.0', oauth2 })
    const authorize = (assertion: string) =>
      bearer.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    await authorize(`${signed}.${createSign('RSA-SHA256').update(signed).sign(keys.privateKey, 'base64url')}`)
    expect((await bearer.query('SELECT COUNT() FROM Lead')).totalSize).toBe(3)
    await expect(
      authorize(`${signed}.${createSign('RSA-SHA256').update('another').sign(keys.privateKey, 'base64url')}`),
    ).rejects.toMatchObject({ name: 'invalid_grant', message: "user hasn't approved this consumer" })
    const wrong = new Connection({
      instanceUrl: sf.url,
      loginUrl: sf.url,
      oauth2: { ...oauth2, clientSecret: 'wrong' },
    })
    await expect(wrong.authorize({ grant_type: 'client_credentials' })).rejects.toMatchObject({
      name: 'invalid_client',
    })
  },
)
