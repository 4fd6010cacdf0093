// Laws of fingerprints under several rules: each rule has its own, and a candidate bears them all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { declaredSchema } from '../../src/model/definition.ts'
import type { EntitySchema, Rule } from '../../src/model/schema.ts'
import { valuesFor } from '../../src/testing/arbitrary.ts'
import { candidate } from './entities.ts'
import { lead, mark } from './marks.ts'

const meta = { source: 'law' }
const at = '2024-01-01T00:00:00Z'

test('each rule has its own, and a candidate bears one for every rule in the schema, its own first', () => {
  const rules: readonly Rule[] = [
    { by: 'history', ignore: [], format: 1 },
    { by: 'latest', ignore: [], format: 1 },
    { by: 'history', ignore: ['a'], format: 1 },
    { by: 'history', ignore: ['a', 'b'], format: 1 },
  ]
  const schema: EntitySchema = { ...declaredSchema(lead().definition), rules }
  fc.assert(
    fc.property(valuesFor(fc, lead()), fc.constantFrom(...rules), (values, { by, ignore }) => {
      const of = lead({ by, ignore: ignore as readonly ('a' | 'b')[] })
      const { marks } = candidate(of, of.toUpdate(values, meta), schema)
      expect(marks[0].rule).toBe(`1/${by}/${ignore.join(',')}`)
      expect(marks.map(({ rule }) => rule).toSorted()).toEqual([
        '1/history/',
        '1/history/a',
        '1/history/a,b',
        '1/latest/',
      ])
      expect(new Set(marks.flatMap((each) => [each.content, each.fingerprint])).size).toBe(8)
      // A rule that ignores what this one compares cannot say that content is the same as now.
      for (const [i, each] of marks.entries())
        expect(each.loose === true).toBe(
          i > 0 &&
            !(
              rules.find((rule) => `1/${rule.by}/${rule.ignore.join(',')}` === each.rule)?.ignore ?? []
            ).every((name) => ignore.includes(name)),
        )
      // Whoever looks it up under an older rule finds what was stored when that rule was the current one.
      for (const each of rules) {
        const then = lead({ by: each.by, ignore: each.ignore as readonly ('a' | 'b')[] })
        expect(
          marks.map(({ rule, content, fingerprint }) => ({ rule, content, fingerprint })),
        ).toContainEqual(candidate(then, then.toUpdate(values, meta)).marks[0])
      }
    }),
    { numRuns: 50 },
  )
})

test('the order in which ignored names are declared makes no other rule', () => {
  const update = lead().toUpdate({ id: '1', at, a: 'x', b: 1 }, meta)
  expect(mark(lead({ by: 'history', ignore: ['b', 'a'] }), update)).toEqual(
    mark(lead({ by: 'history', ignore: ['a', 'b'] }), update),
  )
})
