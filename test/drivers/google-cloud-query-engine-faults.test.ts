// The query engine on BigQuery's emulator while things go wrong: refused rows, storms, outages, answers in
// pages.
import { beforeAll, describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import { left, range, right } from '../../src/testing/check.ts'
import { ask, count, shown } from '../../src/testing/querying.ts'
import { at, integer, schemaFor, storedEvent, string } from '../../src/testing/samples.ts'
import { refusal, type Fault } from '../emulators/bigquery-answers.ts'
import type { Warehouse } from './google-cloud-bench.ts'
import { clean, during, everything, isInsert, rowsIn, warehouses } from './google-cloud-warehouses.ts'

const { missing, fresh } = warehouses('BigQuery under faults')

const byId = (a: StoredEvent, b: StoredEvent): number => (a.eventId < b.eventId ? -1 : 1)

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
