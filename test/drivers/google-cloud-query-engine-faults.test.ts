// The query engine on BigQuery's emulator while things go wrong: late columns, refused rows, storms, lost
// answers, replicas, crashes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LiveTables } from '../../src/drivers/google-cloud/bigquery/live.ts'
import type { StoredEvent } from '../../src/model/event.ts'
import { left, range, right } from '../../src/testing/check.ts'
import { ask, count, fill, shown } from '../../src/testing/querying.ts'
import { at, integer, list, object, schemaFor, storedEvent, string } from '../../src/testing/samples.ts'
import { refusal, type Asked, type Fault } from '../emulators/bigquery-front.ts'
import { bigQueryBench, type Warehouse } from './google-cloud-bench.ts'

const { missing, warehouse } = bigQueryBench()
if (missing !== undefined) console.log(`left out: BigQuery under faults: ${missing}`)

const opened: Warehouse[] = []
const fresh = async (): Promise<Warehouse> => {
  const made = await warehouse()
  opened.push(made)
  return made
}
afterAll(async () => {
  for (const { stop } of opened) await stop()
})

interface Insert {
  readonly rows: readonly { readonly insertId: string; readonly json: { readonly [name: string]: unknown } }[]
}
const isInsert = ({ path }: Asked): boolean => path.endsWith('/insertAll')
const rowsIn = ({ body }: Asked): Insert['rows'] => (JSON.parse(body) as Insert).rows
const during = async <A>({ front }: Warehouse, fault: Fault, work: () => Promise<A>): Promise<A> => {
  front.faults.add(fault)
  try {
    return await work()
  } finally {
    front.faults.delete(fault)
  }
}
const byId = (a: StoredEvent, b: StoredEvent): number => (a.eventId < b.eventId ? -1 : 1)
const clean = { missing: [], surplus: [], different: [] }
const everything = { after: undefined, until: undefined }
const liveOf = async ({ registry, dataset }: Warehouse): Promise<LiveTables> =>
  JSON.parse((await right(registry.load(`query-engine.${dataset}.Lead`)))?.text ?? '{}') as LiveTables

const old = storedEvent({
  id: 'a',
  sequence: 1,
  at: 1,
  content: {
    city: string('Graz'),
    address: object({ street: string('x') }),
    lines: list(object({ n: integer(1) })),
  },
})
const young = range(2, 4).map((n) =>
  storedEvent({
    id: 'a',
    sequence: n,
    at: n,
    content: {
      city: string('Linz'),
      phone: string(`${n}`),
      tags: list(string('t')),
      address: object({ street: string('y'), zip: string('8010') }),
      lines: list(object({ n: integer(n), unit: string('kg') })),
    },
  }),
)

// The servers that take rows do not know these columns yet; BigQuery tells one of them at a time.
const notYet =
  (...paths: readonly string[]): Fault =>
  (asked) => {
    if (!isInsert(asked)) return undefined
    const bears = (value: unknown, [name = '', ...rest]: readonly string[]): boolean =>
      Array.isArray(value)
        ? value.some((item) => bears(item, [name, ...rest]))
        : typeof value === 'object' &&
          value !== null &&
          Object.hasOwn(value, name) &&
          (rest.length === 0 || bears((value as { [key: string]: unknown })[name], rest))
    const rows = rowsIn(asked)
    const insertErrors = rows.flatMap(({ json }, index) => {
      const path = paths.find((each) => bears(json, each.split('.')))
      return path === undefined
        ? []
        : [{ index, errors: [{ reason: 'invalid', location: path, message: `no such field: ${path}.` }] }]
    })
    if (insertErrors.length === 0) return undefined
    const refused = new Set(insertErrors.map(({ index }) => index))
    const stopped = rows.flatMap((_, index) =>
      refused.has(index) ? [] : [{ index, errors: [{ reason: 'stopped', location: '', message: '' }] }],
    )
    return { status: 200, body: { insertErrors: [...insertErrors, ...stopped] } }
  }

