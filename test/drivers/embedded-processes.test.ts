// The embedded driver between processes: appends side by side, waiting without blocking, and one owner of the
// query engine.
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { pipe, TE } from '../../src/fp.ts'
import type { Ports } from '../../src/ports/driver.ts'
import type { Subscription } from '../../src/ports/topic.ts'
import { left, range, right, until } from '../../src/testing/check.ts'
import { consuming } from '../../src/testing/consuming.ts'
import { count } from '../../src/testing/querying.ts'
import { candidate, idOf, schemaFor } from '../../src/testing/samples.ts'
import { append, historyOf, scanAll } from '../../src/testing/steps.ts'
import { inFolder, openFolder, sharedBatch, withOther, type Other } from './embedded-bench.ts'

const withOthers = async <A>(
  many: number,
  mode: 'append',
  folder: string,
  work: (others: readonly Other[]) => Promise<A>,
  others: readonly Other[] = [],
): Promise<A> =>
  others.length === many
    ? work(others)
    : withOther(mode, folder, (other) => withOthers(many, mode, folder, work, [...others, other]))

const withPorts = async <A>(folder: string, work: (ports: Ports) => Promise<A>): Promise<A> => {
  const ports = await openFolder(folder)
  try {
    return await work(ports)
  } finally {
    await ports.close()
  }
}

test('processes that append the same batch at once store each event once, numbered without gaps', () =>
  inFolder((folder) =>
    withOthers(3, 'append', folder, async (others) => {
      await Promise.all(others.map(({ says }) => says()))
      for (const { go } of others) go()
      const outcomes = (
        await Promise.all(
          others.map(async ({ says }) => JSON.parse(await says()) as [status: string, eventId: string][]),
        )
      ).flat()
      expect(outcomes).toHaveLength(sharedBatch.length * 3)
      await withPorts(folder, async ({ eventStore }) => {
        const events = await scanAll(eventStore)
        expect(events).toHaveLength(sharedBatch.length)
        expect(
          outcomes
            .filter(([status]) => status === 'stored')
            .map(([, eventId]) => eventId)
            .toSorted(),
        ).toEqual(events.map(({ eventId }) => eventId))
        for (const id of range(1, 30))
          expect((await historyOf(eventStore, idOf(String(id)))).map(({ sequence }) => sequence)).toEqual(
            range(1, 10),
          )
      })
    }),
  ))

test('while another process holds the write lock, an append waits, timers tick and reads go on', () =>
  inFolder((folder) =>
    withPorts(folder, async ({ eventStore, viewStore }) => {
      await append(eventStore, [candidate({ id: 'a', at: 1 })])
      await withOther('lock', folder, async ({ says, go }) => {
        expect(await says()).toBe('ready')
        let ticks = 0
        let longest = 0
        let last = performance.now()
        const timer = setInterval(() => {
          longest = Math.max(longest, performance.now() - last)
          last = performance.now()
          ticks++
        }, 2)
        let done = false
        const appending = append(eventStore, [candidate({ id: 'a', at: 2 })]).then((outcomes) => {
          done = true
          return outcomes
        })
        await until('timers ticked', () => ticks >= 100)
        expect(await historyOf(eventStore, idOf('a'))).toHaveLength(1)
        expect(await right(viewStore.generations.of('Lead'))).toEqual({ active: 1 })
        expect([done, longest < 500]).toEqual([false, true])
        go()
        expect((await appending).map(({ event }) => event.sequence)).toEqual([2])
        clearInterval(timer)
      })
    }),
  ))

test(
  'the query engine belongs to one process; elsewhere sql names it, and when it is killed another ' +
    'takes over',
  () =>
    inFolder((folder) =>
      withPorts(folder, async ({ eventStore, topic, queryEngine }) => {
        await append(
          eventStore,
          range(1, 20).map((n) => candidate({ id: String(n % 4), at: n })),
        )
        const sql = queryEngine.query('SELECT 1 AS one', {}, { integers: 'number' })
        expect((await left(sql, 'NotStarted')).retry).toBe(false)
        const subscription: Subscription = {
          name: 'query-engine',
          entity: 'Lead',
          from: 'start',
          position: () => queryEngine.position('Lead'),
        }
        const delivered: string[] = []
        await withOther('own', folder, (other) =>
          consuming(async (consume) => {
            expect(await other.says()).toBe('ready')
            const refused = await left(sql, 'Unavailable')
            expect([refused.retry, refused.message]).toEqual([
              true,
              expect.stringContaining(`${hostname()}:${other.pid}`),
            ])
            expect(await right(topic.progress(subscription))).toMatchObject({
              registered: true,
              behind: 0,
              mine: false,
              holder: `${hostname()}:${other.pid}`,
            })
            const { ready } = consume(topic, subscription, ({ events, position }) => {
              delivered.push(...events.map(({ eventId }) => eventId))
              return pipe(
                queryEngine.evolve('Lead', schemaFor(events)),
                TE.flatMap(() => queryEngine.append('Lead', events, position)),
                TE.map(() => undefined),
              )
            })
            await ready
            await left(sql, 'Unavailable')
            await other.kill()
            const more = await append(
              eventStore,
              range(21, 25).map((n) => candidate({ id: String(n % 4), at: n })),
            )
            await until(
              'this process has taken over',
              async () => (await right(topic.progress(subscription))).behind === 0,
            )
            expect((await right(topic.progress(subscription))).mine).toBe(true)
            expect(delivered).toEqual(more.map(({ event }) => event.eventId))
            expect([await count(queryEngine, 'Lead_events'), await count(queryEngine, 'Lead_log')]).toEqual([
              25, 25,
            ])
          }),
        )
      }),
    ),
)

test(
  'a query engine that another process has open without the lease is Unavailable, and works when it ' +
    'has gone',
  () =>
    inFolder((folder) =>
      withPorts(folder, async ({ eventStore, queryEngine }) => {
        await append(eventStore, [candidate({ id: 'a', at: 1 })])
        await withOther('own', folder, async (other) => {
          expect(await other.says()).toBe('ready')
          expect((await left(queryEngine.position('Lead'), 'Unavailable')).message).toMatch(/another process/)
          await other.kill()
          expect(await right(queryEngine.position('Lead'))).toBe('1')
          expect(await right(queryEngine.lacking('Lead', [{ entityId: idOf('a'), sequence: 1 }]))).toEqual([])
        })
      }),
    ),
)

test('a process that is killed while it appends leaves whole batches only', () =>
  inFolder(async (folder) => {
    await withOther('append', folder, async ({ says, go, kill }) => {
      await says()
      go()
      await withPorts(folder, async ({ eventStore }) => {
        await until('something is stored', async () => (await scanAll(eventStore)).length > 0)
        await kill()
        const events = await scanAll(eventStore)
        expect(events.length % 30).toBe(0)
        const outcomes = await append(eventStore, sharedBatch)
        expect(outcomes.filter(({ status }) => status === 'duplicate')).toHaveLength(events.length)
        expect(await scanAll(eventStore)).toHaveLength(sharedBatch.length)
      })
    })
  }))
