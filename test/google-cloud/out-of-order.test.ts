// Deliveries in any order: an event that comes after a later one of its entity was put aside is handled all
// the same.
import { describe, expect, test } from 'vitest'
import { PubSub } from '@google-cloud/pubsub'
import { createPipeline, entity, y } from 'dreampipe'
import type { StoredEvent } from '../../src/model/event.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { E, TE } from '../../src/fp.ts'
import { consume, type Consumption } from '../../src/flow/consume/consume.ts'
import { retryDeferred } from '../../src/flow/consume/deferred.ts'
import type { Ports } from '../../src/ports/driver.ts'
import { right } from '../../src/testing/check.ts'
import { until } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('deliveries out of order', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

const entityId = '00000000-0000-5000-8000-000000000001'
const at = '2024-01-01T00:00:00.000000Z'
const event = (sequence: number): StoredEvent => ({
  entity: 'Lead',
  entityId,
  eventId: eventIdOf(entityId, sequence),
  sequence,
  occurredAt: at,
  recordedAt: at,
  source: 'test',
  kind: 'full',
  payload: '{}',
})

const open = () => right(onEmulators(hosts, newProject()).open())

const Item = entity('Item', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const submit = async (ports: Ports, ids: readonly string[]): Promise<void> => {
  const pipeline = createPipeline([Item], {
    driver: { name: 'same', open: () => async () => E.right({ ...ports, close: async () => undefined }) },
    observe: () => undefined,
  })
  await pipeline.submitAll(
    ids.map((id) => Item.toUpdate({ id, at: '2024-01-01T00:00:00Z' }, { source: 'test' })),
  )
  await pipeline.close()
}

describe.runIf(found)('a subscription without ordering', () => {
  test('event 2 comes after event 3 failed: it is handled, or waits with it', async () => {
    const ports = await right(onEmulators(hosts, newProject()).open())
    try {
      const handled: number[] = []
      const consumption: Consumption = {
        subscription: { name: 'billing', entity: 'Lead', from: 'now' },
        gated: false,
        work: (events) => async () => {
          const failed = events.filter(({ sequence }) => sequence === 3)
          handled.push(...events.filter(({ sequence }) => sequence !== 3).map(({ sequence }) => sequence))
          return E.right(
            failed.map(({ sequence }) => ({ entityId, sequence, retry: true, reason: 'not yet' })),
          )
        },
      }
      const take = consume({ topic: ports.topic, observe: () => undefined }, consumption)
      await right(take({ events: [event(1)] }))
      await right(take({ events: [event(3)] }))
      await right(take({ events: [event(2)] }))
      await right(take({ events: [event(4)] }))
      const waiting = (await right(ports.topic.deferrals.of('billing', 'Lead', [entityId]))).deferrals[0]
      const isCared = (sequence: number): boolean =>
        handled.includes(sequence) ||
        (waiting !== undefined && waiting.from <= sequence && sequence <= waiting.through)
      expect([1, 2, 3, 4].filter((sequence) => !isCared(sequence))).toEqual([])
    } finally {
      await ports.close()
    }
  })

  test(
    'an earlier event that fails while a later one is tried again waits on when that one is ' + 'done',
    async () => {
      const {
        topic: { deferrals },
        close,
      } = await open()
      const deferral = {
        subscription: 'billing',
        entity: 'Lead',
        entityId,
        from: 3,
        through: 5,
        attempts: 1,
        nextAttempt: 0,
        reason: 'not yet',
      }
      await right(deferrals.put(deferral))
      await right(deferrals.put({ ...deferral, from: 2, through: 2 }))
      expect(await right(deferrals.done(deferral, 5))).toBe(false)
      expect((await right(deferrals.of('billing', 'Lead', [entityId]))).deferrals).toMatchObject([
        { from: 2, through: 2 },
      ])
      expect(await right(deferrals.done({ ...deferral, from: 2, through: 2 }, 2))).toBe(true)
      await close()
    },
  )

  test('a consumer that is stopped while it replays ends after the page in hand', async () => {
    const ports = await open()
    await submit(
      ports,
      Array.from({ length: 1_600 }, (_, i) => `${i}`),
    )
    const subscription = { name: 'slow', entity: 'Item', from: 'start' } as const
    await right(ports.topic.register(subscription))
    let pages = 0
    const { promise: gate, resolve: go } = Promise.withResolvers<void>()
    const running = ports.topic.subscribe(
      subscription,
      () => async () => {
        pages++
        await gate
        return E.right(undefined)
      },
      { onFailure: () => undefined },
    )
    await until(() => pages === 1)
    const stopped = running.stop()
    go()
    await stopped
    expect(pages).toBe(1)
    // It goes on where it was.
    let events = 0
    const again = ports.topic.subscribe(
      subscription,
      (delivery) => async () => {
        events += delivery.events.length
        return E.right(undefined)
      },
      { onFailure: () => undefined },
    )
    await again.ready
    await until(() => events === 1_100)
    await again.stop()
    await ports.close()
  }, 60_000)

  test('deferrals that wait are looked through now and then, and not at every look', async () => {
    const ports = await open()
    const { deferrals } = ports.topic
    await right(
      deferrals.put({
        subscription: 'billing',
        entity: 'Lead',
        entityId,
        from: 3,
        through: 5,
        attempts: 1,
        nextAttempt: Date.now() + 50_000,
        reason: 'not yet',
      }),
    )
    let [looks, through, asked] = [0, 0, 0]
    const topic = {
      ...ports.topic,
      progress: () => {
        asked++
        return TE.right({ registered: true, behind: 0, mine: true })
      },
      deferrals: {
        ...deferrals,
        count: () => {
          through++
          return deferrals.count('billing', 'Lead')
        },
        due: (name: string, of: string, now: number, limit: number) => {
          // Those due are asked for 500 at once; all that wait are looked through by the thousand.
          if (limit > 500) through++
          else looks++
          return deferrals.due(name, of, now, limit)
        },
      },
    }
    const retrying = retryDeferred({ topic, observe: () => undefined }, ports.eventStore, {
      subscription: { name: 'billing', entity: 'Lead', from: 'now' },
      gated: false,
      work: () => TE.right([]),
    })
    await until(() => looks >= 8)
    await retrying.stop()
    expect([through, asked]).toEqual([1, 1])
    await ports.close()
  }, 30_000)

  test('a subscription from the start that somebody deleted is replayed once it is made again', async () => {
    const project = newProject()
    const [ports, client] = [
      await right(onEmulators(hosts, project).open()),
      new PubSub({ projectId: project, apiEndpoint: hosts.pubsub }),
    ]
    const subscription = { name: 'all', entity: 'Item', from: 'start' } as const
    const take = async (): Promise<() => Promise<void>> => {
      await right(ports.topic.register(subscription))
      const running = ports.topic.subscribe(
        subscription,
        (delivery) => async () => {
          delivery.events.forEach(({ eventId }) => seen.add(eventId))
          return E.right(undefined)
        },
        { onFailure: () => undefined },
      )
      await running.ready
      return running.stop
    }
    const seen = new Set<string>()
    await submit(ports, ['a'])
    const stop = await take()
    expect(seen.size).toBe(1)
    await stop()
    await client.subscription('dreampipe-Item-all').delete()
    await submit(ports, ['b'])
    const again = await take()
    await until(() => seen.size === 2)
    await again()
    await client.close()
    await ports.close()
  }, 30_000)
})
