// The checkpoint store's contract: cursors move only from the one expected, leases have one holder,
// quarantine keeps records as they came.
import assert from 'node:assert/strict'
import type { CheckpointStore, Quarantined } from '../../ports/checkpoint-store.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { at, awkwardText } from '../samples.ts'

const entry = (id: string, more: Partial<Quarantined> = {}): Quarantined => ({
  id,
  producer: 'p',
  entity: 'Lead',
  record: '{"a":1}',
  cursor: '"c"',
  reason: 'broken',
  at: at(1),
  ...more,
})

const cursors: readonly ContractCase[] = [
  {
    name: 'checkpoint: comes back as it was saved, one a name',
    run: async ({ ports: { checkpointStore: store } }) => {
      const value = { from: awkwardText, list: [1, null, true, { deep: [] }], n: 1.5 }
      assert.equal(await right(store.load('p')), undefined)
      assert.equal(await right(store.save('p', value, 0)), 1)
      assert.equal(await right(store.save('P', 'other', 0)), 1)
      assert.deepEqual(
        [await right(store.load('p')), await right(store.load('P')), await right(store.load('q'))],
        [{ value, version: 1 }, { value: 'other', version: 1 }, undefined],
      )
    },
  },
  {
    name: 'checkpoint: moves only from the version expected',
    run: async ({ ports: { checkpointStore: store } }) => {
      assert.equal(await right(store.save('p', 'a', 1)), undefined)
      assert.equal(await right(store.save('p', 'a', 0)), 1)
      assert.deepEqual(
        [
          await right(store.save('p', 'b', 0)),
          await right(store.save('p', 'b', 1)),
          await right(store.save('p', 'c', 1)),
        ],
        [undefined, 2, undefined],
      )
      assert.deepEqual(await right(store.load('p')), { value: 'b', version: 2 })
    },
  },
  {
    name: 'checkpoint: saved at once from everywhere, one is taken',
    run: async ({ ports: { checkpointStore: store } }) => {
      const saved = await Promise.all(range(1, 8).map((n) => right(store.save('p', n, 0))))
      assert.equal(saved.filter((version) => version === 1).length, 1)
      assert.equal((await right(store.load('p')))?.value, saved.indexOf(1) + 1)
    },
  },
]

const leases: readonly ContractCase[] = [
  {
    name: 'lease: is taken again and renewed by its holder, under the same fence',
    run: async ({
      ports: {
        checkpointStore: { leases: held },
      },
    }) => {
      const first = await right(held.take('p'))
      assert.ok(first !== undefined)
      assert.deepEqual(
        [await right(held.take('p')), (await right(held.take('q'))) !== undefined],
        [first, true],
      )
      await right(held.release('p'))
      await right(held.release('p'))
      await right(held.release('never taken'))
      assert.ok((await right(held.take('p'))) !== undefined)
    },
  },
  {
    name:
      'connections: one holds a lease; released, the next holds it under a greater fence, and the ' +
      'former holder moves no cursor',
    needs: { secondConnection: true },
    run: async ({ ports: { checkpointStore: one }, connect }) => {
      const other: CheckpointStore = (await connect()).checkpointStore
      const first = await right(one.leases.take('p'))
      assert.ok(first !== undefined)
      assert.equal(await right(other.leases.take('p')), undefined)
      assert.equal(await right(one.save('p', 'mine', 0, first.fence)), 1)
      assert.equal(await right(other.save('p', 'theirs', 1, first.fence)), undefined)
      await right(one.leases.release('p'))
      const second = await right(other.leases.take('p'))
      assert.ok(second !== undefined && second.fence > first.fence)
      assert.equal(await right(one.leases.take('p')), undefined)
      assert.equal(await right(one.save('p', 'late', 1, first.fence)), undefined)
      assert.equal(await right(other.save('p', 'theirs', 1, second.fence)), 2)
      assert.deepEqual(await right(one.load('p')), { value: 'theirs', version: 2 })
    },
  },
]

const quarantine: readonly ContractCase[] = [
  {
    name: 'quarantine: keeps records as they came, for their producer only, each once',
    run: async ({
      ports: {
        checkpointStore: { quarantine: kept },
      },
    }) => {
      const full = entry('a', {
        record: JSON.stringify(awkwardText),
        version: 3,
        problems: [{ code: 'WrongType', path: 'x.y', message: awkwardText }],
        reason: awkwardText,
      })
      await right(kept.put([full, entry('b'), entry('a', { producer: 'pp' }), entry('a', { producer: 'o' })]))
      await right(kept.put([full]))
      assert.deepEqual(await right(kept.list('p', undefined, 10)), [full, entry('b')])
      assert.deepEqual(
        [await right(kept.count('p')), await right(kept.count('pp')), await right(kept.count('nobody'))],
        [2, 1, 0],
      )
    },
  },
  {
    name: 'quarantine: pages in order of id hold each entry once',
    run: async ({
      ports: {
        checkpointStore: { quarantine: kept },
      },
    }) => {
      const all = range(1, 23).map((n) => entry(String(n).padStart(3, '0')))
      await right(kept.put(all))
      for (const limit of [1, 7, 23, 24]) {
        const found: Quarantined[] = []
        for (;;) {
          const page = await right(kept.list('p', found.at(-1)?.id, limit))
          found.push(...page)
          if (page.length < limit) break
        }
        assert.deepEqual(found, all, `pages of ${limit}`)
      }
    },
  },
  {
    name: 'quarantine: an entry is taken out once, and a large record is kept whole',
    run: async ({
      ports: {
        checkpointStore: { quarantine: kept },
      },
    }) => {
      const large = entry('large', { record: JSON.stringify('x'.repeat(2_000_000)) })
      await right(kept.put([large, entry('b')]))
      assert.deepEqual(
        [
          await right(kept.remove('p', 'b')),
          await right(kept.remove('p', 'b')),
          await right(kept.remove('q', 'large')),
        ],
        [true, false, false],
      )
      assert.deepEqual(await right(kept.list('p', undefined, 10)), [large])
    },
  },
]

/** The laws of a checkpoint store. */
export const checkpointStoreContract: readonly ContractCase[] = [...cursors, ...leases, ...quarantine]
