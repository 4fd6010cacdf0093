// Contract of the event store under concurrency: identical updates from anywhere store one event, and numbers
// have no gaps.
import assert from 'node:assert/strict'
import type { Candidate, Outcome } from '../../model/candidate.ts'
import type { EventStore } from '../../ports/event-store.ts'
import type { Bench, ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { candidate, idOf, integer, latest, schemaOf } from '../samples.ts'
import { append, guardsOf, historyOf, scanAll, short } from '../steps.ts'

const batch = (entities: number, events: number): readonly Candidate[] =>
  range(1, entities).flatMap((id) =>
    range(1, events).map((n) => candidate({ id: String(id), at: n, content: { n: integer(n) } })),
  )

const connections = async ({ ports, connect }: Bench, count: number): Promise<readonly EventStore[]> => [
  ports.eventStore,
  ...(await Promise.all(range(2, count).map(connect))).map(({ eventStore }) => eventStore),
]

const sequencesOf = async (store: EventStore, id: string): Promise<readonly number[]> =>
  (await historyOf(store, idOf(id))).map(({ sequence }) => sequence)

// Each stored event was promised to exactly one caller, and nothing else was.
const assertPromised = async (store: EventStore, outcomes: readonly Outcome[]): Promise<void> => {
  const stored = outcomes
    .filter(({ status }) => status === 'stored')
    .map(({ event }) => event.eventId)
    .sort()
  assert.deepEqual(
    stored,
    (await scanAll(store)).map(({ eventId }) => eventId),
  )
}

export const eventStoreConcurrency: readonly ContractCase[] = [
  {
    name: 'concurrency: identical batches at once on one connection store each event once',
    run: async ({ ports: { eventStore } }) => {
      const all = (await Promise.all(range(1, 8).map(() => append(eventStore, batch(5, 4))))).flat()
      await assertPromised(eventStore, all)
      for (const id of range(1, 5)) assert.deepEqual(await sequencesOf(eventStore, String(id)), range(1, 4))
    },
  },
  {
    name: 'concurrency: different updates of one entity at once are numbered without gaps',
    run: async ({ ports: { eventStore } }) => {
      const all = (
        await Promise.all(range(1, 40).map((n) => append(eventStore, [candidate({ id: 'a', at: n })])))
      ).flat()
      assert.deepEqual(await sequencesOf(eventStore, 'a'), range(1, 40))
      await assertPromised(eventStore, all)
    },
  },
  {
    name: 'concurrency: in latest mode, one state reported at once by many is one event',
    run: async ({ ports: { eventStore } }) => {
      const outcomes = (
        await Promise.all(
          range(1, 10).map(() => append(eventStore, [candidate({ id: 'a', at: 1, rules: [latest] })])),
        )
      ).flat()
      assert.deepEqual([...short(outcomes)].sort(), [...range(1, 9).map(() => 'duplicate 1'), 'stored 1'])
    },
  },
  {
    name: 'connections: identical batches at once store each event once, numbered without gaps',
    needs: { secondConnection: true },
    run: async (bench) => {
      const stores = await connections(bench, 4)
      const all = (
        await Promise.all(stores.flatMap((store) => [append(store, batch(6, 5)), append(store, batch(3, 9))]))
      ).flat()
      await assertPromised(bench.ports.eventStore, all)
      for (const store of stores)
        for (const id of range(1, 6))
          assert.deepEqual(await sequencesOf(store, String(id)), range(1, id <= 3 ? 9 : 5))
    },
  },
  {
    name: 'connections: different updates of one entity at once are numbered without gaps',
    needs: { secondConnection: true },
    run: async (bench) => {
      const stores = await connections(bench, 3)
      const all = (
        await Promise.all(
          stores.flatMap((store, i) =>
            range(1, 15).map((n) => append(store, [candidate({ id: 'a', at: n * 10 + i })])),
          ),
        )
      ).flat()
      assert.deepEqual(await sequencesOf(bench.ports.eventStore, 'a'), range(1, 45))
      await assertPromised(bench.ports.eventStore, all)
    },
  },
  {
    name: 'connections: what one appended, another sees at once, and neither numbers nor stores it again',
    needs: { secondConnection: true },
    run: async (bench) => {
      const [one, two] = (await connections(bench, 2)) as [EventStore, EventStore]
      assert.deepEqual(await historyOf(two, idOf('a')), [])
      assert.deepEqual(short(await append(one, [candidate({ id: 'a', at: 1 })])), ['stored 1'])
      assert.deepEqual(await sequencesOf(two, 'a'), [1])
      assert.deepEqual(
        short(await append(two, [candidate({ id: 'a', at: 1 }), candidate({ id: 'a', at: 2 })])),
        ['duplicate 1', 'stored 2'],
      )
      assert.deepEqual(await sequencesOf(one, 'a'), [1, 2])
      assert.deepEqual(short(await append(one, [candidate({ id: 'a', at: 3 })])), ['stored 3'])
    },
  },
  {
    name: 'connections: of two that move the schema at once, one appends and the other is told',
    needs: { secondConnection: true },
    run: async (bench) => {
      const stores = await connections(bench, 2)
      const results = await Promise.all(
        stores.map((store, i) =>
          right(
            store.append({
              candidates: [candidate({ id: String(i), at: 1 })],
              guards: [{ entity: 'Lead', version: 0, next: schemaOf({ [`p${i}`]: { type: 'String' } }) }],
            }),
          ),
        ),
      )
      assert.deepEqual(results.map(({ _tag }) => _tag).sort(), ['appended', 'schema-moved'])
      const winner = results.findIndex(({ _tag }) => _tag === 'appended')
      for (const store of stores) {
        assert.deepEqual(await right(store.schema('Lead')), {
          version: 1,
          schema: schemaOf({ [`p${winner}`]: { type: 'String' } }),
        })
        assert.deepEqual(
          (await scanAll(store)).map(({ entityId }) => entityId),
          [idOf(String(winner))],
        )
      }
    },
  },
  {
    name: 'connections: a schema that another moved is noticed by the next append',
    needs: { secondConnection: true },
    run: async (bench) => {
      const [one, two] = (await connections(bench, 2)) as [EventStore, EventStore]
      const update = candidate({ id: 'a', at: 1 })
      await append(one, [candidate({ id: 'b', at: 1 })])
      const guards = await guardsOf(one, [update])
      assert.equal(await right(two.saveSchema('Lead', schemaOf({ x: { type: 'String' } }), 1)), 2)
      assert.deepEqual(await right(one.append({ candidates: [update], guards })), {
        _tag: 'schema-moved',
        entities: ['Lead'],
      })
    },
  },
  {
    name: 'connections: a scan sees all that was committed before it began, while another appends',
    needs: { secondConnection: true },
    run: async (bench) => {
      const [one, two] = (await connections(bench, 2)) as [EventStore, EventStore]
      await append(one, batch(20, 3))
      const before = await scanAll(one)
      const [seen] = await Promise.all([
        scanAll(one, 'Lead', 3),
        ...range(4, 12).map((n) =>
          append(
            two,
            range(1, 40).map((id) => candidate({ id: String(id), at: n })),
          ),
        ),
      ])
      const ids = new Set(seen.map(({ eventId }) => eventId))
      assert.deepEqual(
        before.filter(({ eventId }) => !ids.has(eventId)),
        [],
      )
      assert.equal(ids.size, seen.length)
    },
  },
]
