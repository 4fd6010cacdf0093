// Contract of the query engine's append: repeatable, in any order, and every event is there once.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import type { QueryEngine } from '../../ports/query-engine.ts'
import { range, right } from '../check.ts'
import { at, awkwardSource, idOf, integer, schemaFor, storedEvent, string } from '../samples.ts'
import { ask, count, fill, shown } from '../querying.ts'
import type { ContractCase } from '../contract.ts'

export const events: readonly StoredEvent[] = range(1, 6).flatMap((id) =>
  range(1, 4).map((n) =>
    storedEvent({
      id: String(id),
      sequence: n,
      at: n === 3 ? 1 : n * 10,
      kind: n === 4 && id % 3 === 0 ? 'delete' : 'full',
      content: { city: string(`${id}/${n}`), n: integer(n) },
    }),
  ),
)

// Everything that an engine answers about these events.
const answers = async (engine: QueryEngine) => [
  await ask(
    engine,
    'SELECT _entity_id, _sequence, _event_id, _occurred_at, _recorded_at, _operation, _source, _present, ' +
      '_extra, id, updatedAt, city, n FROM Lead_events ORDER BY _event_id',
  ),
  await ask(engine, 'SELECT _entity_id, _sequence, id, updatedAt, city, n FROM Lead ORDER BY id'),
  await ask(engine, 'SELECT _entity_id, _sequence, id, city FROM Lead_as_of($at) ORDER BY id', {
    at: at(15),
  }),
]

