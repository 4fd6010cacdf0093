// Replicas of the query engine on BigQuery's emulator: they evolve and append at the same time, and stop
// anywhere.
import { describe, expect, test } from 'vitest'
import { range, right } from '../../src/testing/check.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import { integer, object, schemaFor, storedEvent, string } from '../../src/testing/samples.ts'
import { refusal, type Asked, type Fault } from '../emulators/bigquery-answers.ts'
import { clean, diesAt, first, verdict, warehouses } from './google-cloud-warehouses.ts'

const { missing, fresh } = warehouses('replicas on BigQuery')

const changes = ({ method, path }: Asked): boolean =>
  method !== 'GET' && !path.endsWith('/queries') && !path.endsWith('/jobs')

describe.skipIf(missing !== undefined)('replicas', () => {
  test(
    'that bring different columns at once end with all of them, in tables and views, and no row is ' + 'lost',
    async () => {
      const store = await fresh()
      const events = range(1, 6).map((n) =>
        storedEvent({
          id: `e${n}`,
          sequence: 1,
          at: n,
          kind: n === 6 ? 'partial' : 'full',
          content: { [`p${n}`]: string(`v${n}`), box: object({ [`q${n}`]: integer(n) }) },
        }),
      )
      // Each knows its own schema only, and only the last brings partial updates.
      await Promise.all(
        events.map((event, i) =>
          fill(store.engine(), [event], i === 5 ? { updates: ['full', 'partial'] } : {}),
        ),
      )
      const all = schemaFor(events, { updates: ['full', 'partial'] })
      await right(store.engine().evolve('Lead', all))
      for (const from of ['Lead', 'Lead_events', 'Lead_as_of($at)']) {
        const rows = await ask(
          store.engine(),
          `SELECT p1, p2, p3, p4, p5, p6, box FROM ${from} ORDER BY id`,
          from.includes('$') ? { at: '2024-01-02T00:00:00Z' } : {},
        )
        expect(rows.map((row, i) => row[`p${i + 1}`])).toEqual(range(1, 6).map((n) => `v${n}`))
        expect(rows.map((row, i) => (row['box'] as { [name: string]: unknown })[`q${i + 1}`])).toEqual(
          range(1, 6).map(BigInt),
        )
      }
      // What a replica appended before another's columns were there is whole in its own.
      expect(await verdict(store.engine(), events)).toEqual(clean)
    },
  )

  test('one that was long asleep does not put an old view over a new one', async () => {
    const store = await fresh()
    await fill(store.engine(), [first])
    const late = {
      ...first,
      sequence: 2,
      eventId: first.eventId.replace(/1$/, '2'),
      payload: first.payload.replace('"city"', '"town"'),
    }
    const later = {
      ...first,
      sequence: 3,
      eventId: first.eventId.replace(/1$/, '3'),
      payload: first.payload.replace('"city"', '"place"'),
    }
    // The first replica stops before it writes its first view; the second goes by.
    let wake = (): void => undefined
    const asleep = new Promise<void>((resolve) => {
      wake = resolve
    })
    let reached = (): void => undefined
    const stopped = new Promise<void>((resolve) => {
      reached = resolve
    })
    const sleeping: Fault = async (asked) => {
      if (!asked.body.includes('"view"') || asked.body.includes('place')) return undefined
      store.front.faults.delete(sleeping)
      reached()
      await asleep
      return undefined
    }
    store.front.faults.add(sleeping)
    const slow = right(store.engine().evolve('Lead', schemaFor([first, late])))
    await stopped
    await right(store.engine().evolve('Lead', schemaFor([first, late, later])))
    wake()
    await slow
    await right(store.engine().append('Lead', [late, later]))
    expect(await ask(store.engine(), 'SELECT city, town, place FROM Lead_events ORDER BY _sequence')).toEqual(
      [
        { city: 'Graz', town: null, place: null },
        { city: null, town: 'Graz', place: null },
        { city: null, town: null, place: 'Graz' },
      ],
    )
  })

  test('one that evolves may die at any call: the next one ends what it began', async () => {
    const more = storedEvent({
      id: 'b',
      sequence: 1,
      at: 2,
      content: { phone: string('1'), box: object({ n: integer(1) }) },
    })
    for (let n = 0; ; n++) {
      const store = await fresh()
      if (n % 2 === 0) await fill(store.engine(), [first])
      const { fault, calls } = diesAt(n)
      store.front.faults.add(fault)
      const died = await store.engine({ patience: 0 }).evolve('Lead', schemaFor([first, more]))()
      store.front.faults.delete(fault)
      const engine = store.engine()
      await fill(engine, [first, more])
      expect(await verdict(engine, [first, more]), `after ${n} calls`).toEqual(clean)
      expect(await ask(engine, 'SELECT id, phone, box FROM Lead ORDER BY id'), `after ${n} calls`).toEqual([
        { id: 'a', phone: null, box: null },
        { id: 'b', phone: '1', box: { n: 1n } },
      ])
      await store.stop()
      if (died._tag === 'Right') {
        expect(calls()).toBe(n)
        break
      }
      expect(n).toBeLessThan(40)
    }
  }, 180_000)

  test('a table that takes no rows yet is waited for before anybody writes to it', async () => {
    const store = await fresh()
    let unseen = 3
    store.front.faults.add(({ path, method }) =>
      path.endsWith('/insertAll') && unseen-- > 0
        ? refusal(404, 'notFound', `Not found: Table ${path} ${method}`)
        : undefined,
    )
    await right(store.engine().evolve('Lead', schemaFor([first])))
    expect(unseen).toBeLessThan(0)
    expect([
      await right(store.engine().append('Lead', [first])),
      await count(store.engine(), 'Lead_log'),
    ]).toEqual([true, 1])
  })

  test('an append costs one call once the tables are known', async () => {
    const store = await fresh()
    const engine = store.engine({ freshFor: 60_000 })
    await fill(engine, [first])
    const calls: Asked[] = []
    store.front.faults.add((asked) => {
      calls.push(asked)
      return undefined
    })
    for (const n of range(2, 11))
      await fill(engine, [
        { ...first, sequence: n, eventId: `${first.entityId}.${String(n).padStart(12, '0')}` },
      ])
    expect([calls.length, calls.filter(changes).length]).toEqual([10, 10])
  })
})
