// Contract of the event store's de-duplication: `history` compares with all that was ever stored, `latest`
// with what is stored now.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import type { Candidate } from '../../model/candidate.ts'
import { limits } from '../../model/limits.ts'
import { ruleName } from '../../model/schema.ts'
import type { ContractCase } from '../contract.ts'
import { range } from '../check.ts'
import { candidate, history, idOf, latest, string } from '../samples.ts'
import { append, historyOf, short } from '../steps.ts'

const rules = { history: [history], latest: [latest] } as const

// `A@1`: city A at second 1; `-@2`: a delete at second 2.
const parse = (by: 'history' | 'latest', text: string): Candidate => {
  const [city, at] = text.split('@') as [string, string]
  return candidate({
    id: 'a',
    at: Number(at),
    rules: rules[by],
    ...(city === '-' ? { kind: 'delete' } : { content: { city: string(city) } }),
  })
}

/** A law as a story: what comes in, each in a batch of its own, and what becomes of it. */
const story = (
  by: 'history' | 'latest',
  name: string,
  steps: readonly (readonly [update: string, outcome: string])[],
): readonly ContractCase[] => [
  {
    name: `${by}: ${name}`,
    run: async ({ ports: { eventStore } }) => {
      const outcomes: string[] = []
      for (const [update] of steps) outcomes.push(...short(await append(eventStore, [parse(by, update)])))
      assert.deepEqual(
        steps.map(([update], i) => [update, outcomes[i]]),
        steps,
      )
      assert.equal(
        (await historyOf(eventStore, idOf('a'))).length,
        steps.filter(([, outcome]) => outcome.startsWith('stored')).length,
      )
    },
  },
  {
    name: `${by}: ${name} (in one batch)`,
    run: async ({ ports: { eventStore } }) => {
      const outcomes = short(
        await append(
          eventStore,
          steps.map(([update]) => parse(by, update)),
        ),
      )
      assert.deepEqual(
        steps.map(([update], i) => [update, outcomes[i]]),
        steps,
      )
    },
  },
]

// At one instant, content like the latest event's under a fingerprint of its own.
const twin = (of: Candidate, n: number): Candidate => ({
  ...of,
  marks: [{ ...of.marks[0], fingerprint: hash('sha256', `twin ${n}`, 'hex') }],
})

