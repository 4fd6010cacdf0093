// Deliveries in any order: an event that comes after a later one of its entity was put aside is handled all the same.
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { E } from '../../src/fp.ts'
import { consume, type Consumption } from '../../src/flow/consume.ts'
import { right } from '../../src/testing/check.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('deliveries out of order', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

const entityId = '00000000-0000-5000-8000-000000000001'
const at = '2024-01-01T00:00:00.000000Z'
const event = (sequence: number): StoredEvent => ({ entity: 'Lead', entityId, eventId: eventIdOf(entityId, sequence), sequence, occurredAt: at, recordedAt: at, source: 'test', kind: 'full', payload: '{}' })

describe.runIf(found)('a subscription without ordering', () => {
  test('event 2 comes after event 3 failed: it is handled, or waits with it', async () => {
    const ports = await right(onEmulators(hosts, newProject()).open())
    try {
      const handled: number[] = []
      const consumption: Consumption = {
        subscription: { name: 'billing', entity: 'Lead', from: 'now' }, gated: false,
        work: (events) => async () => {
          const failed = events.filter(({ sequence }) => sequence === 3)
          handled.push(...events.filter(({ sequence }) => sequence !== 3).map(({ sequence }) => sequence))
          return E.right(failed.map(({ sequence }) => ({ entityId, sequence, retry: true, reason: 'not yet' })))
        },
      }
      const take = consume({ topic: ports.topic, observe: () => undefined }, consumption)
      await right(take({ events: [event(1)] }))
      await right(take({ events: [event(3)] }))
      await right(take({ events: [event(2)] }))
      await right(take({ events: [event(4)] }))
      const waiting = (await right(ports.topic.deferrals.of('billing', 'Lead', [entityId]))).deferrals[0]
      const isCared = (sequence: number): boolean => handled.includes(sequence) || (waiting !== undefined && waiting.from <= sequence && sequence <= waiting.through)
      expect([1, 2, 3, 4].filter((sequence) => !isCared(sequence))).toEqual([])
    } finally {
      await ports.close()
    }
  })
})
