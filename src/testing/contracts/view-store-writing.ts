// Contract of the view store's writing: a document gives way to a higher sequence only, and comes back as
// it was put.
import assert from 'node:assert/strict'
import type { ViewDocument, ViewStore, ViewTable } from '../../ports/view-store.ts'
import { at, idOf, integer, string } from '../samples.ts'
import { range, right } from '../check.ts'
import type { ContractCase } from '../contract.ts'
import { everything, fold } from './view-store-content.ts'

const table: ViewTable = { entity: 'Lead', generation: 1, index: ['email'] }

const doc = (id: string, sequence: number, more: Partial<ViewDocument> = {}): ViewDocument => ({
  entityId: idOf(id),
  sequence,
  deleted: false,
  fold: { set: {} },
  content: { n: integer(sequence) },
  ...more,
})

const prepared = async (viewStore: ViewStore): Promise<ViewStore> => {
  await right(viewStore.prepare(table))
  return viewStore
}

const one = async (viewStore: ViewStore, id: string): Promise<ViewDocument | undefined> =>
  (await right(viewStore.get(table, [idOf(id)])))[0]

export const viewStoreWriting: readonly ContractCase[] = [
  {
    name: 'finds nothing before the first document, in a table that was prepared and in one that was not',
    run: async ({ ports: { viewStore } }) => {
      for (const _ of [0, 1]) {
        assert.deepEqual(await right(viewStore.get(table, [idOf('a')])), [])
        assert.deepEqual(await right(viewStore.find(table, { where: [], limit: 10 })), [])
        await prepared(viewStore)
      }
    },
  },
  {
    name: 'put: replaces only a document of a lower sequence, and counts what it wrote',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      const put = (...documents: ViewDocument[]): Promise<number> => right(viewStore.put(table, documents))
      assert.equal(await put(doc('a', 2)), 1)
      assert.equal(await put(doc('a', 1), doc('a', 2, { content: {} })), 0)
      assert.deepEqual(await one(viewStore, 'a'), doc('a', 2))
      assert.equal(await put(doc('a', 3), doc('b', 1), doc('a', 2)), 2)
      assert.deepEqual(await one(viewStore, 'a'), doc('a', 3))
      assert.equal(await put(), 0)
    },
  },
  {
    name: 'put: of several documents of one entity the highest sequence stays, whatever their order',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      await right(viewStore.put(table, [doc('a', 2), doc('a', 5), doc('a', 3)]))
      assert.deepEqual(await one(viewStore, 'a'), doc('a', 5))
    },
  },
  {
    name: 'put: at once from everywhere, the highest sequence stays',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      await Promise.all(
        range(1, 20).map((n) => right(viewStore.put(table, [doc('a', (n * 8) % 21), doc(String(n), 1)]))),
      )
      assert.deepEqual(await one(viewStore, 'a'), doc('a', 20))
      assert.equal((await right(viewStore.find(table, { where: [], limit: 100 }))).length, 21)
    },
  },
  {
    name: 'put: a deleted entity keeps its gate',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      const tombstone = doc('a', 3, {
        deleted: true,
        content: {},
        fold: { floor: { occurredAt: at(1), sequence: 3, deleted: true }, set: {} },
      })
      await right(viewStore.put(table, [tombstone]))
      assert.equal(await right(viewStore.put(table, [doc('a', 2)])), 0)
      assert.deepEqual(await one(viewStore, 'a'), tombstone)
      assert.equal(await right(viewStore.put(table, [doc('a', 4)])), 1)
      assert.equal((await one(viewStore, 'a'))?.deleted, false)
    },
  },
  {
    name: 'get: leaves out what is not there, and has the deleted ones',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      await right(viewStore.put(table, [doc('a', 1), doc('b', 1, { deleted: true }), doc('c', 1)]))
      const got = async (...ids: string[]) =>
        (
          await right(
            viewStore.get(
              table,
              ids.map((id) => idOf(id)),
            ),
          )
        )
          .map(({ entityId }) => entityId)
          .sort()
      assert.deepEqual(await got('b', 'a', 'nobody'), [idOf('a'), idOf('b')].sort())
      assert.deepEqual([await got(), await got('nobody')], [[], []])
    },
  },
  {
    name: 'get: finds thousands in one call',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      const documents = range(1, 1_500).map((n) => doc(String(n), n))
      assert.equal(await right(viewStore.put(table, documents)), 1_500)
      const found = await right(
        viewStore.get(
          table,
          documents.map(({ entityId }) => entityId),
        ),
      )
      assert.deepEqual(
        found.map(({ sequence }) => sequence).sort((a, b) => a - b),
        range(1, 1_500),
      )
    },
  },
  {
    name: 'keeps content and fold exactly: every type, nesting, nulls, empty lists and objects, any text',
    run: async ({ ports }) => {
      const viewStore = await prepared(ports.viewStore)
      const document = doc('a', 7, { content: everything, fold })
      await right(viewStore.put(table, [document, doc('b', 1, { content: {} })]))
      assert.deepEqual(await one(viewStore, 'a'), document)
      assert.deepEqual(await one(viewStore, 'b'), doc('b', 1, { content: {} }))
    },
  },
  {
    name: 'prepare: is repeatable, keeps documents, and a later index finds the old ones',
    run: async ({ ports }) => {
      const viewStore = await prepared(await prepared(ports.viewStore))
      await right(
        viewStore.put(table, [doc('a', 1, { content: { email: string('x'), city: string('Graz') } })]),
      )
      const wider: ViewTable = { ...table, index: ['email', 'city'] }
      for (const _ of [0, 1]) await right(viewStore.prepare(wider))
      assert.deepEqual(
        (
          await right(
            viewStore.find(wider, {
              where: [
                ['city', 'Graz'],
                ['email', 'x'],
              ],
              limit: 10,
            }),
          )
        ).map(({ entityId }) => entityId),
        [idOf('a')],
      )
      await right(viewStore.prepare(table))
      assert.equal((await one(viewStore, 'a'))?.sequence, 1)
    },
  },
  {
    name: 'prepare: several at once make one table',
    run: async ({ ports: { viewStore } }) => {
      await Promise.all(range(1, 5).map(() => right(viewStore.prepare(table))))
      assert.equal(await right(viewStore.put(table, [doc('a', 1)])), 1)
    },
  },
  {
    name: 'generations and kinds of entity do not share documents, and the first generation serves',
    run: async ({ ports: { viewStore } }) => {
      const tables = [
        table,
        { ...table, generation: 2 },
        { ...table, entity: 'Lead_1' },
        { ...table, entity: 'Order', index: ['select', 'group'] },
      ]
      for (const [i, each] of tables.entries()) {
        await right(viewStore.prepare(each))
        await right(viewStore.put(each, [doc('a', i + 1)]))
      }
      for (const [i, each] of tables.entries())
        assert.deepEqual(
          (await right(viewStore.get(each, [idOf('a')]))).map(({ sequence }) => sequence),
          [i + 1],
        )
      assert.deepEqual(
        [await right(viewStore.generations.of('Lead')), await right(viewStore.generations.of('Nothing'))],
        [{ active: 1 }, { active: 1 }],
      )
    },
  },
  {
    name: 'connections: what one puts, another gets and finds at once',
    needs: { secondConnection: true },
    run: async ({ ports, connect }) => {
      const other = (await connect()).viewStore
      assert.deepEqual(await right(other.get(table, [idOf('a')])), [])
      const viewStore = await prepared(ports.viewStore)
      await right(viewStore.put(table, [doc('a', 2)]))
      assert.deepEqual(await one(other, 'a'), doc('a', 2))
      assert.equal(await right(other.put(table, [doc('a', 1)])), 0)
      assert.equal(await right(other.put(table, [doc('a', 3)])), 1)
      assert.deepEqual(await right(viewStore.find(table, { where: [], limit: 10 })), [doc('a', 3)])
    },
  },
]
