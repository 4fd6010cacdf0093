// Replicas of the query engine on BigQuery's emulator while one of them rebuilds: what serves is whole, and
// no row is lost.
import { describe, expect, test } from 'vitest'
import type { BigQueryEngine } from '../../src/drivers/google-cloud/query-engine.ts'
import type { StoredEvent } from '../../src/model/event.ts'
import { range, right } from '../../src/testing/check.ts'
import { count, fill } from '../../src/testing/querying.ts'
import { integer, schemaFor, storedEvent } from '../../src/testing/samples.ts'
import { clean, diesAt, first, verdict, warehouses } from './google-cloud-warehouses.ts'

const { missing, fresh } = warehouses('rebuilds on BigQuery')

describe.skipIf(missing !== undefined)('replicas', () => {
  test(
    'one that rebuilds may die at any call: the next one ends what it began, and what serves is whole ' +
      'all the while',
    async () => {
      const events = range(1, 5).map((n) =>
        storedEvent({ id: `${n}`, sequence: 1, at: n, content: { n: integer(n) } }),
      )
      const rebuild = async (engine: BigQueryEngine): Promise<void> => {
        const { generation } = await right(engine.generations.begin('Lead', 'rows'))
        await right(engine.fill('Lead', events))
        await right(engine.generations.swap('Lead', generation))
      }
      for (let n = 0; ; n += 2) {
        const store = await fresh()
        await fill(store.engine(), events)
        await rebuild(store.engine({ freshFor: 1 }))
        const { fault } = diesAt(n)
        store.front.faults.add(fault)
        const died = await rebuild(store.engine({ patience: 0, freshFor: 1 })).then(
          () => false,
          () => true,
        )
        store.front.faults.delete(fault)
        expect(await count(store.engine(), 'Lead'), `after ${n} calls`).toBe(5)
        const engine = store.engine({ freshFor: 1 })
        await right(engine.evolve('Lead', schemaFor(events)))
        await rebuild(engine)
        expect([await verdict(engine, events), await count(engine, 'Lead')], `after ${n} calls`).toEqual([
          clean,
          5,
        ])
        await store.stop()
        if (!died) break
        expect(n).toBeLessThan(60)
      }
    },
    180_000,
  )

  test(
    'one that appends without having seen the build loses nothing: the build begins once all know of ' + 'it',
    async () => {
      const store = await fresh()
      const rebuilder = store.engine({ freshFor: 300 })
      const appender = store.engine({ freshFor: 300 })
      // The event store: what is appended here was stored before, and a scan sees what was stored before it
      // began.
      const stored: StoredEvent[] = range(1, 20).map((n) =>
        storedEvent({ id: `${n}`, sequence: 1, at: n, content: { n: integer(n) } }),
      )
      await fill(appender, stored)
      let over = false
      const appending = (async () => {
        for (let n = 21; !over; n++) {
          const event = storedEvent({ id: `${n}`, sequence: 1, at: n, content: { n: integer(n) } })
          stored.push(event)
          await right(appender.append('Lead', [event]))
        }
      })()
      for (const definition of ['one', 'two', 'three']) {
        const { generation } = await right(rebuilder.generations.begin('Lead', definition))
        await right(rebuilder.fill('Lead', stored.slice()))
        expect(await right(rebuilder.generations.swap('Lead', generation))).toBe(true)
      }
      over = true
      await appending
      expect(stored.length).toBeGreaterThan(30)
      expect(await verdict(rebuilder, stored)).toEqual(clean)
      expect(await count(rebuilder, 'Lead')).toBe(stored.length)
    },
    60_000,
  )

  test('one that still writes to a generation that was dropped writes to those that count', async () => {
    const store = await fresh()
    const [rebuilder, stale] = [store.engine({ freshFor: 1 }), store.engine({ freshFor: 60_000 })]
    await fill(stale, [first])
    for (const definition of ['one', 'two']) {
      const { generation } = await right(rebuilder.generations.begin('Lead', definition))
      await right(rebuilder.fill('Lead', [first]))
      await right(rebuilder.generations.swap('Lead', generation))
    }
    const second = { ...first, sequence: 2, eventId: first.eventId.replace(/1$/, '2') }
    await right(stale.append('Lead', [second]))
    expect(await verdict(rebuilder, [first, second])).toEqual(clean)
  })
})
