// Contract of the event store's reads: history, scan, and what waits to be published.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { candidate, idOf, integer } from '../samples.ts'
import { append, historyOf, scanAll } from '../steps.ts'

const many = (entities: number, events: number, from = 1) =>
  range(1, entities).flatMap((id) =>
    range(from, from + events - 1).map((n) =>
      candidate({ id: String(id), at: n, content: { n: integer(n) } }),
    ),
  )

const names = (events: readonly StoredEvent[]): readonly string[] => events.map(({ eventId }) => eventId)

export const eventStoreReading: readonly ContractCase[] = [
  {
    name: 'reading what is not there finds nothing',
    run: async ({ ports: { eventStore } }) => {
      for (const entity of ['Nothing', 'Lead']) {
        assert.deepEqual(await historyOf(eventStore, idOf('nobody'), entity), [])
        if (entity === 'Nothing') assert.deepEqual(await right(eventStore.pending(entity, 10)), [])
        if (entity === 'Nothing') assert.deepEqual(await scanAll(eventStore, entity), [])
        await append(eventStore, [candidate({ id: 'a', at: 1 })])
      }
    },
  },
  {
    name: 'history: comes in sequence, in pages behind a sequence',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, many(3, 25))
      const sequences = async (after: number, limit: number) =>
        (await right(eventStore.history('Lead', idOf('2'), { after, limit }))).map(({ sequence }) => sequence)
      assert.deepEqual(await sequences(0, 10), range(1, 10))
      assert.deepEqual(await sequences(10, 10), range(11, 20))
      assert.deepEqual(await sequences(20, 10), range(21, 25))
      assert.deepEqual(await sequences(25, 10), [])
      assert.deepEqual(await sequences(99, 10), [])
      assert.deepEqual(await sequences(12, 1), [13])
      assert.deepEqual(
        (await historyOf(eventStore, idOf('2'))).map(({ entityId }) => entityId),
        range(1, 25).map(() => idOf('2')),
      )
    },
  },
  {
    name: 'scan: comes in order of entity id and sequence, each event once, whatever the page',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, [...many(7, 5), ...many(2, 3).map((each) => ({ ...each, entity: 'Account' }))])
      const expected = range(1, 7)
        .map((id) => idOf(String(id)))
        .sort()
        .flatMap((id) => range(1, 5).map((sequence) => `${id}.${String(sequence).padStart(12, '0')}`))
      for (const limit of [1, 2, 5, 7, 34, 35, 36])
        assert.deepEqual(names(await scanAll(eventStore, 'Lead', limit)), expected, `pages of ${limit}`)
    },
  },
  {
    name: 'scan: yields events whole, as the history does',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, [
        candidate({ id: 'a', at: 1, version: '1', correlationId: 'x' }),
        candidate({ id: 'a', at: 2, kind: 'delete' }),
        candidate({ id: 'a', at: 3, kind: 'partial' }),
      ])
      assert.deepEqual(await scanAll(eventStore), await historyOf(eventStore, idOf('a')))
    },
  },
  {
    name: 'scan: resumes behind any event, also behind one that is not there',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, many(4, 3))
      const all = await scanAll(eventStore)
      for (const [i, { entityId, sequence }] of all.entries())
        assert.deepEqual(await right(eventStore.scan('Lead', { entityId, sequence }, 100)), all.slice(i + 1))
      const [{ entityId }] = all as [StoredEvent]
      assert.deepEqual(
        names(await right(eventStore.scan('Lead', { entityId, sequence: 999 }, 100))),
        names(all.slice(3)),
      )
      assert.deepEqual(
        names(
          await right(
            eventStore.scan('Lead', { entityId: '00000000-0000-5000-8000-000000000000', sequence: 1 }, 100),
          ),
        ),
        names(all),
      )
    },
  },
  {
    name: 'scan: sees all that was committed before it began, while appends go on',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, many(10, 3))
      const before = names(await scanAll(eventStore))
      let round = 3
      const seen = names(
        await scanAll(
          eventStore,
          'Lead',
          4,
          async () => void (round < 9 && (await append(eventStore, [...many(20, 1, ++round)]))),
        ),
      )
      assert.deepEqual(seen, [...seen].sort())
      assert.equal(new Set(seen).size, seen.length)
      assert.deepEqual(
        before.filter((id) => !seen.includes(id)),
        [],
      )
    },
  },
  {
    name: 'pending: is always empty, since the log is the topic',
    needs: { log: true },
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, many(2, 2))
      assert.deepEqual(await right(eventStore.pending('Lead', 10)), [])
      await right(eventStore.published(await scanAll(eventStore)))
      assert.equal((await scanAll(eventStore)).length, 4)
    },
  },
  {
    name: 'pending: holds every stored event until it was published, and nothing else',
    needs: { log: false },
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, many(3, 4))
      await append(eventStore, many(3, 4))
      const all = await scanAll(eventStore)
      const pending = async (limit = 100) => names(await right(eventStore.pending('Lead', limit)))
      assert.deepEqual([...(await pending())].sort(), names(all))
      assert.deepEqual(
        [...(await right(eventStore.pending('Lead', 100)))].sort((a, b) => (a.eventId < b.eventId ? -1 : 1)),
        all,
      )
      assert.equal((await pending(5)).length, 5)
      await right(eventStore.published(all.slice(0, 7)))
      assert.deepEqual([...(await pending())].sort(), names(all.slice(7)))
      await right(eventStore.published(all.slice(5)))
      assert.deepEqual(await pending(), [])
      await right(eventStore.published(all))
    },
  },
]
