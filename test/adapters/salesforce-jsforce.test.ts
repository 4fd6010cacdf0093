// jsforce itself against the local Salesforce: what the tests read is what a client of the real one reads.
import { createSign } from 'node:crypto'
import { Connection } from 'jsforce'
import { expect, test } from 'vitest'
import { leads, server } from './salesforce-kit.ts'
import { keys } from './salesforce-logins.ts'

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
