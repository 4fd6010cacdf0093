// No secret is told: not in errors, not in warnings, not in signals.
import { expect, test } from 'vitest'
import type { Login } from 'dreampipe/adapters/salesforce'
import { faults } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { Person, server } from './salesforce-kit.ts'
import { keys, producerOf } from './salesforce-logins.ts'

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
