// Contract of the query engine's limits: more columns and deeper objects than a table holds are kept, each in
// its place.
import assert from 'node:assert/strict'
import { limits } from '../../model/limits.ts'
import type { EntityPropertyValue } from '../../model/yadto.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'
import { integer, list, object, schemaFor, storedEvent, string } from '../samples.ts'

const parsed = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)

// Objects `levels` deep, with a text, a number and lists at each level.
const nested = (levels: number): EntityPropertyValue =>
  object({
    level: integer(levels),
    tags: list(string(`t${levels}`)),
    ...(levels === 1 ? {} : { inner: nested(levels - 1) }),
  })

const inside = (value: unknown, levels: number): unknown =>
  range(1, levels).reduce<unknown>((outer) => (outer as { readonly inner: unknown }).inner, value)

export const queryEngineLimits: readonly ContractCase[] = [
  {
    name: 'a property beyond 2,000 leaf columns stays in _extra, and nothing is lost',
    run: async ({ ports: { queryEngine } }) => {
      // Identifier and timestamp are columns too, and an object counts by its leaves.
      const content = Object.fromEntries(
        range(1, 1_050).map((n) => [
          `p${String(n).padStart(4, '0')}`,
          object({ a: integer(n), b: string('x') }),
        ]),
      )
      const event = storedEvent({ id: 'a', sequence: 1, at: 1, content })
      await fill(queryEngine, [event])
      const [row] = await ask(queryEngine, 'SELECT * FROM Lead')
      const columns = Object.entries(row ?? {}).filter(([name]) => /^p\d/.test(name))
      const leaves =
        columns.reduce((sum, [, value]) => sum + Object.keys(value as object).length, 0) +
        ['id', 'updatedAt'].filter((name) => name in (row ?? {})).length
      assert.ok(leaves <= limits.leafColumns && leaves > limits.leafColumns - 3, `${leaves} leaf columns`)
      const extra = parsed(row?.['_extra']) as { readonly [name: string]: EntityPropertyValue }
      for (const [name, value] of Object.entries(content)) {
        const column = row?.[name] as { readonly a: bigint; readonly b?: string } | undefined
        if (column?.b === undefined) assert.deepEqual(extra[name], value, name)
        else
          assert.deepEqual(
            [column, extra[name]],
            [{ a: BigInt(value.embeddedEntity?.['a']?.value ?? ''), b: 'x' }, undefined],
            name,
          )
      }
      await right(
        queryEngine.evolve(
          'Lead',
          schemaFor([event, storedEvent({ id: 'a', sequence: 2, at: 2, content: { q: string('x') } })]),
        ),
      )
      assert.equal('q' in ((await ask(queryEngine, 'SELECT * FROM Lead'))[0] ?? {}), false)
    },
  },
  {
    name: 'what lies below RECORD level 15 is one JSON column, whole in _extra as well',
    run: async ({ ports: { queryEngine } }) => {
      for (const [id, levels] of [
        ['at', limits.recordLevels],
        ['one', limits.recordLevels + 1],
        ['deep', 40],
      ] as const) {
        const event = storedEvent({
          id,
          sequence: 1,
          at: 1,
          content: { tree: nested(levels) },
          entity: `Tree_${id}`,
        })
        await fill(queryEngine, [event], {}, `Tree_${id}`)
        const [row] = await ask(queryEngine, `SELECT tree, _extra FROM Tree_${id}`)
        for (const level of range(0, limits.recordLevels - 1)) {
          const { level: number, tags } = inside(row?.['tree'], level) as {
            readonly level: bigint
            readonly tags: readonly string[]
          }
          assert.deepEqual([number, tags], [BigInt(levels - level), [`t${levels - level}`]])
        }
        if (levels === limits.recordLevels) assert.equal(row?.['_extra'], null)
        else {
          const below = parsed(inside(row?.['tree'], limits.recordLevels)) as {
            readonly level: unknown
            readonly tags: unknown
          }
          assert.deepEqual(
            [String(below.level), below.tags],
            [String(levels - limits.recordLevels), [`t${levels - limits.recordLevels}`]],
          )
          assert.deepEqual(parsed(row?.['_extra']), { tree: nested(levels) })
        }
      }
    },
  },
  {
    name: 'lists of objects nest as deep as objects do',
    run: async ({ ports: { queryEngine } }) => {
      const lists = (levels: number): EntityPropertyValue =>
        list(object(levels === 1 ? { end: string('x') } : { of: lists(levels - 1) }))
      await fill(queryEngine, [
        storedEvent({ id: 'a', sequence: 1, at: 1, content: { tree: lists(limits.recordLevels) } }),
      ])
      const [row] = await ask(queryEngine, 'SELECT tree, _extra FROM Lead')
      const end = range(1, limits.recordLevels - 1).reduce<unknown>(
        (outer) => (outer as readonly { readonly of: unknown }[])[0]?.of,
        row?.['tree'],
      )
      assert.deepEqual([end, row?.['_extra']], [[{ end: 'x' }], null])
    },
  },
  {
    name: 'many large events fit one append',
    run: async ({ ports: { queryEngine } }) => {
      const events = range(1, 100).map((n) =>
        storedEvent({
          id: String(n),
          sequence: 1,
          at: n,
          content: { text: string(`${n}${'x'.repeat(600_000)}`) },
        }),
      )
      await fill(queryEngine, events)
      assert.deepEqual(await ask(queryEngine, 'SELECT count(*) AS n, sum(length(text)) AS total FROM Lead'), [
        { n: 100n, total: BigInt(events.length * 600_000 + 9 + 180 + 3) },
      ])
    },
  },
  {
    name: 'the largest event fits a row',
    run: async ({ ports: { queryEngine } }) => {
      const text = '\u0001é'.repeat(120_000)
      await fill(queryEngine, [storedEvent({ id: 'a', sequence: 1, at: 1, content: { text: string(text) } })])
      assert.ok(
        (await ask(queryEngine, 'SELECT text FROM Lead'))[0]?.['text'] === text,
        'the text has changed',
      )
      assert.equal(await count(queryEngine, 'Lead_events'), 1)
    },
  },
]
