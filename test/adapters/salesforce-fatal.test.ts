// Faults that end a run: said as what they are, not tried again, and the next run goes on where it ended.
import { expect, test } from 'vitest'
import { faults, type Fault, type When } from 'dreampipe/adapters/salesforce/testing'
import { errorOf } from '../flow/kit.ts'
import { expectSame, leads, people, setting, type PeopleOptions } from './salesforce-kit.ts'
import { bulk, nexts, rest } from './salesforce-requests.ts'

const fatal: readonly (readonly [
  name: string,
  options: PeopleOptions,
  fault: Fault,
  when: When,
  message: RegExp,
])[] = [
  [
    "the day's calls are used up",
    rest,
    faults.dailyLimit,
    { on: nexts, after: 1, times: 99 },
    /TotalRequests Limit exceeded.*the next run goes on here/,
  ],
  ['the user may not', rest, faults.forbidden, { on: nexts, times: 99 }, /INSUFFICIENT_ACCESS/],
  [
    'the session is never good',
    rest,
    faults.sessionForbidden,
    { on: nexts, times: 99 },
    /may this user use the API/,
  ],
  [
    'every session is refused',
    rest,
    faults.sessionExpired,
    { on: nexts, times: 99 },
    /may this user use the API/,
  ],
  [
    'the login is refused',
    rest,
    faults.invalidGrant,
    { on: /oauth2/, times: 99 },
    /invalid_grant: expired access\/refresh token/,
  ],
  [
    'jobs fail again and again',
    bulk,
    faults.jobFailed,
    { on: /GET .*jobs\/query\/750\w+$/, times: 99 },
    /3 jobs came to nothing.*Retried more than fifteen times/,
  ],
  [
    "nothing says what the server's clock says",
    rest,
    {
      kind: 'rewrite',
      headers: (headers) => {
        headers['Date'] = 'none'
      },
    },
    { times: 99 },
    /no Date header, and no other clock will do/,
  ],
  [
    'jobs never end',
    { reading: { via: 'bulk', jobTimeout: 20 } },
    faults.jobRunning,
    { on: /GET .*jobs\/query\/750\w+$/, times: 999 },
    /was not complete after 20 ms/,
  ],
]

test.for(fatal)(
  'not tried again, and the next run goes on where it ended: %s',
  async ([, options, fault, when, message]) => {
    const given = await setting({ pageSize: 10 })
    const producer = people(given.sf, options)
    leads(given.sf, 45)
    given.sf.clock.advance(60)
    given.sf.faults.add(fault, when)
    const error = await errorOf(given.run(producer))
    expect(error).toMatchObject({
      _tag: 'SourceFailed',
      retry: false,
      message: expect.stringMatching(message),
    })
    const calls = given.sf.used()
    expect(calls).toBeLessThan(100)
    given.sf.faults.clear()
    await given.run(producer)
    await expectSame(given, true)
  },
)

test.for([
  ['REST', rest],
  ['Bulk', bulk],
] as const)(
  'unavailable for ever: the run ends after its tries, and the next one goes on: %s',
  async ([, options]) => {
    const given = await setting({ pageSize: 10 })
    const producer = people(given.sf, options)
    leads(given.sf, 45)
    given.sf.clock.advance(60)
    given.sf.faults.add(faults.serverUnavailable, {
      on: /\/query(All)?\?|\/query\/01g|\/results/,
      after: 2,
      times: 999,
    })
    expect(await errorOf(given.run(producer, { tries: 2 }))).toMatchObject({
      _tag: 'SourceFailed',
      message: expect.stringContaining('SERVER_UNAVAILABLE'),
    })
    expect(given.sf.faults.happened()).toBe(2)
    given.sf.faults.clear()
    // What was stored is not read again.
    expect((await given.run(producer)).records).toBeLessThan(45)
    await expectSame(given, true)
  },
)
