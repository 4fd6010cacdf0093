// Contract of changed de-duplication rules: they neither double nor rewrite what was stored under the rules
// before.
import assert from 'node:assert/strict'
import type { Candidate } from '../../model/candidate.ts'
import type { Rule } from '../../model/schema.ts'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'
import { candidate, history, idOf, latest, string } from '../samples.ts'
import { append, guardsOf, historyOf, short } from '../steps.ts'

const ignoring: Rule = { by: 'history', ignore: ['phone'], format: 1 }

const under =
  (...rules: readonly [Rule, ...Rule[]]) =>
  (city: string, at: number, phone = ''): Candidate =>
    candidate({ id: 'a', at, rules, content: { city: string(city), phone: string(phone) } })

export const eventStoreRules: readonly ContractCase[] = [
  {
    name: 'lookup: tells what append would find known now, and writes nothing',
    run: async ({ ports: { eventStore } }) => {
      const [old, now, state] = [under(history), under(ignoring, history), under(latest, history)]
      const lookup = (...candidates: readonly Candidate[]) => right(eventStore.lookup(candidates))
      assert.deepEqual([await lookup(), await lookup(old('A', 1), old('A', 1))], [[], [false, false]])
      await append(eventStore, [old('A', 1), old('B', 5)])
      assert.deepEqual(
        await lookup(
          old('A', 1),
          old('A', 2),
          old('B', 5),
          { ...old('A', 1), entityId: idOf('b') },
          { ...old('A', 1), entity: 'Account' },
        ),
        [true, false, true, false, false],
      )
      assert.deepEqual(await lookup(now('A', 1), now('A', 1, 'x')), [true, false])
      assert.deepEqual(await lookup(state('C', 4), state('B', 6), state('C', 6)), [true, true, false])
      assert.deepEqual(short(await append(eventStore, [state('C', 5), state('B', 5)])), [
        'stored 3',
        'duplicate 2',
      ])
    },
  },
  {
    name: 'untransformed: what is known is found, what is new is not stored, and its neighbours are',
    run: async ({ ports: { eventStore } }) => {
      const update = under(history)
      await append(eventStore, [update('A', 1)])
      const candidates = [
        { ...update('A', 1), untransformed: true as const },
        { ...update('B', 2), untransformed: true as const },
        update('C', 3),
      ]
      const appended = await right(
        eventStore.append({ candidates, guards: await guardsOf(eventStore, candidates) }),
      )
      assert.deepEqual(appended._tag === 'appended' && short(appended.outcomes), [
        'duplicate 1',
        'untransformed 1',
        'stored 2',
      ])
      assert.deepEqual(short(await append(eventStore, [update('B', 2)])), ['stored 3'])
    },
  },
  {
    name: 'rules: what ignored properties alone tell apart is a duplicate',
    run: async ({ ports: { eventStore } }) => {
      const update = under(ignoring)
      assert.deepEqual(
        short(
          await append(eventStore, [
            update('A', 1, '1'),
            update('A', 1, '2'),
            update('A', 2, '2'),
            update('B', 1, '1'),
          ]),
        ),
        ['stored 1', 'duplicate 1', 'stored 2', 'stored 3'],
      )
      const [first] = await historyOf(eventStore, idOf('a'))
      assert.equal(first?.payload, update('A', 1, '1').payload)
    },
  },
  {
    name: 'rules: under a new rule, what was stored under an old one is a duplicate still',
    run: async ({ ports: { eventStore } }) => {
      const [before, after] = [under(history), under(ignoring, history)]
      assert.deepEqual(short(await append(eventStore, [before('A', 1), before('B', 2)])), [
        'stored 1',
        'stored 2',
      ])
      assert.deepEqual(
        short(await append(eventStore, [after('A', 1), after('B', 2), after('C', 3), after('C', 3, '1')])),
        ['duplicate 1', 'duplicate 2', 'stored 3', 'duplicate 3'],
      )
    },
  },
  {
    name: 'rules: from history to latest, the newest state is what counts, not the last arrival',
    run: async ({ ports: { eventStore } }) => {
      const [before, after] = [under(history), under(latest, history)]
      assert.deepEqual(short(await append(eventStore, [before('A', 5), before('B', 3)])), [
        'stored 1',
        'stored 2',
      ])
      const outcomes = await append(eventStore, [
        after('C', 4),
        after('A', 5),
        after('B', 3),
        after('A', 6),
        after('B', 7),
      ])
      assert.deepEqual(short(outcomes), [
        'outdated 1',
        'duplicate 1',
        'outdated 1',
        'duplicate 1',
        'stored 3',
      ])
    },
  },
  {
    name: 'rules: from history to latest and back, nothing is stored twice',
    run: async ({ ports: { eventStore } }) => {
      const [first, second, third] = [under(history), under(latest, history), under(history, latest)]
      assert.deepEqual(short(await append(eventStore, [first('A', 1), first('B', 2)])), [
        'stored 1',
        'stored 2',
      ])
      assert.deepEqual(short(await append(eventStore, [second('C', 3), second('C', 4), second('D', 5)])), [
        'stored 3',
        'duplicate 3',
        'stored 4',
      ])
      assert.deepEqual(
        short(
          await append(eventStore, [
            third('A', 1),
            third('B', 2),
            third('C', 3),
            third('D', 5),
            third('E', 4),
            third('E', 4),
          ]),
        ),
        ['duplicate 1', 'duplicate 2', 'duplicate 3', 'duplicate 4', 'stored 5', 'duplicate 5'],
      )
      assert.equal((await historyOf(eventStore, idOf('a'))).length, 5)
    },
  },
  {
    name: 'rules: what the latest mode saw last survives a spell of history',
    run: async ({ ports: { eventStore } }) => {
      const [first, second, third] = [under(latest), under(history, latest), under(latest, history)]
      assert.deepEqual(short(await append(eventStore, [first('A', 1), first('A', 5)])), [
        'stored 1',
        'duplicate 1',
      ])
      assert.deepEqual(short(await append(eventStore, [second('B', 3)])), ['stored 2'])
      assert.deepEqual(short(await append(eventStore, [third('C', 4), third('C', 6), third('B', 3)])), [
        'outdated 2',
        'stored 3',
        'outdated 3',
      ])
    },
  },
]
