// The query engine on BigQuery's emulator while columns are late: rows without them, full once they are
// there.
import { beforeAll, describe, expect, test } from 'vitest'
import type { LiveTables } from '../../src/drivers/google-cloud/bigquery/live.ts'
import { range, right } from '../../src/testing/check.ts'
import { integer, list, object, schemaFor, storedEvent, string } from '../../src/testing/samples.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import type { Fault } from '../emulators/bigquery-answers.ts'
import type { Warehouse } from './google-cloud-bench.ts'
import { clean, during, everything, isInsert, rowsIn, warehouses } from './google-cloud-warehouses.ts'

const { missing, fresh } = warehouses('late columns on BigQuery')

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