export const queryEngineAppend: readonly ContractCase[] = [
  {
    name: 'append: the system columns say what the event is',
    run: async ({ ports: { queryEngine } }) => {
      const full = storedEvent({
        id: 'a',
        sequence: 1,
        at: '2024-01-02T03:04:05.000006Z',
        recordedAt: '2024-02-03T04:05:06.000007Z',
        source: awkwardSource,
        version: '7',
        content: { city: string('Graz') },
      })
      await fill(queryEngine, [
        full,
        storedEvent({ id: 'a', sequence: 2, at: 2, kind: 'delete' }),
        storedEvent({ id: 'a', sequence: 3, at: 3, kind: 'partial' }),
      ])
      const rows = await ask(
        queryEngine,
        'SELECT _entity_id, _event_id, _sequence, _occurred_at, _recorded_at, _operation, _source, ' +
          '_version, _present, _extra FROM Lead_events ORDER BY _sequence',
      )
      assert.deepEqual(rows[0], {
        _entity_id: idOf('a'),
        _event_id: full.eventId,
        _sequence: 1n,
        _occurred_at: full.occurredAt,
        _recorded_at: full.recordedAt,
        _operation: 'full',
        _source: awkwardSource,
        _version: '7',
        _present: ['city', 'id', 'updatedAt'],
        _extra: null,
      })
      assert.deepEqual(
        rows.slice(1).map((row) => [row['_operation'], row['_version'], row['_present']]),
        [
          ['delete', null, ['id', 'updatedAt']],
          ['partial', null, ['id', 'updatedAt']],
        ],
      )
    },
  },
  {
    name: 'append: repeating changes no answer, whole or in parts, in any order, twice in one call',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const before = await answers(queryEngine)
      assert.equal((before[0] as unknown[]).length, events.length)
      for (const again of [
        events,
        events.slice(5, 9),
        [...events].reverse(),
        [...events.slice(0, 3), ...events.slice(0, 3)],
        [],
      ]) {
        assert.equal(await right(queryEngine.append('Lead', again)), true)
        assert.deepEqual(await answers(queryEngine), before)
      }
    },
  },
  {
    name: 'append: the order of arrival changes no answer',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const before = await answers(queryEngine)
      const reversed = events.map((event) => ({ ...event, entity: 'Other' })).reverse()
      await right(queryEngine.evolve('Other', schemaFor(events)))
      for (const event of reversed) await right(queryEngine.append('Other', [event]))
      const other = {
        ...queryEngine,
        query: ((text, ...rest) =>
          queryEngine.query(text.replaceAll('Lead', 'Other'), ...rest)) satisfies QueryEngine['query'],
      }
      assert.deepEqual(await answers(other), before)
    },
  },
  {
    name: 'append: of an event written twice, the row written last counts',
    run: async ({ ports: { queryEngine } }) => {
      const [first, second] = ['old', 'new'].map((city) =>
        storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string(city) } }),
      ) as [StoredEvent, StoredEvent]
      await fill(queryEngine, [first, storedEvent({ id: 'a', sequence: 2, at: 0 })])
      await right(queryEngine.append('Lead', [second]))
      assert.deepEqual(
        [await count(queryEngine, 'Lead_events'), await ask(queryEngine, 'SELECT city FROM Lead')],
        [2, [{ city: 'new' }]],
      )
      assert.equal(await count(queryEngine, 'Lead_log'), 3)
    },
  },
  {
    name: 'append: an erased event stays as a number without content, and no state has it',
    run: async ({ ports: { queryEngine } }) => {
      const all = [
        storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string('Graz') } }),
        storedEvent({ id: 'a', sequence: 2, at: 2, content: { city: string('Linz') } }),
      ]
      await fill(queryEngine, all)
      await right(queryEngine.append('Lead', [{ ...(all[1] as StoredEvent), kind: 'erased', payload: '{}' }]))
      assert.deepEqual(
        await ask(queryEngine, 'SELECT _operation, city FROM Lead_events ORDER BY _sequence'),
        [
          { _operation: 'full', city: 'Graz' },
          { _operation: 'erased', city: null },
        ],
      )
      assert.deepEqual(await ask(queryEngine, 'SELECT city FROM Lead'), [{ city: 'Graz' }])
    },
  },
  {
    name: 'append: many at once from everywhere are all there, once',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      await Promise.all([...events, ...events].map((event) => right(queryEngine.append('Lead', [event]))))
      assert.deepEqual(await shown(queryEngine), events.map(({ eventId }) => eventId).sort())
    },
  },
  {
    name: 'append: a thousand events in one call, while queries run',
    run: async ({ ports: { queryEngine } }) => {
      const many = range(1, 1_000).map((n) =>
        storedEvent({ id: String(n % 50), sequence: Math.ceil(n / 50), at: n, content: { n: integer(n) } }),
      )
      await right(queryEngine.evolve('Lead', schemaFor(many)))
      const counts = await Promise.all([
        right(queryEngine.append('Lead', many)).then(() => count(queryEngine, 'Lead_events')),
        ...range(1, 5).map(() => count(queryEngine, 'Lead_events')),
      ])
      assert.deepEqual([counts[0], counts.slice(1).filter((n) => n !== 0 && n !== 1_000)], [1_000, []])
    },
  },
  {
    name: 'kinds of entity are apart',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      await fill(
        queryEngine,
        [storedEvent({ id: '1', sequence: 1, at: 1, content: { name: string('x') } })],
        {},
        'Account',
      )
      assert.deepEqual(
        [await count(queryEngine, 'Account_events'), await count(queryEngine, 'Lead_events')],
        [1, events.length],
      )
      assert.deepEqual(
        await ask(queryEngine, 'SELECT a.name, l.city FROM Account a JOIN Lead l ON a.id = l.id'),
        [{ name: 'x', city: '1/4' }],
      )
    },
  },
  {
    name: 'lacking: tells the events that are not there from those that are',
    run: async ({ ports: { queryEngine } }) => {
      assert.deepEqual(await right(queryEngine.lacking('Lead', [{ entityId: idOf('1'), sequence: 1 }])), [
        { entityId: idOf('1'), sequence: 1 },
      ])
      await fill(queryEngine, events)
      const holds = async (id: string, sequence: number, entity = 'Lead') =>
        (await right(queryEngine.lacking(entity, [{ entityId: idOf(id), sequence }]))).length === 0
      assert.deepEqual(
        [
          await holds('1', 1),
          await holds('6', 4),
          await holds('1', 5),
          await holds('7', 1),
          await holds('1', 1, 'Account'),
        ],
        [true, true, false, false, false],
      )
      const asked = [
        ...events.map(({ entityId, sequence }) => ({ entityId, sequence })),
        { entityId: idOf('1'), sequence: 99 },
        { entityId: idOf('nobody'), sequence: 1 },
      ]
      assert.deepEqual(
        [await right(queryEngine.lacking('Lead', asked)), await right(queryEngine.lacking('Lead', []))],
        [asked.slice(-2), []],
      )
    },
  },
]
