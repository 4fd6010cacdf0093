// Every fault of a real org that a run survives, one by one, by REST and by Bulk: what is stored in the end
// is what the server's change log says.
import { expect, test } from 'vitest'
import { faults, type Fault, type When } from 'dreampipe/adapters/salesforce/testing'
import { expectSame, leads, people, setting, type PeopleOptions, type Setting } from './salesforce-kit.ts'
import { bulk, nexts, queries, rest, results } from './salesforce-requests.ts'

const change = ({ sf }: Setting, ids: readonly string[]): void => {
  sf.clock.advance(60)
  for (const [n, id] of ids.entries()) {
    if (sf.tables.get('Lead')?.rows.get(id)?.['IsDeleted'] === true) continue
    // Once each: every version of the log has then been there for a run to see.
    if (n % 7 === 1) sf.delete(id)
    else if (n % 3 === 0) sf.update(id, { Email: `changed${sf.clock.now()}@example.com` })
  }
  leads(sf, 5)
  sf.clock.advance(120)
}

const lacking: Fault = {
  kind: 'rewrite',
  body: (body) => `${body.trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
  headers: (headers) => {
    headers['Sforce-NumberOfRecords'] = `${Number(headers['Sforce-NumberOfRecords']) - 1}`
  },
}

const survived: readonly (readonly [
  name: string,
  options: PeopleOptions,
  fault: Fault,
  when: When | readonly When[],
])[] = [
  ['the session ends before a run', rest, faults.sessionExpired, {}],
  ['the session ends between pages', rest, faults.sessionExpired, { on: nexts, after: 1 }],
  [
    'the session ends again and again',
    rest,
    faults.sessionExpired,
    [{ on: queries }, { on: queries, after: 2 }, { on: queries, after: 4 }],
  ],
  ['too many requests at once', rest, faults.concurrentLimit, { on: queries, times: 2 }],
  ['a locked row', rest, faults.unableToLockRow, { on: queries }],
  ['the server is unavailable, three times in a row', rest, faults.serverUnavailable, { times: 3 }],
  ['an unexpected error', rest, faults.internal, { on: nexts }],
  ['429', rest, faults.tooMany, {}],
  ['406 of the edge', rest, faults.notAcceptable, { on: queries }],
  ['420 of the edge', rest, faults.calm, { on: nexts }],
  ['an answer of the edge', rest, faults.edge, { on: queries }],
  ['a maintenance page that claims to be fine', rest, faults.edgeOk, { on: queries }],
  ['describe is a maintenance page', rest, faults.edgeOk, { on: /describe/ }],
  ['updated is a maintenance page', rest, faults.edgeOk, { on: /updated/ }],
  ['the connection drops', rest, faults.dropped, { on: queries }],
  ['the connection drops within a page', rest, faults.cutBody, { on: nexts }],
  ['a page stalls', rest, faults.stall, { on: nexts }],
  ['a call hangs', rest, faults.hang, { on: queries }],
  ['a page ends early', rest, faults.truncated, { on: nexts }],
  ['the locator has expired', rest, faults.locatorExpired, { on: nexts }],
  [
    'the locator has expired, on each of the first pages',
    rest,
    faults.locatorExpired,
    { on: nexts, times: 3 },
  ],
  ['a query takes too long', rest, faults.queryTimeout, { on: queries }],
  ['a query takes too long even when it is halved', rest, faults.queryTimeout, { on: queries, times: 3 }],
  ['the total is wrong', rest, faults.wrongTotal, { on: queries }],
  ['a record is missing on a page', rest, faults.missingRecord, { on: nexts }],
  ['more records are promised, and no way to them', rest, faults.noNextUrl, { on: nexts }],
  ['a page comes twice', rest, faults.repeatedPage, { on: nexts, after: 1 }],
  ['the first page comes twice', rest, faults.repeatedPage, { on: nexts }],
  ['the login fails to answer', rest, faults.dropped, { on: /oauth2/ }],
  ['the login drops within its answer', rest, faults.cutBody, { on: /oauth2/ }],
  ['the login is being processed', rest, faults.tokenInProgress, { on: /oauth2/ }],
  ['the login is an answer of the edge', rest, faults.edge, { on: /oauth2/ }],
  ['the login is a maintenance page that claims to be fine', rest, faults.edgeOk, { on: /oauth2/ }],
  ['updated refuses: too many ids', rest, faults.idLimit, { on: /updated/ }],
  ["no headers of Salesforce's", rest, faults.noHeaders, { times: 20 }],
  ['Bulk: the session ends at the results', bulk, faults.sessionExpired, { on: results, after: 1 }],
  [
    'Bulk: the session ends while it polls',
    bulk,
    faults.sessionExpired,
    { on: /GET .*jobs\/query\/750\w+$/ },
  ],
  ['Bulk: a result page is cut', bulk, faults.cutBody, { on: results }],
  ['Bulk: the second result page is cut', bulk, faults.cutBody, { on: results, after: 1 }],
  ['Bulk: a result page stalls', bulk, faults.stall, { on: results }],
  ['Bulk: a result page ends early as if it were whole', bulk, faults.truncated, { on: results }],
  ['Bulk: unavailable while it polls', bulk, faults.serverUnavailable, { on: /jobs/, times: 2 }],
  ['Bulk: the job cannot be created at once', bulk, faults.concurrentLimit, { on: /POST .*jobs/ }],
  ['Bulk: the job fails', bulk, faults.jobFailed, { on: /GET .*jobs\/query\/750\w+$/ }],
  ['Bulk: the job is gone', bulk, faults.notFound, { on: results }],
  ['Bulk: a result page comes twice', bulk, faults.repeatedPage, { on: results, after: 1 }],
  [
    'Bulk: a result page is the one before, under its own headers',
    bulk,
    faults.staleBody,
    { on: results, after: 1 },
  ],
  ['Bulk: a record is missing on a result page', bulk, faults.missingRow, { on: results, after: 1 }],
  ['Bulk: a result page lacks a record, and its own count too', bulk, lacking, { on: results, after: 1 }],
  ['Bulk: the job cannot be read', bulk, faults.edgeOk, { on: /GET .*jobs\/query\/750\w+$/ }],
  ['Bulk: no job comes back', bulk, faults.edgeOk, { on: /POST .*jobs/ }],
  ['Bulk: no locator header', bulk, faults.noLocatorHeader, { on: results }],
  ["Bulk: no headers of Salesforce's at all", bulk, faults.noHeaders, { on: results }],
  [
    'Bulk: the object is not supported, so REST reads it',
    { reading: { bulkAbove: 10 } },
    faults.bulkUnsupported,
    { on: /POST .*jobs/ },
  ],
  [
    "Bulk: the day's jobs are used up, so REST reads it",
    { reading: { bulkAbove: 10 } },
    faults.bulkLimit,
    { on: /POST .*jobs/ },
  ],
]

for (const phase of ['first load', 'increment'] as const) {
  test.for(survived)(`${phase}: %s`, async ([, options, fault, when]) => {
    // Increments come packed, so that what is cut, stalls and ends early does so within gzip too.
    const given = await setting({ pageSize: 10, gzip: phase === 'increment' })
    const producer = people(given.sf, options)
    const ids = leads(given.sf, 45)
    given.sf.clock.advance(60)
    if (phase === 'increment') {
      await given.run(producer)
      change(given, ids)
      given.sf.expireLocators()
      if (JSON.stringify([when].flat().map(({ on }) => String(on))).includes('oauth2'))
        given.sf.sessions.expire()
    }
    for (const each of [when].flat()) given.sf.faults.add(fault, each)
    expect(await given.run(producer)).toMatchObject({ ended: 'done', rejected: 0 })
    expect(given.sf.faults.happened()).toBeGreaterThan(0)
    given.sf.faults.clear()
    change(given, ids.slice(20))
    expect(await given.run(producer)).toMatchObject({ ended: 'done', rejected: 0 })
    // Without `updated` a run stays ten minutes behind, and sees the last of several versions.
    await expectSame(given, fault !== faults.idLimit)
  })
}

test('a storm: every third call fails somehow, and nothing is lost or doubled', async () => {
  const given = await setting({ pageSize: 20 })
  const producer = people(given.sf, { reading: { via: 'rest' } })
  const ids = leads(given.sf, 100)
  given.sf.clock.advance(60)
  const kinds = [
    faults.serverUnavailable,
    faults.cutBody,
    faults.sessionExpired,
    faults.edgeOk,
    faults.locatorExpired,
    faults.missingRecord,
    faults.concurrentLimit,
  ]
  for (const [n, fault] of kinds.entries()) given.sf.faults.add(fault, { on: queries, after: n * 2 + 1 })
  for (let round = 0; round < 3; round++) {
    await given.run(producer)
    change(given, ids)
    given.sf.faults.add([faults.serverUnavailable, faults.cutBody, faults.edgeOk][round] as Fault, {
      on: queries,
      times: 2,
    })
  }
  await given.run(producer)
  await expectSame(given)
})
