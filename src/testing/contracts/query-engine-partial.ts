// Contract of state in SQL where updates are partial: each property's newest bearer above the last whole
// event or delete.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import { eventIdOf } from '../../model/identity.ts'
import { at, idOf, integer, list, nullOf, object, schemaFor, storedEvent, string } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'
import { ask, fill } from '../querying.ts'
import { parse, stories } from './query-engine-partial-stories.ts'

const textOf = (row: { readonly [name: string]: unknown } | undefined): string | null =>
  row === undefined ? null : ['a', 'b', 'c'].map((name) => row[name] ?? '.').join(' ')

const lists = (id: string): readonly StoredEvent[] => [
  storedEvent({
    id,
    sequence: 1,
    at: 1,
    kind: 'partial',
    content: { tags: list(string('x'), string('y')), box: object({ a: integer(1), b: integer(1) }) },
  }),
  storedEvent({ id, sequence: 2, at: 2, kind: 'partial', content: { n: integer(2) } }),
  storedEvent({
    id,
    sequence: 3,
    at: 3,
    kind: 'partial',
    content: { tags: list(string('z')), box: object({ a: integer(3) }) },
  }),
  storedEvent({
    id,
    sequence: 4,
    at: 4,
    kind: 'partial',
    content: { tags: nullOf('List'), box: nullOf('EmbeddedObject') },
  }),
]

export const queryEnginePartial: readonly ContractCase[] = [
  {
    name: 'partial state: now and then, whatever the history and the order of its arrival',
    run: async ({ ports: { queryEngine } }) => {
      const all = stories.flatMap(([name, history]) => history.map((text) => parse(text, name)))
      await right(queryEngine.evolve('Lead', schemaFor(all, { updates: ['full', 'partial'] })))
      const check = async (): Promise<void> => {
        const now = new Map(
          (await ask(queryEngine, 'SELECT id, a, b, c FROM Lead')).map((row) => [row['id'], row]),
        )
        // What a delete leaves has no identifier of its own: each part bears it, so it is back with the
        // first.
        assert.deepEqual(
          stories.map(([name]) => [name, textOf(now.get(name))]),
          stories.map(([name, , state]) => [name, state]),
        )
        for (const second of new Set(stories.flatMap(([, , , then]) => Object.keys(then)))) {
          const then = new Map(
            (
              await ask(queryEngine, 'SELECT id, a, b, c FROM Lead_as_of($at)', { at: at(Number(second)) })
            ).map((row) => [row['id'], row]),
          )
          for (const [name, , , expected] of stories)
            if (second in expected)
              assert.equal(textOf(then.get(name)), expected[second], `${name} at ${second}`)
        }
      }
      await right(queryEngine.append('Lead', all))
      await check()
      await right(queryEngine.append('Lead', [...all].reverse()))
      await check()
    },
  },
  {
    name: 'partial state: a list and an object are replaced whole, and null and missing lists read as []',
    run: async ({ ports: { queryEngine } }) => {
      const all = [
        ...lists('a'),
        storedEvent({ id: 'b', sequence: 1, at: 1, kind: 'partial', content: { n: integer(1) } }),
      ]
      await fill(queryEngine, all, { updates: ['partial'] })
      const states = [
        { tags: ['x', 'y'], n: null, box: { a: 1n, b: 1n } },
        { tags: ['x', 'y'], n: 2n, box: { a: 1n, b: 1n } },
        { tags: ['z'], n: 2n, box: { a: 3n, b: null } },
        { tags: [], n: 2n, box: null },
      ]
      for (const [i, state] of states.entries())
        assert.deepEqual(
          await ask(queryEngine, "SELECT tags, n, box FROM Lead_as_of($at) WHERE id = 'a'", {
            at: at(i + 1),
          }),
          [state],
        )
      assert.deepEqual(await ask(queryEngine, 'SELECT id, tags, n, box FROM Lead ORDER BY id'), [
        { id: 'a', ...states[3] },
        { id: 'b', tags: [], n: 1n, box: null },
      ])
    },
  },
  {
    name: 'partial state: shows the newest upsert as its event',
    run: async ({ ports: { queryEngine } }) => {
      const events = ['p1 a=1 @1', 'p2 b=5 @5', 'p3 c=3 @3'].map((text) => parse(text, 'a'))
      await fill(
        queryEngine,
        [
          ...events.slice(0, 1),
          { ...(events[1] as StoredEvent), source: 'crm', version: '3' },
          ...events.slice(2),
        ],
        { updates: ['partial'] },
      )
      const id = idOf('a')
      assert.deepEqual(
        await ask(
          queryEngine,
          'SELECT _entity_id, _event_id, _sequence, _occurred_at, _source, _version, _present, id, ' +
            'updatedAt, a, b, c FROM Lead',
        ),
        [
          {
            _entity_id: id,
            _event_id: eventIdOf(id, 2),
            _sequence: 2n,
            _occurred_at: at(5),
            _source: 'crm',
            _version: '3',
            _present: ['a', 'b', 'c', 'id', 'updatedAt'],
            id: 'a',
            updatedAt: at(5),
            a: '1',
            b: '5',
            c: '3',
          },
        ],
      )
    },
  },
  {
    name: 'partial state: an erased event says nothing',
    run: async ({ ports: { queryEngine } }) => {
      const events = ['f1 a=1 @1', 'p2 b=2 @2', 'f3 c=3 @3'].map((text) => parse(text, 'a'))
      await fill(queryEngine, events, { updates: ['full', 'partial'] })
      await right(
        queryEngine.append('Lead', [{ ...(events[2] as StoredEvent), kind: 'erased', payload: '{}' }]),
      )
      assert.deepEqual(await ask(queryEngine, 'SELECT a, b, c FROM Lead'), [{ a: '1', b: '2', c: null }])
    },
  },
  {
    name: 'partial state: a column that came later is folded once its rows are written again',
    run: async ({ ports: { queryEngine } }) => {
      const [first, second] = ['p1 a=1 @1', 'p2 b=2 @2'].map((text) => parse(text, 'a')) as [
        StoredEvent,
        StoredEvent,
      ]
      await fill(queryEngine, [first], { updates: ['partial'] })
      await right(queryEngine.append('Lead', [second]))
      assert.deepEqual(await ask(queryEngine, 'SELECT a FROM Lead'), [{ a: '1' }])
      await fill(queryEngine, [second], {
        updates: ['partial'],
        properties: schemaFor([first, second]).properties,
      })
      assert.deepEqual(await ask(queryEngine, 'SELECT a, b, _extra FROM Lead'), [
        { a: '1', b: '2', _extra: null },
      ])
    },
  },
]
