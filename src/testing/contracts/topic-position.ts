// Contract of positions and progress on a topic that is a log: where a subscription stands, by its own word
// or the topic's.
import assert from 'node:assert/strict'
import { TE } from '../../fp.ts'
import { consuming, gated, names, notNow, subscription } from '../consuming.ts'
import type { ContractCase } from '../contract.ts'
import { range, right, until } from '../check.ts'
import { candidate, string } from '../samples.ts'
import { append, release } from '../steps.ts'
import type { Delivery, Handler, Subscription } from '../../ports/topic.ts'

const batch = (from: number, to: number) =>
  range(from, to).map((n) => candidate({ id: String(n % 3), at: n }))

// A consumer that keeps its position itself, as a replica does beside its rows.
const keeper = (): {
  position: string | undefined
  readonly subscription: Subscription
  readonly handler: Handler
} => {
  const kept: {
    position: string | undefined
    readonly subscription: Subscription
    readonly handler: Handler
  } = {
    position: undefined,
    subscription: subscription('replica', { position: () => TE.right(kept.position) }),
    handler:
      ({ position }: Delivery) =>
      async () => {
        assert.equal(position?.before, kept.position)
        kept.position = position?.after
        return { _tag: 'Right', right: undefined }
      },
  }
  return kept
}

