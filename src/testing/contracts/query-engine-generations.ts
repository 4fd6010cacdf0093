// Contract of proving and rebuilding the query engine: rows compared with events, and generations that take
// over from each other.
import assert from 'node:assert/strict'
import { limits } from '../../model/limits.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { CheckedRange, QueryEngine } from '../../ports/query-engine.ts'
import type { ContractCase } from '../contract.ts'
import { left, range, right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import {
  awkwardText,
  idOf,
  integer,
  list,
  nullOf,
  object,
  scalar,
  schemaFor,
  storedEvent,
  string,
} from '../samples.ts'

const inOrder = (events: readonly StoredEvent[]): readonly StoredEvent[] =>
  [...events].sort((a, b) => (a.eventId < b.eventId ? -1 : 1))

const events = inOrder(
  range(1, 6).flatMap((id) =>
    range(1, 3).map((n) =>
      storedEvent({
        id: String(id),
        sequence: n,
        at: n,
        kind: n === 3 && id === 1 ? 'delete' : 'full',
        source: awkwardText,
        content: { n: integer(n), city: string(`${id}/${n}`) },
      }),
    ),
  ),
)

const check = (engine: QueryEngine, all: readonly StoredEvent[], more: Partial<CheckedRange> = {}) =>
  right(engine.check('Lead', { after: undefined, until: undefined, events: all, ...more }))

const clean = { missing: [], surplus: [], different: [] }
const cursor = ({ entityId, sequence }: StoredEvent) => ({ entityId, sequence })

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

export const queryEngineGenerations: readonly ContractCase[] = [
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
  {
    name: 'rebuild: a build is begun once, remembers how far it is, and takes over once',
    run: async ({ ports: { queryEngine } }) => {
      const { generations } = queryEngine
      await fill(queryEngine, events)
      assert.deepEqual(
        [await right(generations.of('Lead')), await right(generations.swap('Lead', 2))],
        [{ active: 1 }, false],
      )
      const build = await right(generations.begin('Lead', 'first'))
      assert.deepEqual(build, { generation: 2, definition: 'first', events: 0 })
      const further = { ...build, cursor: { entityId: idOf('a'), sequence: 7 }, events: 1_000 }
      await right(generations.advance('Lead', further))
      assert.deepEqual(
        [await right(generations.of('Lead')), await right(generations.begin('Lead', 'first'))],
        [{ active: 1, building: further }, further],
      )
      const other = await right(generations.begin('Lead', 'second'))
      await right(generations.advance('Lead', { ...further, events: 2_000 }))
      assert.deepEqual(
        [other.generation > 2, await right(generations.of('Lead'))],
        [true, { active: 1, building: other }],
      )
      assert.deepEqual(
        [
          await right(generations.swap('Lead', 2)),
          await right(generations.swap('Lead', other.generation)),
          await right(generations.swap('Lead', other.generation)),
        ],
        [false, true, false],
      )
      assert.deepEqual(await right(generations.of('Lead')), { active: other.generation })
    },
  },
  {
    name:
      'rebuild: while one is built, appends go to both and a fill to it alone; it serves once it ' +
      'takes over',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events.slice(0, 9))
      const { generation } = await right(queryEngine.generations.begin('Lead', 'first'))
      await right(queryEngine.append('Lead', events.slice(9)))
      await right(queryEngine.fill('Lead', events.slice(0, 6)))
      assert.deepEqual(await check(queryEngine, events), clean)
      const building = await check(queryEngine, events, { building: true })
      assert.deepEqual(
        [inOrder(building.missing as never), building.surplus, building.different],
        [events.slice(6, 9).map(cursor), [], []],
      )
      assert.equal(await count(queryEngine, 'Lead_events'), 18)
      await right(queryEngine.fill('Lead', events.slice(3, 12)))
      assert.deepEqual(await check(queryEngine, events, { building: true }), clean)
      const before = await ask(queryEngine, 'SELECT id, n, city FROM Lead ORDER BY id')
      assert.equal(await right(queryEngine.generations.swap('Lead', generation)), true)
      assert.deepEqual(
        [
          await ask(queryEngine, 'SELECT id, n, city FROM Lead ORDER BY id'),
          await count(queryEngine, 'Lead_events'),
        ],
        [before, 18],
      )
      await right(
        queryEngine.append('Lead', [
          storedEvent({ id: '1', sequence: 4, at: 9, content: { city: string('new') } }),
        ]),
      )
      assert.deepEqual(await ask(queryEngine, "SELECT city FROM Lead WHERE id = '1'"), [{ city: 'new' }])
    },
  },
  {
    name: 'rebuild: a build drops rows that no event stands behind, and keeps the position',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const position = await right(queryEngine.position('Lead'))
      const { generation } = await right(queryEngine.generations.begin('Lead', 'first'))
      await right(queryEngine.fill('Lead', events.slice(3)))
      await right(queryEngine.generations.swap('Lead', generation))
      assert.deepEqual(
        [
          await check(queryEngine, events.slice(3)),
          (await right(queryEngine.lacking('Lead', events.slice(0, 1)))).length === 0,
          await right(queryEngine.position('Lead')),
        ],
        [clean, false, position],
      )
    },
  },
  {
    name: 'rebuild: columns that come while one is built are in both',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const { generation } = await right(queryEngine.generations.begin('Lead', 'first'))
      const late = storedEvent({
        id: '1',
        sequence: 4,
        at: 4,
        content: { phone: string('1'), tags: list(string('x')) },
      })
      const all = inOrder([...events, late])
      await right(queryEngine.evolve('Lead', schemaFor(all)))
      await right(queryEngine.append('Lead', [late]))
      await right(queryEngine.fill('Lead', events))
      assert.deepEqual(
        [await check(queryEngine, all), await check(queryEngine, all, { building: true })],
        [clean, clean],
      )
      await right(queryEngine.generations.swap('Lead', generation))
      assert.deepEqual(await ask(queryEngine, "SELECT phone, tags FROM Lead WHERE id = '1'"), [
        { phone: '1', tags: ['x'] },
      ])
      assert.deepEqual(
        (await right(queryEngine.generations.begin('Lead', 'second'))).generation,
        generation + 1,
      )
    },
  },
]
