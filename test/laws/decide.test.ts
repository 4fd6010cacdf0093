// Laws of the decision: what is new is stored once, nothing older than what was seen in `latest`, and a
// replay changes nothing.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type Head } from '../../src/model/candidate.ts'
import { limits } from '../../src/model/limits.ts'
import {
  candidateOf,
  key,
  latestOf,
  newStore,
  played,
  streamOf,
  submit,
  type Sent,
  type Store,
} from './deciding.ts'

test(
  'history: each distinct update is stored once, whatever the order of arrivals, and duplicates name ' +
    'the first event',
  () => {
    fc.assert(
      fc.property(
        streamOf('history').chain((stream) =>
          fc.tuple(fc.constant(stream), fc.shuffledSubarray(stream, { minLength: stream.length })),
        ),
        ([stream, shuffled]) => {
          const distinct = [...new Set(stream.map(key))].toSorted()
          for (const order of [stream, shuffled]) {
            const { stored, decisions } = played(order)
            expect(stored.map(key).toSorted()).toEqual(distinct)
            order.forEach((sent, i) => {
              const decision = decisions[i]
              if (decision?._tag === 'duplicate') expect(key(stored[decision.of - 1] as Sent)).toBe(key(sent))
              expect(decision?._tag).not.toBe('outdated')
            })
          }
        },
      ),
      { numRuns: 500 },
    )
  },
)

test(
  'history: a mark settles a duplicate without the head; in latest, an entity without a head is ' + 'new',
  () => {
    expect(decide(candidateOf({ c: 1, t: 1 }, ['r']), undefined, 3)).toEqual({ _tag: 'duplicate', of: 3 })
    expect(decide(candidateOf({ c: 1, t: 1 }, ['r']), undefined, undefined)).toMatchObject({
      _tag: 'store',
      sequence: 1,
    })
    expect(decide(candidateOf({ c: 1, t: 1, by: 'latest' }, ['r']), undefined, undefined)).toMatchObject({
      _tag: 'store',
      sequence: 1,
    })
  },
)

for (const by of ['history', 'latest'] as const) {
  test(`${by}: replaying a stream a second time stores nothing`, () => {
    fc.assert(
      fc.property(streamOf(by), (stream) => {
        const store = played(stream)
        const before = store.stored.length
        for (const sent of stream) expect(submit(store, sent)._tag).not.toBe('store')
        expect(store.stored).toHaveLength(before)
      }),
      { numRuns: 1_000 },
    )
  })

  test(
    `${by}: the head tells the last sequence, the latest state by (occurredAt, sequence) and the ` +
      `greatest time`,
    () => {
      fc.assert(
        fc.property(streamOf(by), (stream) => {
          const store = newStore()
          let seenAt = -1
          for (const sent of stream) {
            const decision = submit(store, sent)
            if (decision._tag === 'store' || (by === 'latest' && decision._tag === 'duplicate'))
              seenAt = Math.max(seenAt, sent.t)
            const { head, stored } = store as Store & { head: Head }
            const best = latestOf(stored)
            expect(head.sequence).toBe(stored.length)
            expect(head.latest).toEqual({
              occurredAt: String((stored[best] as Sent).t).padStart(4, '0'),
              sequence: best + 1,
              rule: 'r',
              content: `r ${(stored[best] as Sent).c}`,
            })
            expect(Number(head.seenAt)).toBe(seenAt)
            expect(head.seen.length).toBeLessThanOrEqual(limits.seen)
          }
        }),
        { numRuns: 500 },
      )
    },
  )
}

