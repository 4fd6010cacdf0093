// Contract of the query engine's position: it moves with its rows in one transaction, or neither is
// written.
import assert from 'node:assert/strict'
import type { StoredEvent } from '../../model/event.ts'
import type { ContractCase } from '../contract.ts'
import { left, range, right } from '../check.ts'
import { count } from '../querying.ts'
import { schemaFor } from '../samples.ts'
import { events } from './query-engine-append.ts'

export const queryEnginePosition: readonly ContractCase[] = [
  {
    name: 'position: moves with its rows, only from where it was',
    needs: { storesPositions: true },
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      assert.equal(await right(queryEngine.position('Lead')), undefined)
      assert.equal(
        await right(queryEngine.append('Lead', events.slice(0, 4), { before: undefined, after: '4' })),
        true,
      )
      assert.deepEqual(
        [await right(queryEngine.position('Lead')), await count(queryEngine, 'Lead_log')],
        ['4', 4],
      )
      for (const before of [undefined, '3', '8', ''])
        assert.equal(
          await right(queryEngine.append('Lead', events.slice(4, 8), { before, after: '8' })),
          false,
        )
      assert.deepEqual(
        [await right(queryEngine.position('Lead')), await count(queryEngine, 'Lead_log')],
        ['4', 4],
      )
      assert.equal(
        await right(queryEngine.append('Lead', events.slice(4, 8), { before: '4', after: '8' })),
        true,
      )
      assert.deepEqual(
        [await right(queryEngine.position('Lead')), await count(queryEngine, 'Lead_log')],
        ['8', 8],
      )
    },
  },
  {
    name: "position: moves without rows, stays without a step, and is each kind's own",
    needs: { storesPositions: true },
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      assert.equal(await right(queryEngine.append('Lead', [], { before: undefined, after: '9' })), true)
      await right(queryEngine.append('Lead', events))
      assert.deepEqual(
        [await right(queryEngine.position('Lead')), await right(queryEngine.position('Account'))],
        ['9', undefined],
      )
    },
  },
  {
    name: 'position: of many steps from one place at once, one is taken',
    needs: { storesPositions: true },
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      const taken = await Promise.all(
        range(1, 5).map((n) =>
          right(
            queryEngine.append('Lead', [events[n] as StoredEvent], { before: undefined, after: String(n) }),
          ),
        ),
      )
      assert.deepEqual([taken.filter(Boolean).length, await count(queryEngine, 'Lead_log')], [1, 1])
      assert.equal(await right(queryEngine.position('Lead')), String(taken.indexOf(true) + 1))
    },
  },
  {
    name: 'append: an event that can never be a row fails for good, and nothing of its batch is written',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      const [good] = events as [StoredEvent]
      for (const payload of [
        '{"n":{"propertyType":"Integer","value":"many"}}',
        '{"updatedAt":{"propertyType":"DateTime","value":"yesterday"}}',
      ]) {
        assert.equal(
          (await left(queryEngine.append('Lead', [good, { ...good, payload }, good]), 'Unavailable')).retry,
          false,
        )
      }
      assert.equal(await count(queryEngine, 'Lead_log'), 0)
      assert.equal(await right(queryEngine.append('Lead', [good])), true)
    },
  },
  {
    name: 'position: an append that fails moves nothing',
    needs: { storesPositions: true },
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaFor(events)))
      const [good] = events as [StoredEvent]
      const bad: StoredEvent = { ...good, payload: '{"n":{"propertyType":"Integer","value":"many"}}' }
      await left(queryEngine.append('Lead', [good, bad], { before: undefined, after: '1' }), 'Unavailable')
      assert.deepEqual(
        [await right(queryEngine.position('Lead')), await count(queryEngine, 'Lead_log')],
        [undefined, 0],
      )
      assert.equal(await right(queryEngine.append('Lead', [good], { before: undefined, after: '1' })), true)
    },
  },
  {
    name: 'position: a kind that was never evolved has none',
    run: async ({ ports: { queryEngine } }) => {
      assert.equal(await right(queryEngine.position('Nothing')), undefined)
    },
  },
]
