// Contract of proving the query engine: its rows compared with the events.
import assert from 'node:assert/strict'
import { limits } from '../../model/limits.ts'
import type { StoredEvent } from '../../model/event.ts'
import {
  awkwardText,
  integer,
  list,
  nullOf,
  object,
  scalar,
  schemaFor,
  storedEvent,
  string,
} from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { left, range, right } from '../check.ts'
import { fill } from '../querying.ts'
import { check, clean, cursor, events, inOrder } from './query-engine-check-steps.ts'

const rich = inOrder([
  storedEvent({
    id: 'a',
    sequence: 1,
    at: '0001-01-01T00:00:00.000001Z',
    version: '1',
    content: {
      s: string(awkwardText),
      i: integer(-9223372036854775808n),
      d: scalar('Double', 'NaN'),
      e: scalar('Double', '1e+21'),
      m: scalar('Decimal', '-99999999999999999999999999999.999999999'),
      b: scalar('Bytes', 'AP8='),
      y: scalar('Boolean', 'false'),
      t: scalar('Time', '00:00:00.000001'),
      day: scalar('Date', '9999-12-31'),
      j: scalar('Json', JSON.stringify({ [awkwardText]: [1.5, null, awkwardText] })),
      l: list(scalar('Double', 'Infinity'), scalar('Double', '0.1')),
      o: object({
        tags: list(string('x')),
        in: object({ at: scalar('DateTime', '9999-12-31T23:59:59.999999Z') }),
      }),
      os: list(object({ b: scalar('Bytes', '') }), object({})),
      constructor: string('c'),
    },
  }),
  storedEvent({
    id: 'a',
    sequence: 2,
    at: 2,
    kind: 'partial',
    content: { s: nullOf('String'), l: nullOf('List'), o: nullOf('EmbeddedObject'), os: list() },
  }),
  storedEvent({ id: 'a', sequence: 3, at: 3, kind: 'delete' }),
  storedEvent({ id: 'b', sequence: 1, at: 1, content: { o: object({}), j: scalar('Json', 'null') } }),
])

const tree = (levels: number): ReturnType<typeof object> =>
  object({ n: integer(levels), ...(levels === 1 ? {} : { of: tree(levels - 1) }) })

export const queryEngineCheck: readonly ContractCase[] = [
  {
    name: 'check: finds nothing where rows and events agree, however often they were written',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      assert.deepEqual(await check(queryEngine, events), clean)
      await right(queryEngine.append('Lead', events.slice(3, 9)))
      assert.deepEqual(await check(queryEngine, events), clean)
    },
  },
  {
    name:
      'check: names what is missing, what is surplus, and what is different, in content or in what ' +
      'surrounds it',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events.slice(2))
      const [first, second, third, fourth, fifth, ...rest] = events as [
        StoredEvent,
        StoredEvent,
        StoredEvent,
        StoredEvent,
        StoredEvent,
        ...StoredEvent[],
      ]
      const changed = [
        {
          ...third,
          payload: third.payload.replace(
            '"n":{"propertyType":"Integer","value":"3"}',
            '"n":{"propertyType":"Integer","value":"4"}',
          ),
        },
        { ...fourth, source: 'other' },
        { ...fifth, occurredAt: '2024-05-05T00:00:00.000000Z' },
      ]
      const found = await check(queryEngine, [first, second, ...changed, ...rest.slice(0, -1)])
      assert.deepEqual(
        {
          missing: inOrder(found.missing as never),
          surplus: found.surplus,
          different: inOrder(found.different as never),
        },
        {
          missing: [cursor(first), cursor(second)],
          surplus: [cursor(rest.at(-1) as StoredEvent)],
          different: [third, fourth, fifth].map(cursor),
        },
      )
    },
  },
  {
    name: 'check: looks at a range of entity ids only, behind one and up to another',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const ids = [...new Set(events.map(({ entityId }) => entityId))] as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const of = (...some: readonly string[]) => events.filter(({ entityId }) => some.includes(entityId))
      assert.deepEqual(await check(queryEngine, of(...ids.slice(0, 2)), { until: ids[1] }), clean)
      assert.deepEqual(
        await check(queryEngine, of(...ids.slice(2, 4)), { after: ids[1], until: ids[3] }),
        clean,
      )
      assert.deepEqual(await check(queryEngine, of(...ids.slice(4)), { after: ids[3] }), clean)
      assert.deepEqual((await check(queryEngine, [], { after: ids[4] })).surplus.length, 3)
      assert.deepEqual(await check(queryEngine, [], { after: ids[5] }), clean)
    },
  },
  {
    name: 'check: recomputes every type and nesting, deletes, parts, nulls and missing lists',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, rich, { updates: ['full', 'partial'] })
      assert.deepEqual(await check(queryEngine, rich), clean)
      const [first] = rich as [StoredEvent]
      const altered = { ...first, payload: first.payload.replace('"value":"AP8="', '"value":"AP4="') }
      assert.deepEqual((await check(queryEngine, [altered, ...rich.slice(1)])).different, [cursor(first)])
    },
  },
  {
    name:
      'check: a row older than its columns, and one whose columns are late, agree once they are ' +
      'written again',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const [late] = [
        storedEvent({
          id: '1',
          sequence: 4,
          at: 4,
          content: { n: integer(4), tags: list(string('x')), o: object({ tags: list(string('y')) }) },
        }),
      ]
      await right(queryEngine.append('Lead', [late]))
      await right(queryEngine.evolve('Lead', schemaFor([...events, late])))
      const all = inOrder([...events, late])
      assert.deepEqual(await check(queryEngine, all), { ...clean, different: [cursor(late)] })
      await right(queryEngine.append('Lead', [late]))
      assert.deepEqual(await check(queryEngine, all), clean)
    },
  },
  {
    name: 'check: an erased event agrees with its row, and with no other',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const erased: readonly StoredEvent[] = [
        { ...(events[0] as StoredEvent), kind: 'erased', payload: '{}' },
        ...events.slice(1),
      ]
      assert.deepEqual((await check(queryEngine, erased)).different, [cursor(events[0] as StoredEvent)])
      await right(queryEngine.append('Lead', erased.slice(0, 1)))
      assert.deepEqual(await check(queryEngine, erased), clean)
    },
  },
  {
    name: 'check: what lies beyond columns and levels is no difference',
    run: async ({ ports: { queryEngine } }) => {
      const deep = storedEvent({
        id: 'a',
        sequence: 1,
        at: 1,
        content: {
          tree: tree(limits.recordLevels + 5),
          ...Object.fromEntries(range(1, limits.leafColumns).map((n) => [`p${n}`, integer(n)])),
        },
      })
      await fill(queryEngine, [deep])
      assert.deepEqual(await check(queryEngine, [deep]), clean)
    },
  },
  {
    name: 'check and rebuild of an entity that has no tables say that they cannot',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.position('Lead'))
      await left(
        queryEngine.check('Lead', { after: undefined, until: undefined, events: [] }),
        'Unavailable',
        'NotStarted',
      )
      await left(queryEngine.generations.begin('Lead', 'first'), 'Unavailable', 'NotStarted')
    },
  },
]
