// Contract of the view store's find: live documents by indexed properties, in pages.
import assert from 'node:assert/strict'
import { limits } from '../../model/limits.ts'
import type { Yadto } from '../../model/yadto.ts'
import type { FindQuery, ViewDocument, ViewStore, ViewTable } from '../../ports/view-store.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { awkwardText, idOf, integer, nullOf, scalar, string } from '../samples.ts'

const table: ViewTable = { entity: 'Lead', generation: 1, index: ['email', 'city', 'revenue', 'active'] }

const doc = (id: string, content: Yadto, more: Partial<ViewDocument> = {}): ViewDocument => ({
  entityId: idOf(id),
  sequence: 1,
  deleted: false,
  fold: { set: {} },
  content,
  ...more,
})

const filled = async (
  viewStore: ViewStore,
  documents: readonly ViewDocument[],
): Promise<(query?: Partial<FindQuery>) => Promise<readonly string[]>> => {
  await right(viewStore.prepare(table))
  await right(viewStore.put(table, documents))
  return async (query = {}) =>
    (await right(viewStore.find(table, { where: [], limit: 100, ...query }))).map(({ entityId }) => entityId)
}

const ids = (...names: string[]): readonly string[] => names.map((name) => idOf(name)).sort()

export const viewStoreFind: readonly ContractCase[] = [
  {
    name: 'find: by an indexed property, its text as it stands',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [
        doc('a', { email: string('x') }),
        doc('b', { email: string('X') }),
        doc('c', { email: string('x') }),
        doc('d', { email: string('x ') }),
        doc('e', { city: string('x') }),
        doc('f', { email: string('') }),
      ])
      assert.deepEqual(await find({ where: [['email', 'x']] }), ids('a', 'c'))
      assert.deepEqual(
        [
          await find({ where: [['email', 'X']] }),
          await find({ where: [['email', '']] }),
          await find({ where: [['email', 'y']] }),
        ],
        [ids('b'), ids('f'), []],
      )
    },
  },
  {
    name: 'find: numbers, booleans and instants by their canonical text',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [
        doc('a', { revenue: integer(5), active: scalar('Boolean', 'true') }),
        doc('b', { revenue: integer(9223372036854775807n), active: scalar('Boolean', 'false') }),
        doc('c', { revenue: integer(9223372036854775806n) }),
        doc('d', {
          city: scalar('DateTime', '2024-01-01T00:00:00.000001Z'),
          email: scalar('Decimal', '1.1'),
        }),
      ])
      assert.deepEqual(
        [
          await find({ where: [['revenue', '5']] }),
          await find({ where: [['revenue', '9223372036854775807']] }),
          await find({ where: [['active', 'true']] }),
        ],
        [ids('a'), ids('b'), ids('a')],
      )
      assert.deepEqual(
        [
          await find({ where: [['city', '2024-01-01T00:00:00.000001Z']] }),
          await find({ where: [['email', '1.1']] }),
        ],
        [ids('d'), ids('d')],
      )
    },
  },
  {
    name: 'find: by any text, up to the longest that can be indexed',
    run: async ({ ports: { viewStore } }) => {
      const texts = [
        awkwardText,
        'a\0b',
        'a\0c',
        'a',
        '%',
        '"',
        '日本',
        'é',
        'e\u0301',
        'x'.repeat(limits.indexedBytes),
        `${'x'.repeat(limits.indexedBytes - 1)}y`,
        'null',
        'true',
      ]
      const find = await filled(
        viewStore,
        texts.map((text, i) => doc(String(i), { email: string(text) })),
      )
      for (const [i, text] of texts.entries())
        assert.deepEqual(
          await find({ where: [['email', text]] }),
          ids(String(i)),
          JSON.stringify(text.slice(0, 40)),
        )
    },
  },
  {
    name: 'find: null finds null and missing',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [
        doc('a', { email: nullOf('String') }),
        doc('b', {}),
        doc('c', { email: string('x') }),
        doc('d', { email: string('') }),
        doc('e', { email: string('null') }),
      ])
      assert.deepEqual(await find({ where: [['email', null]] }), ids('a', 'b'))
    },
  },
  {
    name: 'find: all conditions hold together; without any, it finds everything',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [
        doc('a', { email: string('x'), city: string('Graz') }),
        doc('b', { email: string('x'), city: string('Linz') }),
        doc('c', { email: string('y'), city: string('Graz') }),
        doc('d', { email: string('x') }),
      ])
      assert.deepEqual(
        await find({
          where: [
            ['email', 'x'],
            ['city', 'Graz'],
          ],
        }),
        ids('a'),
      )
      assert.deepEqual(
        await find({
          where: [
            ['email', 'x'],
            ['city', null],
          ],
        }),
        ids('d'),
      )
      assert.deepEqual(
        await find({
          where: [
            ['email', 'x'],
            ['email', 'y'],
          ],
        }),
        [],
      )
      assert.deepEqual(await find(), ids('a', 'b', 'c', 'd'))
    },
  },
  {
    name: 'find: pages in order of entity id, behind any id, together hold each document once',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(
        viewStore,
        range(1, 30).map((n) => doc(String(n), { email: string(n % 2 === 0 ? 'even' : 'odd') })),
      )
      const where: FindQuery['where'] = [['email', 'even']]
      const expected = ids(...range(1, 15).map((n) => String(n * 2)))
      for (const limit of [1, 4, 15, 16]) {
        const found: string[] = []
        for (
          let page = await find({ where, limit });
          page.length > 0;
          page = await find({ where, limit, after: found.at(-1) as string })
        )
          found.push(...page)
        assert.deepEqual(found, expected, `pages of ${limit}`)
      }
      assert.deepEqual(
        await find({ after: idOf('7') }),
        ids(...range(1, 30).map(String)).filter((id) => id > idOf('7')),
      )
      assert.deepEqual(await find({ after: 'ffffffff-ffff-5fff-bfff-ffffffffffff' }), [])
    },
  },
  {
    name: 'find: never shows a deleted document, and shows one that was revived',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [
        doc('a', { email: string('x') }),
        doc('b', { email: string('x') }, { deleted: true }),
        doc('c', {}, { deleted: true }),
      ])
      assert.deepEqual(
        [await find({ where: [['email', 'x']] }), await find({ where: [['email', null]] }), await find()],
        [ids('a'), [], ids('a')],
      )
      await right(
        viewStore.put(table, [
          doc('a', {}, { sequence: 2, deleted: true }),
          doc('b', { email: string('x') }, { sequence: 2 }),
        ]),
      )
      assert.deepEqual([await find({ where: [['email', 'x']] }), await find()], [ids('b'), ids('b')])
    },
  },
  {
    name: 'find: follows a changed value',
    run: async ({ ports: { viewStore } }) => {
      const find = await filled(viewStore, [doc('a', { email: string('old') })])
      await right(viewStore.put(table, [doc('a', { email: string('new') }, { sequence: 2 })]))
      assert.deepEqual(
        [await find({ where: [['email', 'old']] }), await find({ where: [['email', 'new']] })],
        [[], ids('a')],
      )
    },
  },
  {
    name: 'find: yields documents whole',
    run: async ({ ports: { viewStore } }) => {
      const document = doc('a', { email: string(awkwardText), n: integer(1) }, { sequence: 3 })
      await filled(viewStore, [document])
      assert.deepEqual(await right(viewStore.find(table, { where: [['email', awkwardText]], limit: 1 })), [
        document,
      ])
    },
  },
]
