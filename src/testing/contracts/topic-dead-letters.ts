// Contract of a subscription's dead letters: what was put aside for good, until somebody takes it out.
import assert from 'node:assert/strict'
import type { DeadLetter } from '../../ports/topic.ts'
import { at, awkwardText, idOf } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'

export const letter = (id: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
  subscription: 's',
  entity: 'Lead',
  entityId: idOf(id),
  sequence: 3,
  gated: false,
  reason: 'broken',
  parkedAt: at(1),
  ...more,
})

export const topicDeadLetters: readonly ContractCase[] = [
  {
    name: 'dead letters: an entity is parked by a gated one only',
    run: async ({
      ports: {
        topic: { deferrals, deadLetters },
      },
    }) => {
      for (const each of [
        letter('a', { gated: true }),
        letter('b'),
        letter('c', { gated: true, subscription: 't' }),
      ])
        await right(deadLetters.put(each))
      assert.deepEqual(
        (
          await right(
            deferrals.of(
              's',
              'Lead',
              ['a', 'b', 'c'].map((id) => idOf(id)),
            ),
          )
        ).parked,
        [letter('a', { gated: true })],
      )
    },
  },
  {
    name: 'dead letters: putting one again leaves one',
    run: async ({
      ports: {
        topic: { deadLetters },
      },
    }) => {
      const one = letter('a', { reason: awkwardText })
      await right(deadLetters.put(one))
      await right(deadLetters.put(one))
      assert.deepEqual(await right(deadLetters.list({}, 10)), [one])
      await right(deadLetters.put(letter('a', { sequence: 4 })))
      assert.equal(await right(deadLetters.count('s', 'Lead')), 2)
    },
  },
  {
    name: 'dead letters: are listed by kind, by subscription, by both, and up to a limit, the oldest first',
    run: async ({
      ports: {
        topic: { deadLetters },
      },
    }) => {
      const all = [
        letter('a', { parkedAt: at(3) }),
        letter('b', { parkedAt: at(1), subscription: 't' }),
        letter('c', { parkedAt: at(2), entity: 'Account' }),
        letter('d', { parkedAt: at(4), entity: 'Account', subscription: 't' }),
      ]
      for (const each of all) await right(deadLetters.put(each))
      const listed = async (
        filter: { readonly entity?: string; readonly subscription?: string },
        limit = 10,
      ) =>
        (await right(deadLetters.list(filter, limit))).map((each) =>
          all.indexOf(all.find(({ entityId }) => entityId === each.entityId) as DeadLetter),
        )
      assert.deepEqual(await listed({}), [1, 2, 0, 3])
      assert.deepEqual(await listed({}, 3), [1, 2, 0])
      assert.deepEqual(
        [
          await listed({ entity: 'Account' }),
          await listed({ subscription: 't' }),
          await listed({ entity: 'Lead', subscription: 's' }),
          await listed({ entity: 'Nothing' }),
        ],
        [[2, 3], [1, 3], [0], []],
      )
    },
  },
  {
    name: 'dead letters: one is taken out once',
    run: async ({
      ports: {
        topic: { deadLetters },
      },
    }) => {
      const [one, other] = [letter('a'), letter('a', { sequence: 4 })]
      await right(deadLetters.put(one))
      await right(deadLetters.put(other))
      assert.deepEqual(
        [await right(deadLetters.remove(one)), await right(deadLetters.remove(one))],
        [true, false],
      )
      assert.deepEqual(await right(deadLetters.list({}, 10)), [other])
      assert.deepEqual(
        [await right(deadLetters.count('s', 'Lead')), await right(deadLetters.count('t', 'Lead'))],
        [1, 0],
      )
    },
  },
]
