// Contract of rebuilding the query engine: generations that take over from each other.
import assert from 'node:assert/strict'
import type { ContractCase } from '../contract.ts'
import { right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { idOf, list, schemaFor, storedEvent, string } from '../samples.ts'
import { check, clean, cursor, events, inOrder } from './query-engine-check-steps.ts'

export const queryEngineGenerations: readonly ContractCase[] = [
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
