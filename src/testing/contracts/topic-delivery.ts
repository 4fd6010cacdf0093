// Contract of a topic's delivery: every stored event reaches every subscription at least once, and counts
// once it was handled.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import { TE } from '../../fp.ts'
import { range, right, until } from '../check.ts'
import { candidate } from '../samples.ts'
import { consuming, gated, names, notNow, subscription } from '../consuming.ts'
import type { ContractCase } from '../contract.ts'
import { release } from '../steps.ts'

export const batch = (from: number, to: number, entity = 'Lead') =>
  range(from, to).map((n) => candidate({ id: String(n % 3), at: n, entity }))

const holds = (events: readonly StoredEvent[], expected: readonly StoredEvent[]): boolean => {
  const got = new Set(names(events))
  return expected.every(({ eventId }) => got.has(eventId))
}

export const topicDelivery: readonly ContractCase[] = [
  {
    name: 'from the start: delivers what was stored before it was registered, and what comes after',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const before = await release(ports, batch(1, 5))
        await right(ports.topic.register(subscription('s')))
        const { events } = consume(ports.topic, subscription('s'))
        await until('the old events came', () => holds(events(), before))
        const after = await release(ports, batch(6, 9))
        await until('the new events came', () => holds(events(), after))
      }),
  },
  {
    name:
      'from now: delivers what was stored after it was registered, also while nobody consumed, and ' +
      'nothing older',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const before = await release(ports, batch(1, 5))
        await right(ports.topic.register(subscription('s', { from: 'now' })))
        const after = await release(ports, batch(6, 9))
        const { events } = consume(ports.topic, subscription('s', { from: 'now' }))
        await until('the new events came', () => holds(events(), after))
        const last = await release(ports, batch(10, 10))
        await until('the last event came', () => holds(events(), last))
        assert.deepEqual(
          names(events()).filter((name) => names(before).includes(name)),
          [],
        )
      }),
  },
  {
    name: 'from now: on a kind of entity without any events, misses none',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s', { from: 'now' })))
        const { events, ready } = consume(ports.topic, subscription('s', { from: 'now' }))
        await ready
        const stored = await release(ports, batch(1, 3))
        await until('they came', () => holds(events(), stored))
      }),
  },
  {
    name: 'registering again changes nothing: the subscription goes on where it was',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const before = await release(ports, batch(1, 5))
        await right(ports.topic.register(subscription('s', { from: 'now' })))
        const first = consume(ports.topic, subscription('s'))
        await until('they came', () => holds(first.events(), before))
        await first.stop()
        await right(ports.topic.register(subscription('s')))
        const after = await release(ports, batch(6, 7))
        const second = consume(ports.topic, subscription('s'))
        await until('the new ones came', () => holds(second.events(), after))
      }),
  },
  {
    name: 'events come whole, as they are stored, and of their own kind only',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        await release(ports, batch(1, 4, 'Account'))
        const stored = await release(ports, [
          candidate({ id: 'a', at: 1, source: 'x', version: '2', correlationId: 'c' }),
          candidate({ id: 'a', at: 2, kind: 'partial' }),
          candidate({ id: 'a', at: 3, kind: 'delete' }),
        ])
        const { events } = consume(ports.topic, subscription('s'))
        await until('they came', () => holds(events(), stored))
        const byName = new Map(events().map((event) => [event.eventId, event]))
        assert.deepEqual(
          [...byName.values()].sort((a, b) => a.sequence - b.sequence),
          stored,
        )
      }),
  },
  {
    name: 'a backlog comes to its last event',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const stored = await release(
          ports,
          range(1, 300).map((n) => candidate({ id: String(n % 40), at: n })),
        )
        await right(ports.topic.register(subscription('s')))
        const { events } = consume(ports.topic, subscription('s'))
        await until('all came', () => holds(events(), stored))
      }),
  },
  {
    name: 'after a stop and a start, goes on with what was not acknowledged',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const before = await release(ports, batch(1, 5))
        const first = consume(ports.topic, subscription('s'))
        await until('they came', () => holds(first.events(), before))
        await first.stop()
        const meanwhile = await release(ports, batch(6, 9))
        assert.equal(holds(first.events(), meanwhile), false)
        const second = consume(ports.topic, subscription('s'))
        await until('the rest came', () => holds(second.events(), meanwhile))
      }),
  },
  {
    name: 'what a handler could not take is delivered again, and the consumer tells',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const stored = await release(ports, batch(1, 5))
        let tries = 0
        const { events, failures } = consume(ports.topic, subscription('s'), () =>
          ++tries <= 2 ? notNow : TE.right(undefined),
        )
        await until('they came', () => holds(events(), stored))
        assert.ok(failures.length >= 2)
        assert.deepEqual(
          failures.slice(0, 1).map(({ error, attempt }) => [error._tag, attempt]),
          [['Unavailable', 1]],
        )
      }),
  },
  {
    name: 'what was in hand at a stop is waited for, and acknowledged only then',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const stored = await release(ports, batch(1, 3))
        const { handler, open, waiting } = gated()
        const { events, stop } = consume(ports.topic, subscription('s'), handler)
        await until('the handler was called', () => waiting() > 0)
        let stopped = false
        const stopping = stop().then(() => {
          stopped = true
        })
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        assert.deepEqual([stopped, events().length], [false, 0])
        open()
        await stopping
        assert.ok(holds(stored, events()) && events().length > 0)
      }),
  },
  {
    name: 'what was not acknowledged before a stop comes after it',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const stored = await release(ports, batch(1, 5))
        const failing = consume(ports.topic, subscription('s'), () => notNow)
        await until('it failed', () => failing.failures.length > 0)
        await failing.stop()
        const { events } = consume(ports.topic, subscription('s'))
        await until('all came', () => holds(events(), stored))
      }),
  },
  {
    name: 'stopping twice is stopping once, and nothing is delivered behind it',
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const consumer = consume(ports.topic, subscription('s'))
        await consumer.ready
        await Promise.all([consumer.stop(), consumer.stop()])
        await consumer.stop()
        const stored = await release(ports, batch(1, 2))
        const other = consume(ports.topic, subscription('s'))
        await until('the other has them', () => holds(other.events(), stored))
        assert.deepEqual(consumer.events(), [])
      }),
  },
  {
    name: 'a filter lets through every event whose attributes match',
    run: ({ ports }) =>
      consuming(async (consume) => {
        const filtered = subscription('s', { filter: { parity: 'odd' } })
        await right(ports.topic.register(filtered))
        const stored = await release(ports, batch(1, 8), ({ sequence }) => ({
          parity: sequence % 2 === 0 ? 'even' : 'odd',
        }))
        const { events } = consume(ports.topic, filtered)
        await until('the matching ones came', () =>
          holds(
            events(),
            stored.filter(({ sequence }) => sequence % 2 === 1),
          ),
        )
      }),
  },
]
