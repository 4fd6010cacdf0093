// Contract of a subscription's deferrals: what waits to be tried again.
import assert from 'node:assert/strict'
import type { Deferral } from '../../ports/topic.ts'
import { awkwardText, idOf } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { letter } from './topic-dead-letters.ts'

const deferral = (id: string, more: Partial<Deferral> = {}): Deferral => ({
  subscription: 's',
  entity: 'Lead',
  entityId: idOf(id),
  from: 3,
  through: 5,
  attempts: 1,
  nextAttempt: 1_000,
  reason: 'away',
  ...more,
})

const sorted = <A extends { readonly entityId: string }>(all: readonly A[]): readonly A[] =>
  [...all].sort((a, b) => (a.entityId < b.entityId ? -1 : 1))

export const topicDeferrals: readonly ContractCase[] = [
  {
    name: 'deferrals: come back as they were put, for their subscription, kind and entities only',
    run: async ({
      ports: {
        topic: { deferrals },
      },
    }) => {
      const [a, b] = [
        deferral('a', { reason: awkwardText, nextAttempt: 1_900_000_000_123 }),
        deferral('b', { attempts: 12 }),
      ]
      for (const each of [a, b, deferral('a', { subscription: 't' }), deferral('a', { entity: 'Account' })])
        await right(deferrals.put(each))
      const of = async (...ids: string[]) =>
        right(
          deferrals.of(
            's',
            'Lead',
            ids.map((id) => idOf(id)),
          ),
        )
      assert.deepEqual(await of('a'), { deferrals: [a], parked: [] })
      assert.deepEqual(sorted((await of('a', 'b', 'c')).deferrals), sorted([a, b]))
      assert.deepEqual(
        [await of('c'), await of()],
        [
          { deferrals: [], parked: [] },
          { deferrals: [], parked: [] },
        ],
      )
      assert.deepEqual(
        [
          await right(deferrals.count('s', 'Lead')),
          await right(deferrals.count('t', 'Lead')),
          await right(deferrals.count('t', 'Account')),
        ],
        [2, 1, 0],
      )
    },
  },
  {
    name:
      'deferrals: putting one again keeps the smaller from and the greater through, and takes the ' +
      'rest anew',
    run: async ({
      ports: {
        topic: { deferrals },
      },
    }) => {
      await right(deferrals.put(deferral('a')))
      await right(
        deferrals.put(
          deferral('a', { from: 6, through: 9, attempts: 2, nextAttempt: 2_000, reason: 'still away' }),
        ),
      )
      await right(
        deferrals.put(
          deferral('a', { from: 2, through: 4, attempts: 3, nextAttempt: 500, reason: 'away for long' }),
        ),
      )
      assert.deepEqual((await right(deferrals.of('s', 'Lead', [idOf('a')]))).deferrals, [
        deferral('a', { from: 2, through: 9, attempts: 3, nextAttempt: 500, reason: 'away for long' }),
      ])
      assert.equal(await right(deferrals.count('s', 'Lead')), 1)
    },
  },
  {
    name: 'deferrals: are due at their time, the earliest first',
    run: async ({
      ports: {
        topic: { deferrals },
      },
    }) => {
      const times = [300, 100, 500, 200, 400]
      for (const [i, nextAttempt] of times.entries())
        await right(deferrals.put(deferral(String(i), { nextAttempt })))
      await right(deferrals.put(deferral('x', { subscription: 't', nextAttempt: 1 })))
      await right(deferrals.put(deferral('x', { entity: 'Account', nextAttempt: 1 })))
      const due = async (now: number, limit = 10) =>
        (await right(deferrals.due('s', 'Lead', now, limit))).map(({ nextAttempt }) => nextAttempt)
      assert.deepEqual(
        [await due(99), await due(100), await due(350), await due(999), await due(999, 2)],
        [[], [100], [100, 200, 300], [100, 200, 300, 400, 500], [100, 200]],
      )
    },
  },
  {
    name:
      'deferrals: are done when everything up to through is handled, and stay behind it where more ' +
      'queued',
    run: async ({
      ports: {
        topic: { deferrals },
      },
    }) => {
      const [a, b] = [deferral('a'), deferral('b')]
      await right(deferrals.put(a))
      await right(deferrals.put(b))
      assert.equal(await right(deferrals.done(a, 5)), true)
      assert.deepEqual((await right(deferrals.of('s', 'Lead', [idOf('a'), idOf('b')]))).deferrals, [b])
      await right(deferrals.put(deferral('b', { from: 8, through: 8 })))
      assert.equal(await right(deferrals.done(b, 5)), false)
      const [rest] = (await right(deferrals.of('s', 'Lead', [idOf('b')]))).deferrals
      assert.deepEqual([rest?.from, rest?.through], [6, 8])
      assert.equal(await right(deferrals.done(rest as Deferral, 8)), true)
      assert.equal(await right(deferrals.count('s', 'Lead')), 0)
    },
  },
  {
    name: 'deferrals: done touches no other subscription, kind or entity',
    run: async ({
      ports: {
        topic: { deferrals },
      },
    }) => {
      const others = [
        deferral('b'),
        deferral('a', { subscription: 't' }),
        deferral('a', { entity: 'Account' }),
      ]
      for (const each of [deferral('a'), ...others]) await right(deferrals.put(each))
      await right(deferrals.done(deferral('a'), 99))
      const left = await Promise.all(
        others.map(({ subscription, entity, entityId }) =>
          right(deferrals.of(subscription, entity, [entityId])),
        ),
      )
      assert.deepEqual(
        left.map((each) => each.deferrals),
        others.map((each) => [each]),
      )
    },
  },
  {
    name: 'deferrals and parkings of thousands of entities are found in one call',
    run: async ({
      ports: {
        topic: { deferrals, deadLetters },
      },
    }) => {
      await right(deferrals.put(deferral('1999')))
      await right(deadLetters.put(letter('2000', { gated: true })))
      const found = await right(
        deferrals.of(
          's',
          'Lead',
          range(1, 2_000).map((n) => idOf(String(n))),
        ),
      )
      assert.deepEqual(found, { deferrals: [deferral('1999')], parked: [letter('2000', { gated: true })] })
    },
  },
]
