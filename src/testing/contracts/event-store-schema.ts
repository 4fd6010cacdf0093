// Contract of the stored schema: one row an entity kind, changed by compare-and-set, and the guard of every
// append.
import assert from 'node:assert/strict'
import type { EntitySchema } from '../../model/schema.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { candidate, history, idOf, latest, schemaOf } from '../samples.ts'
import { append, historyOf, scanAll, short } from '../steps.ts'

const nested: EntitySchema = schemaOf(
  {
    id: { type: 'String' },
    updatedAt: { type: 'DateTime' },
    empty: { type: 'List' },
    lines: {
      type: 'List',
      element: {
        type: 'EmbeddedObject',
        fields: { price: { type: 'Decimal' }, tags: { type: 'List', element: { type: 'String' } } },
      },
    },
  },
  { rules: [history, { ...latest, ignore: ['a', 'b'] }], updates: ['full', 'partial'], required: [] },
)

const wider = (n: number): EntitySchema =>
  schemaOf(Object.fromEntries(range(1, n).map((i) => [`p${i}`, { type: 'String' }])))

export const eventStoreSchema: readonly ContractCase[] = [
  {
    name: 'schema: there is none before the first, then it comes back as it was saved',
    run: async ({ ports: { eventStore } }) => {
      assert.equal(await right(eventStore.schema('Lead')), undefined)
      assert.equal(await right(eventStore.saveSchema('Lead', nested, 0)), 1)
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: nested, version: 1 })
      assert.equal(await right(eventStore.schema('Account')), undefined)
    },
  },
  {
    name: 'schema: is saved in place of the expected version only',
    run: async ({ ports: { eventStore } }) => {
      assert.equal(await right(eventStore.saveSchema('Lead', wider(1), 1)), undefined)
      assert.equal(await right(eventStore.schema('Lead')), undefined)
      assert.equal(await right(eventStore.saveSchema('Lead', wider(1), 0)), 1)
      assert.equal(await right(eventStore.saveSchema('Lead', wider(2), 0)), undefined)
      assert.equal(await right(eventStore.saveSchema('Lead', wider(2), 2)), undefined)
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(1), version: 1 })
      assert.equal(await right(eventStore.saveSchema('Lead', wider(2), 1)), 2)
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(2), version: 2 })
    },
  },
  {
    name: 'schema: can be as wide as an update allows',
    run: async ({ ports: { eventStore } }) => {
      assert.equal(await right(eventStore.saveSchema('Lead', wider(5_000), 0)), 1)
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(5_000), version: 1 })
    },
  },
  {
    name: 'schema: of many that save at once, one is the first',
    run: async ({ ports: { eventStore } }) => {
      const saved = await Promise.all(
        range(1, 8).map((n) => right(eventStore.saveSchema('Lead', wider(n), 0))),
      )
      assert.deepEqual(
        saved.filter((version) => version !== undefined),
        [1],
      )
      assert.deepEqual(await right(eventStore.schema('Lead')), {
        schema: wider(saved.indexOf(1) + 1),
        version: 1,
      })
    },
  },
  {
    name: 'guard: an append puts the next schema in place and stores its batch',
    run: async ({ ports: { eventStore } }) => {
      const appended = await right(
        eventStore.append({
          candidates: [candidate({ id: 'a', at: 1 })],
          guards: [{ entity: 'Lead', version: 0, next: wider(1) }],
        }),
      )
      assert.equal(appended._tag, 'appended')
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(1), version: 1 })
      const next = await right(
        eventStore.append({
          candidates: [candidate({ id: 'a', at: 2 })],
          guards: [{ entity: 'Lead', version: 1, next: wider(2) }],
        }),
      )
      assert.deepEqual(next._tag === 'appended' && short(next.outcomes), ['stored 2'])
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(2), version: 2 })
    },
  },
  {
    name: 'guard: without a next schema the version stays',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, [candidate({ id: 'a', at: 1 })])
      const before = await right(eventStore.schema('Lead'))
      await append(eventStore, [candidate({ id: 'a', at: 2 })])
      assert.deepEqual(await right(eventStore.schema('Lead')), before)
    },
  },
  {
    name: 'guard: where the schema has moved, nothing is written, neither event nor schema',
    run: async ({ ports: { eventStore } }) => {
      await right(eventStore.saveSchema('Lead', wider(1), 0))
      for (const version of [0, 2]) {
        const moved = await right(
          eventStore.append({
            candidates: [candidate({ id: 'a', at: 1 })],
            guards: [{ entity: 'Lead', version, next: wider(3) }],
          }),
        )
        assert.deepEqual(moved, { _tag: 'schema-moved', entities: ['Lead'] })
      }
      assert.deepEqual(await historyOf(eventStore, idOf('a')), [])
      assert.deepEqual(await right(eventStore.schema('Lead')), { schema: wider(1), version: 1 })
    },
  },
  {
    name: 'guard: one moved schema of several stops the whole batch and is the one that is named',
    run: async ({ ports: { eventStore } }) => {
      await append(eventStore, [candidate({ id: 'a', at: 1, entity: 'Account' })])
      await right(eventStore.saveSchema('Lead', wider(1), 0))
      const candidates = ['Account', 'Lead', 'Contact'].map((entity) => candidate({ id: 'a', at: 2, entity }))
      const guards = [
        { entity: 'Account', version: 1, next: wider(2) },
        { entity: 'Lead', version: 0, next: wider(2) },
        { entity: 'Contact', version: 0, next: wider(2) },
      ]
      assert.deepEqual(await right(eventStore.append({ candidates, guards })), {
        _tag: 'schema-moved',
        entities: ['Lead'],
      })
      assert.deepEqual(
        [(await right(eventStore.schema('Account')))?.version, await right(eventStore.schema('Contact'))],
        [1, undefined],
      )
      assert.deepEqual(
        (await Promise.all(['Account', 'Lead', 'Contact'].map((entity) => scanAll(eventStore, entity)))).map(
          ({ length }) => length,
        ),
        [1, 0, 0],
      )
    },
  },
]