test(
  'latest: nothing older than what was seen is stored, and every stored event differs from the state ' +
    'before it',
  () => {
    fc.assert(
      fc.property(streamOf('latest'), (stream) => {
        const store = newStore()
        for (const sent of stream) {
          const { head } = store
          const latest = head === undefined ? undefined : store.stored[head.latest.sequence - 1]
          const decision = submit(store, sent)
          if (head === undefined) expect(decision._tag).toBe('store')
          else if (sent.t < Number(head.seenAt))
            expect(decision).toEqual({ _tag: 'outdated', of: head.latest.sequence })
          else expect(decision._tag).not.toBe('outdated')
          if (decision._tag === 'store' && latest !== undefined) expect(sent.c).not.toBe(latest.c)
        }
        expect(store.stored.map(({ t }) => t)).toEqual(
          store.stored.map(({ t }) => t).toSorted((a, b) => a - b),
        )
      }),
      { numRuns: 1_000 },
    )
  },
)

test('latest: sent in order of time, the stored events are the changes of content', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 20 }), (contents) => {
      const { stored } = played(contents.map((c, t) => ({ c, t, by: 'latest' })))
      expect(stored.map(({ c }) => c)).toEqual(contents.filter((c, i) => c !== contents[i - 1]))
    }),
  )
})

const tags = (stream: readonly (readonly [c: number, t: number])[]): readonly string[] =>
  played(stream.map(([c, t]) => ({ c, t, by: 'latest' }))).decisions.map((decision) =>
    decision._tag === 'store' ? `store ${decision.sequence}` : `${decision._tag} of ${decision.of}`,
  )

test('latest: a newer time with the same content moves what was seen, without an event', () => {
  expect(
    tags([
      [1, 1],
      [1, 5],
      [2, 3],
      [1, 5],
      [2, 5],
      [1, 6],
    ]),
  ).toEqual(['store 1', 'duplicate of 1', 'outdated of 1', 'duplicate of 1', 'store 2', 'store 3'])
})

test('latest: at one instant, each content is stored once, in any order of redelivery', () => {
  expect(
    tags([
      [1, 1],
      [2, 1],
      [3, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]),
  ).toEqual(['store 1', 'store 2', 'store 3', 'duplicate of 1', 'duplicate of 2', 'duplicate of 3'])
  // Content 1 was found duplicate at time 2, before content 2 came: its redelivery is no news.
  expect(
    tags([
      [1, 1],
      [1, 2],
      [2, 2],
      [1, 2],
    ]).map((text) => text.replace(/ .*/, '')),
  ).toEqual(['store', 'duplicate', 'store', 'duplicate'])
})

test('a changed rule doubles nothing: what was stored under an older one is found under it', () => {
  fc.assert(
    fc.property(streamOf('history'), streamOf('history'), (before, after) => {
      const store = played(before, ['old'])
      for (const sent of before) expect(submit(store, sent, ['new', 'old'])._tag).toBe('duplicate')
      for (const sent of after) submit(store, sent, ['new', 'old'])
      expect(store.stored.map(key).toSorted()).toEqual(
        [...new Set([...before, ...after].map(key))].toSorted(),
      )
      for (const sent of [...before, ...after])
        expect(submit(store, sent, ['newest', 'new', 'old'])._tag).toBe('duplicate')
    }),
  )
})

test('a change from history to latest goes on from the greatest time and the latest state', () => {
  fc.assert(
    fc.property(
      streamOf('history').filter((stream) => stream.length > 0),
      fc.nat(3),
      fc.nat(6),
      (before, c, t) => {
        const store = played(before, ['old'])
        const greatest = Math.max(...before.map((sent) => sent.t))
        const latest = store.stored[latestOf(store.stored)] as Sent
        const known = before.some((sent) => sent.c === c && sent.t === t)
        expect(submit(store, { c, t, by: 'latest' }, ['new', 'old'])._tag).toBe(
          t < greatest ? 'outdated' : (t === greatest && known) || c === latest.c ? 'duplicate' : 'store',
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a decision changes nothing that it was given', () => {
  fc.assert(
    fc.property(streamOf('latest'), (stream) => {
      const store = newStore()
      for (const sent of stream) {
        if (store.head !== undefined) Object.freeze(store.head.seen)
        const before = JSON.stringify(store.head)
        const { head } = store
        submit(store, sent)
        expect(JSON.stringify(head)).toBe(before)
      }
    }),
  )
})