describe.skipIf(missing !== undefined)('late columns', () => {
  const late = notYet('phone', 'address.zip', 'lines.unit', 'tags')
  let store: Warehouse
  beforeAll(async () => {
    store = await fresh()
  })

  test('rows are written without them, whole in _extra, and the registry remembers it', async () => {
    await fill(store.engine(), [old])
    await during(store, late, () => fill(store.engine(), [old, ...young]))
    const rows = await ask(
      store.engine(),
      'SELECT _sequence, city, phone, tags, address, lines, _extra FROM Lead_events ORDER BY _sequence',
    )
    expect(rows[0]).toMatchObject({ _sequence: 1n, city: 'Graz', _extra: null })
    const { address, lines, phone, tags } = JSON.parse(young[0]?.payload ?? '') as { [name: string]: unknown }
    expect(rows[1]).toEqual({
      _sequence: 2n,
      city: 'Linz',
      phone: null,
      tags: [],
      address: { street: 'y', zip: null },
      lines: [{ n: 2n, unit: null }],
      _extra: { address, lines, phone, tags },
    })
    expect((await liveOf(store)).late).toMatchObject({ since: young[0]?.recordedAt })
  })

  test(
    'a process that starts later goes on with it: poor while the columns are late, full once they are ' +
      'there',
    async () => {
      expect(await during(store, late, () => right(store.engine().mendLate('Lead')))).toBeGreaterThan(0)
      expect(
        (await right(store.engine().check('Lead', { ...everything, events: [old, ...young] }))).different,
      ).toHaveLength(3)
      expect(await right(store.engine().mendLate('Lead'))).toBe(0)
      expect(await right(store.engine().check('Lead', { ...everything, events: [old, ...young] }))).toEqual(
        clean,
      )
      expect(
        await ask(store.engine(), 'SELECT DISTINCT TO_JSON_STRING(_extra) AS extra FROM Lead_events'),
      ).toEqual([{ extra: 'null' }])
    },
  )

  test('a poor row that is written after the full one, by whatever clock, does not hide it', async () => {
    const last = storedEvent({
      id: 'a',
      sequence: 5,
      at: 5,
      content: { city: string('Wien'), phone: string('5'), tags: list(string('t')) },
    })
    await right(store.engine().append('Lead', [last]))
    const before = await count(store.engine(), 'Lead_log')
    await during(store, late, () => right(store.engine().append('Lead', [last])))
    expect(await count(store.engine(), 'Lead_log')).toBe(before + 1)
    expect(
      await right(store.engine().check('Lead', { ...everything, events: [old, ...young, last] })),
    ).toEqual(clean)
  })

  test('the registry forgets it once nobody can still be writing poor rows', async () => {
    const engine = store.engine({ patience: 1 })
    await expect
      .poll(
        async () => {
          await right(engine.mendLate('Lead'))
          return (await liveOf(store)).late
        },
        { timeout: 10_000 },
      )
      .toBeUndefined()
  })

  test('evolving brings them to their rows without being told', async () => {
    const more = storedEvent({ id: 'b', sequence: 1, at: 1, content: { fax: string('1') } })
    const engine = store.engine({ retryLate: 1 })
    await during(store, notYet('fax'), () => fill(engine, [old, ...young, more]))
    expect(await ask(engine, "SELECT fax FROM Lead WHERE id = 'b'")).toEqual([{ fax: null }])
    await right(engine.evolve('Lead', schemaFor([old, ...young, more])))
    expect(await ask(engine, "SELECT fax, TO_JSON_STRING(_extra) AS extra FROM Lead WHERE id = 'b'")).toEqual(
      [{ fax: '1', extra: 'null' }],
    )
  })
})

