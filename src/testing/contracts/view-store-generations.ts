// Contract of mending and rebuilding views: documents put right, listed and removed, and generations that
// take over from each other.
import assert from 'node:assert/strict'
import type { ViewDocument, ViewTable } from '../../ports/view-store.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { idOf, integer, string } from '../samples.ts'

const table: ViewTable = { entity: 'Lead', generation: 1, index: ['email'] }

const doc = (id: string, sequence: number, text = 'x', more: Partial<ViewDocument> = {}): ViewDocument => ({
  entityId: idOf(id),
  sequence,
  deleted: false,
  fold: { set: {} },
  content: { email: string(text), n: integer(sequence) },
  ...more,
})

export const viewStoreGenerations: readonly ContractCase[] = [
  {
    name: 'mend: replaces a document whatever it holds, unless it has moved beyond',
    run: async ({ ports: { viewStore } }) => {
      await right(viewStore.prepare(table))
      await right(viewStore.put(table, [doc('a', 3, 'wrong'), doc('b', 3, 'wrong')]))
      assert.equal(
        await right(viewStore.mend(table, [doc('a', 3, 'right'), doc('b', 2, 'late'), doc('c', 1, 'new')])),
        2,
      )
      const found = new Map(
        (
          await right(
            viewStore.get(
              table,
              ['a', 'b', 'c'].map((id) => idOf(id)),
            ),
          )
        ).map((each) => [each.entityId, each]),
      )
      assert.deepEqual(
        ['a', 'b', 'c'].map((id) => found.get(idOf(id))),
        [doc('a', 3, 'right'), doc('b', 3, 'wrong'), doc('c', 1, 'new')],
      )
      assert.equal(await right(viewStore.mend(table, [doc('a', 4, 'newer')])), 1)
      assert.deepEqual(
        (await right(viewStore.find(table, { where: [['email', 'newer']], limit: 9 }))).map(
          ({ sequence }) => sequence,
        ),
        [4],
      )
    },
  },
  {
    name: 'remove: takes out what is there, leaves the others, and opens the gate',
    run: async ({ ports: { viewStore } }) => {
      await right(viewStore.prepare(table))
      await right(viewStore.put(table, [doc('a', 3), doc('b', 3), doc('c', 3, 'x', { deleted: true })]))
      await right(viewStore.remove(table, [idOf('a'), idOf('c'), idOf('nobody')]))
      await right(viewStore.remove(table, []))
      assert.deepEqual(await right(viewStore.list(table, undefined, 9)), [doc('b', 3)])
      assert.equal(await right(viewStore.put(table, [doc('a', 1)])), 1)
    },
  },
  {
    name: 'list: pages in order of entity id hold every document once, the deleted ones too',
    run: async ({ ports: { viewStore } }) => {
      assert.deepEqual(await right(viewStore.list(table, undefined, 9)), [])
      await right(viewStore.prepare(table))
      const all = range(1, 25)
        .map((n) => doc(String(n), n, 'x', { deleted: n % 5 === 0 }))
        .sort((a, b) => (a.entityId < b.entityId ? -1 : 1))
      await right(viewStore.put(table, all))
      for (const limit of [1, 7, 25, 26]) {
        const found: ViewDocument[] = []
        for (;;) {
          const page = await right(viewStore.list(table, found.at(-1)?.entityId, limit))
          found.push(...page)
          if (page.length < limit) break
        }
        assert.deepEqual(found, all, `pages of ${limit}`)
      }
    },
  },
  {
    name: 'generations: a build is begun once, remembers how far it is, and takes over once',
    run: async ({
      ports: {
        viewStore: { generations },
      },
    }) => {
      assert.deepEqual(await right(generations.of('Lead')), { active: 1 })
      assert.equal(await right(generations.swap('Lead', 2)), false)
      const build = await right(generations.begin('Lead', 'first'))
      assert.deepEqual(build, { generation: 2, definition: 'first', events: 0 })
      const further = { ...build, cursor: { entityId: idOf('a'), sequence: 7 }, events: 1_000 }
      await right(generations.advance('Lead', further))
      assert.deepEqual(await right(generations.of('Lead')), { active: 1, building: further })
      assert.deepEqual(await right(generations.begin('Lead', 'first')), further)
      assert.deepEqual(
        [
          await right(generations.swap('Lead', 3)),
          await right(generations.swap('Lead', 2)),
          await right(generations.swap('Lead', 2)),
        ],
        [false, true, false],
      )
      assert.deepEqual(
        [await right(generations.of('Lead')), await right(generations.of('Account'))],
        [{ active: 2 }, { active: 1 }],
      )
      assert.deepEqual(await right(generations.begin('Lead', 'first')), {
        generation: 3,
        definition: 'first',
        events: 0,
      })
    },
  },
  {
    name:
      'generations: another definition begins another build, and the abandoned one neither advances ' +
      'nor takes over',
    run: async ({
      ports: {
        viewStore: { generations },
      },
    }) => {
      const first = await right(generations.begin('Lead', 'first'))
      const second = await right(generations.begin('Lead', 'second'))
      assert.ok(second.generation > first.generation)
      await right(generations.advance('Lead', { ...first, events: 5 }))
      assert.equal(await right(generations.swap('Lead', first.generation)), false)
      assert.deepEqual(await right(generations.of('Lead')), { active: 1, building: second })
      assert.equal(await right(generations.swap('Lead', second.generation)), true)
    },
  },
  {
    name: 'generations: begun at once from everywhere, there is one build',
    run: async ({
      ports: {
        viewStore: { generations },
      },
    }) => {
      const builds = await Promise.all(range(1, 6).map(() => right(generations.begin('Lead', 'first'))))
      assert.deepEqual(
        builds,
        range(1, 6).map(() => builds[0]),
      )
    },
  },
  {
    name:
      'generations: the one before stays until the next build begins, and an abandoned one leaves ' +
      'nothing',
    run: async ({ ports: { viewStore } }) => {
      const at = (generation: number): ViewTable => ({ ...table, generation })
      const held = async (generation: number) =>
        (await right(viewStore.get(at(generation), [idOf('a')]))).map(
          ({ content }) => content['email']?.value,
        )
      const build = async (definition: string): Promise<number> => {
        const { generation } = await right(viewStore.generations.begin('Lead', definition))
        await right(viewStore.prepare(at(generation)))
        await right(viewStore.put(at(generation), [doc('a', 1, definition)]))
        return generation
      }
      await right(viewStore.prepare(table))
      await right(viewStore.put(table, [doc('a', 1, 'old')]))
      const abandoned = await build('abandoned')
      const second = await build('second')
      assert.deepEqual([await held(1), await held(abandoned), await held(second)], [['old'], [], ['second']])
      await right(viewStore.generations.swap('Lead', second))
      assert.deepEqual(
        [
          await held(second),
          await right(viewStore.find(at(second), { where: [['email', 'second']], limit: 9 })),
        ],
        [['second'], [doc('a', 1, 'second')]],
      )
      const third = await build('third')
      await right(viewStore.generations.swap('Lead', third))
      const fourth = await build('fourth')
      assert.deepEqual(
        [await held(second), await held(third), await held(fourth)],
        [[], ['third'], ['fourth']],
      )
    },
  },
  {
    name: 'connections: a generation that one drops, another finds empty',
    needs: { secondConnection: true },
    run: async ({ ports: { viewStore }, connect }) => {
      const other = (await connect()).viewStore
      await right(viewStore.prepare(table))
      await right(viewStore.put(table, [doc('a', 1)]))
      assert.equal((await right(other.find(table, { where: [], limit: 9 }))).length, 1)
      for (const definition of ['second', 'third']) {
        const { generation } = await right(viewStore.generations.begin('Lead', definition))
        await right(viewStore.prepare({ ...table, generation }))
        assert.equal(await right(viewStore.generations.swap('Lead', generation)), true)
      }
      await right(viewStore.generations.begin('Lead', 'fourth'))
      assert.deepEqual(
        [
          await right(other.get(table, [idOf('a')])),
          await right(other.find(table, { where: [], limit: 9 })),
          await right(other.list(table, undefined, 9)),
        ],
        [[], [], []],
      )
      assert.equal((await right(other.generations.of('Lead'))).active, 3)
    },
  },
]