export const topicPosition: readonly ContractCase[] = [
  {
    name: 'log: a backlog comes once, in order, and each delivery begins where the last one ended',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        const stored = await release(
          ports,
          range(1, 2_500).map((n) => candidate({ id: String(n % 40), at: n })),
        )
        await right(ports.topic.register(subscription('s')))
        const { events, deliveries } = consume(ports.topic, subscription('s'))
        await until('all came', () => events().length >= stored.length)
        assert.deepEqual(names(events()), names(stored))
        assert.ok(deliveries.length > 1)
        assert.deepEqual(
          deliveries.map(({ position }) => position?.before),
          [undefined, ...deliveries.slice(0, -1).map(({ position }) => position?.after)],
        )
      }),
  },
  {
    name: 'log: large events come in deliveries that memory holds, one event alone where it must',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        const stored = await release(
          ports,
          range(1, 40).map((n) =>
            candidate({ id: String(n), at: n, content: { text: string('x'.repeat(900_000)) } }),
          ),
        )
        await right(ports.topic.register(subscription('s')))
        const { events, deliveries } = consume(ports.topic, subscription('s'))
        await until('all came', () => events().length >= stored.length)
        assert.deepEqual(names(events()), names(stored))
        const largest = Math.max(
          ...deliveries.map((delivery) =>
            delivery.events.reduce((sum, { payload }) => sum + payload.length, 0),
          ),
        )
        assert.ok(largest < 20_000_000, `a delivery of ${largest} characters`)
      }),
  },
  {
    name: 'log: after a stop and a start, exactly the rest comes',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        await release(ports, batch(1, 5))
        const first = consume(ports.topic, subscription('s'))
        await until('they came', () => first.events().length === 5)
        await first.stop()
        const rest = await release(ports, batch(6, 8))
        const second = consume(ports.topic, subscription('s'))
        await until('the rest came', () => second.events().length >= 3)
        assert.deepEqual(names(second.events()), names(rest))
        assert.equal(second.deliveries[0]?.position?.before, first.deliveries.at(-1)?.position?.after)
      }),
  },
  {
    name: 'log: a consumer that keeps its position is delivered from there, whatever the topic remembers',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        const kept = keeper()
        await right(ports.topic.register(kept.subscription))
        const stored = await release(ports, batch(1, 5))
        const first = consume(ports.topic, kept.subscription, kept.handler)
        await until('they came', () => first.events().length === 5)
        await first.stop()
        const middle = kept.position
        kept.position = undefined
        const second = consume(ports.topic, kept.subscription, kept.handler)
        await until('they came again', () => second.events().length === 5)
        assert.deepEqual([names(second.events()), kept.position], [names(stored), middle])
        assert.deepEqual(second.failures, [])
      }),
  },
  {
    name: 'log: progress follows the position that a consumer keeps, forward and back',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        const kept = keeper()
        const behind = async () => (await right(ports.topic.progress(kept.subscription))).behind
        await right(ports.topic.register(kept.subscription))
        await release(ports, batch(1, 5))
        // It wrote rows and position, and died before the topic heard of it.
        const dying = consume(
          ports.topic,
          kept.subscription,
          (delivery) => () =>
            kept
              .handler(delivery)()
              .then(() => notNow()),
        )
        await until('it has caught up', async () => kept.position !== undefined && (await behind()) === 0)
        await dying.stop()
        kept.position = undefined
        const { handler, open } = gated()
        try {
          consume(ports.topic, kept.subscription, (delivery) =>
            TE.flatMap(() => kept.handler(delivery))(handler(delivery)),
          )
          await until('it is behind again', async () => (await behind()) === 5)
        } finally {
          open()
        }
      }),
  },
  {
    name: 'log: a position that cannot be read is a failure, and is asked for again',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        const kept = keeper()
        let tries = 0
        const mine = subscription('s', {
          position: () =>
            ++tries === 1 ? TE.flatMap(() => TE.right(kept.position))(notNow) : TE.right(kept.position),
        })
        await right(ports.topic.register(mine))
        await release(ports, batch(1, 2))
        const { events, failures } = consume(ports.topic, mine, kept.handler)
        await until('they came', () => events().length === 2)
        assert.deepEqual(failures.map(({ error, attempt }) => [error._tag, attempt]).slice(0, 1), [
          ['Unavailable', 1],
        ])
      }),
  },
  {
    name: 'progress: tells a subscription that is not registered from one that is',
    run: async ({ ports: { topic } }) => {
      const state = async (entity = 'Lead') => {
        const { registered, behind, mine } = await right(topic.progress(subscription('s', { entity })))
        return { registered, behind, mine }
      }
      assert.deepEqual(await state(), { registered: false, behind: 0, mine: false })
      await right(topic.register(subscription('s')))
      assert.deepEqual(await state(), { registered: true, behind: 0, mine: false })
      assert.equal((await state('Account')).registered, false)
    },
  },
  {
    name: 'progress: on a log counts the events not yet taken and names the oldest of them',
    needs: { log: true },
    run: ({ ports }) =>
      consuming(async (consume) => {
        await right(ports.topic.register(subscription('s')))
        const [first] = await release(ports, batch(1, 3))
        await append(ports.eventStore, batch(4, 5))
        const progress = async () => right(ports.topic.progress(subscription('s')))
        assert.deepEqual(await progress(), {
          registered: true,
          behind: 5,
          passed: 0,
          oldest: first?.recordedAt,
          mine: false,
        })
        const { handler, open, waiting } = gated()
        const { ready } = consume(ports.topic, subscription('s'), handler)
        await until('it is in hand', () => waiting() > 0)
        assert.deepEqual([(await progress()).behind, (await progress()).mine], [5, true])
        open()
        await ready
        await until('all are taken', async () => (await progress()).behind === 0)
        assert.deepEqual([(await progress()).passed, 'oldest' in (await progress())], [5, false])
      }),
  },
  {
    name: 'progress: a subscription from now is behind by what came since',
    needs: { log: true },
    run: async ({ ports }) => {
      await release(ports, batch(1, 3))
      await right(ports.topic.register(subscription('s', { from: 'now' })))
      assert.equal((await right(ports.topic.progress(subscription('s')))).behind, 0)
      const [first] = await release(ports, batch(4, 5))
      assert.deepEqual(await right(ports.topic.progress(subscription('s'))), {
        registered: true,
        behind: 2,
        passed: 3,
        oldest: first?.recordedAt,
        mine: false,
      })
    },
  },
]
