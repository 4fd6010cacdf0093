// Contract of state in SQL where updates are whole: `<Entity>` now and `<Entity>_as_of` then, ordered by
// (occurredAt, sequence).
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { at, idOf, integer, schemaFor, storedEvent, string } from '../samples.ts'

// `1 A@2`: the first event is city A at second 2; `2 -@3`: the second is a delete at second 3.
const parse = (text: string, id = 'a'): StoredEvent => {
  const [, sequence, city, when] = /^(\d+) (.)@(-?[\d.]+)$/.exec(text) as unknown as [
    string,
    string,
    string,
    string,
  ]
  return storedEvent({
    id,
    sequence: Number(sequence),
    at: Number(when),
    ...(city === '-' ? { kind: 'delete' } : { content: { city: string(city) } }),
  })
}

/** A history, its state now, and its state at some seconds; null where the entity is not there. */
const stories: readonly (readonly [
  name: string,
  history: readonly string[],
  now: string | null,
  then: { readonly [second: string]: string | null },
])[] = [
  [
    'the newest event is the state',
    ['1 A@1', '2 B@2', '3 C@3'],
    'C',
    { 0: null, '0.999': null, 1: 'A', '1.5': 'A', 2: 'B', 3: 'C', 99: 'C' },
  ],
  [
    'a late event changes the past only',
    ['1 A@1', '2 C@5', '3 B@3'],
    'C',
    { 1: 'A', 2: 'A', 3: 'B', 4: 'B', 5: 'C' },
  ],
  ['at one time, the higher sequence counts', ['1 A@1', '2 B@1', '3 C@0'], 'B', { 0: 'C', 1: 'B' }],
  ['a delete ends', ['1 A@1', '2 -@3'], null, { 0: null, 1: 'A', 2: 'A', 3: null, 4: null }],
  ['a later upsert revives', ['1 A@1', '2 -@3', '3 B@5'], 'B', { 2: 'A', 3: null, 4: null, 5: 'B' }],
  [
    'a late upsert before a delete revives nothing',
    ['1 A@1', '2 -@5', '3 B@3'],
    null,
    { 2: 'A', 3: 'B', 4: 'B', 5: null },
  ],
  ['deleted before it was created', ['1 -@5', '2 A@3'], null, { 2: null, 3: 'A', 5: null }],
  [
    'an upsert at the time of the delete, stored after it, revives',
    ['1 -@5', '2 A@5'],
    'A',
    { 4: null, 5: 'A' },
  ],
  [
    'a late delete between two upserts is in the past',
    ['1 A@1', '2 B@5', '3 -@3'],
    'B',
    { 2: 'A', 3: null, 4: null, 5: 'B' },
  ],
  ['deleted twice is deleted', ['1 A@1', '2 -@2', '3 -@4'], null, { 1: 'A', 2: null, 3: null, 4: null }],
  [
    'before 1970 is a time like any other',
    ['1 B@-2000000000', '2 A@-2000000001'],
    'B',
    { '-2000000002': null, '-2000000001': 'A', '-2000000000': 'B' },
  ],
]

export const queryEngineState: readonly ContractCase[] = [
  {
    name: 'state: no events, no rows',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor([parse('1 A@1')])))
      assert.deepEqual(
        [
          await count(queryEngine, 'Lead'),
          await count(queryEngine, 'Lead_events'),
          await count(queryEngine, 'Lead_log'),
          await count(queryEngine, 'Lead_as_of($at)', { at: at(9) }),
        ],
        [0, 0, 0, 0],
      )
    },
  },
  {
    name: 'state: now and then, whatever the history and the order of its arrival',
    run: async ({ ports: { queryEngine } }) => {
      const all = stories.flatMap(([name, history]) => history.map((text) => parse(text, name)))
      await right(queryEngine.evolve('Lead', schemaFor(all)))
      const check = async (): Promise<void> => {
        const now = new Map(
          (await ask(queryEngine, 'SELECT id, city FROM Lead')).map((row) => [row['id'], row['city']]),
        )
        assert.deepEqual(
          stories.map(([name]) => [name, now.get(name) ?? null]),
          stories.map(([name, , city]) => [name, city]),
        )
        for (const second of new Set(stories.flatMap(([, , , then]) => Object.keys(then)))) {
          const then = new Map(
            (await ask(queryEngine, 'SELECT id, city FROM Lead_as_of($at)', { at: at(Number(second)) })).map(
              (row) => [row['id'], row['city']],
            ),
          )
          for (const [name, , , expected] of stories)
            if (second in expected)
              assert.equal(then.get(name) ?? null, expected[second], `${name} at ${second}`)
        }
      }
      await right(queryEngine.append('Lead', all))
      await check()
      await right(queryEngine.append('Lead', [...all].reverse()))
      await check()
    },
  },
  {
    name: 'state: shows which event it is, and where it came from',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [
        parse('1 A@1'),
        { ...parse('2 B@2'), source: 'crm', version: '3' },
        parse('3 A@0'),
      ])
      assert.deepEqual(
        await ask(
          queryEngine,
          'SELECT _entity_id, _event_id, _sequence, _occurred_at, _source, _version, city FROM Lead',
        ),
        [
          {
            _entity_id: idOf('a'),
            _event_id: `${idOf('a')}.000000000002`,
            _sequence: 2n,
            _occurred_at: at(2),
            _source: 'crm',
            _version: '3',
            city: 'B',
          },
        ],
      )
    },
  },
  {
    name: 'state: then is asked for by an ISO text, by a Date, with an offset, to the microsecond',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [
        storedEvent({
          id: 'a',
          sequence: 1,
          at: '2024-01-01T12:00:00.000001Z',
          content: { city: string('A') },
        }),
      ])
      for (const [instant, n] of [
        ['2024-01-01T12:00:00.000001Z', 1],
        ['2024-01-01T12:00:00Z', 0],
        ['2024-01-01T14:00:00.000001+02:00', 1],
        ['2024-01-01T14:00:00+02:00', 0],
        [new Date('2024-01-01T12:00:00.001Z'), 1],
        [new Date('2024-01-01T12:00:00.000Z'), 0],
        ['0001-01-01T00:00:00Z', 0],
        ['9999-12-31T23:59:59.999999Z', 1],
      ] as const)
        assert.equal(await count(queryEngine, 'Lead_as_of($at)', { at: instant }), n, String(instant))
    },
  },
  {
    name: 'state: many entities, now and then, in one answer',
    run: async ({ ports: { queryEngine } }) => {
      await fill(
        queryEngine,
        range(1, 100).flatMap((id) =>
          range(1, 5).map((n) =>
            storedEvent({
              id: String(id),
              sequence: n,
              at: n * 10,
              kind: n === 5 && id % 10 === 0 ? 'delete' : 'full',
              content: { n: integer(n * id) },
            }),
          ),
        ),
      )
      assert.deepEqual(await ask(queryEngine, 'SELECT count(*) AS n, sum(n) AS total FROM Lead'), [
        {
          n: 90n,
          total: BigInt(
            range(1, 100)
              .filter((id) => id % 10 !== 0)
              .reduce((sum, id) => sum + id * 5, 0),
          ),
        },
      ])
      assert.deepEqual(
        await ask(queryEngine, 'SELECT count(*) AS n, sum(n) AS total FROM Lead_as_of($at)', { at: at(30) }),
        [{ n: 100n, total: 15_150n }],
      )
    },
  },
]