export const eventStoreDeduplication: readonly ContractCase[] = [
  ...story('history', 'content that was ever stored at its time is a duplicate of the first event', [
    ['A@1', 'stored 1'],
    ['B@2', 'stored 2'],
    ['C@3', 'stored 3'],
    ['A@1', 'duplicate 1'],
    ['B@2', 'duplicate 2'],
    ['C@3', 'duplicate 3'],
  ]),
  ...story('history', 'the same content at another time is new', [
    ['A@1', 'stored 1'],
    ['A@2', 'stored 2'],
    ['B@3', 'stored 3'],
    ['A@4', 'stored 4'],
    ['A@2', 'duplicate 2'],
  ]),
  ...story('history', 'two contents at one time are two events', [
    ['A@1', 'stored 1'],
    ['B@1', 'stored 2'],
    ['A@1', 'duplicate 1'],
    ['B@1', 'duplicate 2'],
  ]),
  ...story('history', 'a late update is stored under the next number', [
    ['A@5', 'stored 1'],
    ['B@3', 'stored 2'],
    ['A@4', 'stored 3'],
    ['B@3', 'duplicate 2'],
    ['C@6', 'stored 4'],
  ]),
  ...story('history', 'a delete is another operation than an upsert, and is compared like one', [
    ['A@1', 'stored 1'],
    ['-@1', 'stored 2'],
    ['-@2', 'stored 3'],
    ['-@2', 'duplicate 3'],
    ['-@1', 'duplicate 2'],
    ['A@3', 'stored 4'],
  ]),
  ...story('history', 'a delete may come before its upsert', [
    ['-@5', 'stored 1'],
    ['A@3', 'stored 2'],
    ['-@5', 'duplicate 1'],
    ['A@3', 'duplicate 2'],
  ]),

  ...story('latest', 'the latest content again is a duplicate, whatever its time', [
    ['A@1', 'stored 1'],
    ['A@1', 'duplicate 1'],
    ['A@2', 'duplicate 1'],
    ['A@9', 'duplicate 1'],
    ['B@10', 'stored 2'],
  ]),
  ...story('latest', 'a duplicate moves what was last seen: older is outdated from then on', [
    ['A@1', 'stored 1'],
    ['A@5', 'duplicate 1'],
    ['B@3', 'outdated 1'],
    ['A@4', 'outdated 1'],
    ['B@5', 'stored 2'],
    ['B@6', 'duplicate 2'],
    ['C@5', 'outdated 2'],
  ]),
  ...story('latest', 'time is compared first: the latest content at an older time is outdated', [
    ['A@5', 'stored 1'],
    ['A@4', 'outdated 1'],
    ['A@5', 'duplicate 1'],
  ]),
  ...story('latest', 'a state that comes back is new', [
    ['A@1', 'stored 1'],
    ['B@2', 'stored 2'],
    ['A@3', 'stored 3'],
    ['A@1', 'outdated 3'],
    ['B@2', 'outdated 3'],
    ['A@3', 'duplicate 3'],
  ]),
  ...story('latest', 'several contents at one time are several events, each of them once', [
    ['A@1', 'stored 1'],
    ['B@1', 'stored 2'],
    ['A@1', 'duplicate 1'],
    ['B@1', 'duplicate 2'],
    ['C@1', 'stored 3'],
    ['A@1', 'duplicate 1'],
    ['C@1', 'duplicate 3'],
  ]),
  ...story('latest', 'what was found duplicate is known at its time, though it has no event of its own', [
    ['A@1', 'stored 1'],
    ['A@2', 'duplicate 1'],
    ['B@2', 'stored 2'],
    ['A@2', 'duplicate 2'],
    ['B@2', 'duplicate 2'],
    ['C@2', 'stored 3'],
    ['A@2', 'duplicate 3'],
    ['A@3', 'stored 4'],
    ['A@2', 'outdated 4'],
  ]),
  ...story('latest', 'a delete ends, again it is a duplicate, and an upsert revives', [
    ['A@1', 'stored 1'],
    ['-@2', 'stored 2'],
    ['-@3', 'duplicate 2'],
    ['A@2', 'outdated 2'],
    ['A@4', 'stored 3'],
    ['-@5', 'stored 4'],
  ]),
  ...story('latest', 'a delete may come before its upsert, which is outdated then', [
    ['-@5', 'stored 1'],
    ['A@3', 'outdated 1'],
    ['A@6', 'stored 2'],
  ]),
  {
    name: 'latest: remembers the last 32 fingerprints that were found duplicate at one time',
    run: async ({ ports: { eventStore } }) => {
      const [first, again, other] = [parse('latest', 'A@1'), parse('latest', 'A@2'), parse('latest', 'B@2')]
      await append(eventStore, [first])
      for (const n of range(0, limits.seen))
        assert.deepEqual(short(await append(eventStore, [twin(again, n)])), ['duplicate 1'])
      assert.deepEqual(short(await append(eventStore, [other])), ['stored 2'])
      for (const n of range(1, limits.seen))
        assert.deepEqual(short(await append(eventStore, [twin(again, n)])), ['duplicate 2'])
      assert.deepEqual(short(await append(eventStore, [twin(again, 0)])), ['stored 3'])
    },
  },
  {
    name: 'a duplicate and an outdated update name the stored event, not what came in',
    run: async ({ ports: { eventStore } }) => {
      const [stored] = await append(eventStore, [
        candidate({ id: 'a', at: 5, rules: [latest], source: 'first', version: '1', correlationId: 'one' }),
      ])
      const again = await append(eventStore, [
        candidate({ id: 'a', at: 5, rules: [latest], source: 'second', version: '2', correlationId: 'two' }),
        candidate({ id: 'a', at: 6, rules: [latest], source: 'third' }),
        candidate({ id: 'a', at: 4, rules: [latest], source: 'fourth' }),
      ])
      assert.deepEqual(
        again,
        ['duplicate', 'duplicate', 'outdated'].map((status) => ({ status, event: stored?.event })),
      )
    },
  },
  {
    name: 'a fingerprint decides by all of its bits',
    run: async ({ ports: { eventStore } }) => {
      const one = candidate({ id: 'a', at: 1 })
      const [mark] = one.marks
      const near: Candidate = {
        ...one,
        marks: [
          {
            ...mark,
            fingerprint: `${mark.fingerprint.slice(0, -1)}${mark.fingerprint.endsWith('0') ? '1' : '0'}`,
          },
        ],
      }
      assert.deepEqual(short(await append(eventStore, [one, near, one, near])), [
        'stored 1',
        'stored 2',
        'duplicate 1',
        'duplicate 2',
      ])
      assert.equal(ruleName(history), mark.rule)
    },
  },
]