describe.skipIf(missing !== undefined)('refusals and storms', () => {
  let store: Warehouse
  const events = range(1, 1_200).map((n) =>
    storedEvent({ id: String(n), sequence: 1, at: n, content: { n: integer(n) } }),
  )
  beforeAll(async () => {
    store = await fresh()
    await right(store.engine().evolve('Lead', schemaFor(events)))
  })

  test('rows that fail for a moment are sent again under the same ids, and none is lost', async () => {
    const seen: string[][] = []
    let failures = 4
    await during(
      store,
      (asked) => {
        if (!isInsert(asked)) return undefined
        seen.push(rowsIn(asked).map(({ insertId }) => insertId))
        return failures-- > 0
          ? {
              status: 200,
              body: {
                insertErrors: [
                  { index: 3, errors: [{ reason: 'backendError', message: 'try again' }] },
                  { errors: [{ reason: 'timeout' }] },
                ],
              },
            }
          : undefined
      },
      () => right(store.engine().append('Lead', events)),
    )
    expect(await count(store.engine(), 'Lead_log')).toBe(1_200)
    expect(Math.max(...seen.map((ids) => ids.length))).toBeLessThanOrEqual(500)
    expect(new Set(seen.flat()).size).toBe(1_200)
    expect(seen.flat().length).toBeGreaterThan(1_200)
    expect(seen.flat().every((id) => id.length <= 128)).toBe(true)
  })

  test(
    'a row that BigQuery refuses for good is an error that says which, not to be tried ' + 'again',
    async () => {
      const error = await during(
        store,
        (asked) =>
          isInsert(asked)
            ? {
                status: 200,
                body: {
                  insertErrors: [
                    { index: 1, errors: [{ reason: 'invalid', location: 'n', message: 'bad value' }] },
                    { index: 0, errors: [{ reason: 'stopped' }] },
                  ],
                },
              }
            : undefined,
        () => left(store.engine().append('Lead', events.slice(0, 2)), 'Unavailable'),
      )
      expect([error.retry, error.message]).toEqual([
        false,
        expect.stringContaining(`event ${events[1]?.eventId}: n: bad value`),
      ])
    },
  )

  test(
    'a storm of 503, 429, 403 rate limits, cut connections and lost answers loses nothing and doubles ' +
      'nothing',
    async () => {
      const storm = [
        refusal(503, 'backendError', 'away'),
        undefined,
        refusal(429, 'rateLimitExceeded', 'slower'),
        'lose',
        undefined,
        refusal(403, 'rateLimitExceeded', 'slower'),
        undefined,
        'cut',
        undefined,
        refusal(500, 'internalError', 'oops'),
        undefined,
      ] as const
      let n = 0
      const more = range(1, 60).map((id) =>
        storedEvent({ id: `s${id}`, sequence: 1, at: id, content: { n: integer(id), extra: string('x') } }),
      )
      await during(
        store,
        () => storm[n++ % storm.length],
        async () => {
          await right(store.engine({ patience: 60_000 }).evolve('Lead', schemaFor([...events, ...more])))
          await Promise.all(
            range(0, 5).map((i) =>
              right(store.engine({ patience: 60_000 }).append('Lead', more.slice(i * 10, i * 10 + 10))),
            ),
          )
        },
      )
      expect(n).toBeGreaterThan(20)
      expect([await count(store.engine(), 'Lead_log'), (await shown(store.engine())).length]).toEqual([
        1_260, 1_260,
      ])
      expect(
        await right(store.engine().check('Lead', { ...everything, events: [...events, ...more].sort(byId) })),
      ).toEqual(clean)
    },
    60_000,
  )

  test(
    'an outage is Unavailable, to be tried again; a missing dataset and a refused access are ' +
      'NotProvisioned',
    async () => {
      const brief = store.engine({ patience: 20 })
      const outage = await during(
        store,
        () => refusal(503, 'backendError', 'away'),
        () => left(brief.append('Lead', events.slice(0, 1)), 'Unavailable'),
      )
      expect(outage.retry).toBe(true)
      expect(
        (
          await during(
            store,
            () => 'cut',
            () => left(brief.append('Lead', events.slice(0, 1)), 'Unavailable'),
          )
        ).retry,
      ).toBe(true)
      const query = await during(
        store,
        () => refusal(503, 'backendError', 'away'),
        () => left(brief.query('SELECT 1 AS n', {}, { integers: 'number' }), 'Unavailable'),
      )
      expect(query.retry).toBe(true)
      const denied = await during(
        store,
        () => refusal(403, 'accessDenied', 'Access Denied'),
        () => left(brief.append('Lead', events.slice(0, 1)), 'NotProvisioned'),
      )
      const nowhere = await left(
        store.engine({ dataset: 'nowhere' }).evolve('Lead', schemaFor(events)),
        'NotProvisioned',
      )
      expect([denied.remedy, nowhere.remedy]).toEqual(['pipeline.provision()', 'pipeline.provision()'])
    },
  )

  test("what looks like the client's placeholder is data", async () => {
    const event = storedEvent({
      id: '{{projectId}}',
      sequence: 1,
      at: at(1),
      content: { extra: string('{{projectId}}') },
    })
    await right(store.engine().append('Lead', [event]))
    expect(
      await ask(store.engine(), 'SELECT extra FROM Lead WHERE id = $id', { id: '{{projectId}}' }),
    ).toEqual([{ extra: '{{projectId}}' }])
  })

  test('an answer that is not ready, and comes in pages, is read whole', async () => {
    const asked: string[] = []
    const schema = { fields: [{ name: 'n', type: 'INTEGER', mode: 'NULLABLE' }] }
    const pages: readonly Fault[] = [
      ({ method, path }) =>
        method === 'POST' && path.endsWith('/queries')
          ? {
              status: 200,
              body: { jobComplete: false, jobReference: { projectId: 'p', jobId: 'job1', location: 'EU' } },
            }
          : undefined,
      ({ method, path, query }) => {
        if (method !== 'GET' || !path.endsWith('/queries/job1')) return undefined
        asked.push(query)
        const page = /pageToken=(\w)/.exec(query)?.[1]
        if (asked.length === 1)
          return { status: 200, body: { jobComplete: false, jobReference: { jobId: 'job1' } } }
        return {
          status: 200,
          body:
            page === undefined
              ? { jobComplete: true, schema, rows: [{ f: [{ v: '1' }] }], pageToken: 'b' }
              : { jobComplete: true, schema, rows: [{ f: [{ v: '2' }] }] },
        }
      },
    ]
    for (const page of pages) store.front.faults.add(page)
    expect(await ask(store.engine(), 'SELECT n FROM Lead')).toEqual([{ n: 1n }, { n: 2n }])
    for (const page of pages) store.front.faults.delete(page)
    expect(asked).toHaveLength(3)
    expect(
      asked.every((query) => query.includes('location=EU') && query.includes('useInt64Timestamp=true')),
    ).toBe(true)
  })
})
