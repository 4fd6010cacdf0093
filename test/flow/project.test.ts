// The projections: whatever is delivered, in any order, twice or not at all until later, documents and rows
// end as the store says.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { projectViews } from '../../src/flow/project/views.ts'
import { tableOf } from '../../src/flow/project/view.ts'
import { submitAll } from '../../src/flow/receive/submit-all.ts'
import { core } from '../../src/flow/runtime.ts'
import type { StoredEvent } from '../../src/model/event.ts'
import type { Ports } from '../../src/ports/driver.ts'
import { day, source } from './kit.ts'

const define = (updates: 'full' | 'partial') =>
  entity('Thing', {
    properties: { id: y.string(), a: y.optional(y.integer()), b: y.optional(y.integer()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    updates,
    view: {
      properties: ['id', 'a'],
      index: ['sum'],
      calculated: { sum: y.integer() },
      calculate: (state) => ({ sum: (state.a ?? 0) + (state.b ?? 0) }),
    },
  })

const right = async <A>(task: () => Promise<{ _tag: string; right?: A }>): Promise<A> => {
  const result = await task()
  expect(result._tag).toBe('Right')
  return result.right as A
}

const updateOf = (E: ReturnType<typeof define>) =>
  fc
    .record({
      id: fc.constantFrom('1', '2'),
      n: fc.integer({ min: 1, max: 6 }),
      remove: fc.integer({ min: 0, max: 5 }),
      a: fc.option(fc.nat(9), { nil: undefined }),
      b: fc.option(fc.nat(9), { nil: undefined }),
    })
    .map(({ id, n, remove, a, b }) =>
      remove === 0 ? E.toDelete({ id, at: day(n) }, source) : E.toUpdate({ id, a, b, at: day(n) }, source),
    )

const events = async ({ eventStore }: Ports): Promise<readonly StoredEvent[]> =>
  right(eventStore.scan('Thing', undefined, 1000))

test.each(['full', 'partial'] as const)(
  'law (%s): any order, repetition and gap leads to the same documents',
  async (mode) => {
    const E = define(mode)
    await fc.assert(
      fc.asyncProperty(
        fc.array(updateOf(E), { minLength: 1, maxLength: 10 }),
        fc.infiniteStream(fc.nat()),
        async (updates, random) => {
          const ports = await right(embedded({ folder: ':memory:' }).open())
          const at = core(
            new Map([['Thing', E.definition]]),
            { name: 'test', open: () => async () => ({ _tag: 'Right', right: ports }) },
            () => undefined,
            86_400_000,
          )
          await right(submitAll(at.receiver, updates, {}))
          const stored = await events(ports)
          const project = (table: ReturnType<typeof tableOf>) =>
            projectViews({ definition: E.definition, store: ports.eventStore, views: ports.viewStore, table })
          const orderly = tableOf(E.definition, 1)
          const wild = tableOf(E.definition, 2)
          for (const table of [orderly, wild]) await right(ports.viewStore.prepare(table))
          await right(project(orderly)(stored, undefined))
          const draw = () => random.next().value as number
          // Pieces of the log in a wild order, many twice; only the last event of each entity is sure to
          // come.
          for (let i = 0; i < 4; i++)
            await right(
              project(wild)(
                Array.from({ length: draw() % 4 }, () => stored[draw() % stored.length] as StoredEvent),
                undefined,
              ),
            )
          const last = [...new Map(stored.map((event) => [event.entityId, event])).values()]
          await right(project(wild)(last, undefined))
          const ids = last.map(({ entityId }) => entityId)
          expect(await right(ports.viewStore.get(wild, ids))).toEqual(
            await right(ports.viewStore.get(orderly, ids)),
          )
          await at.close(1000)
        },
      ),
      { numRuns: 60 },
    )
  },
)
