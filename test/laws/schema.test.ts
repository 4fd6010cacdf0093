// Laws of schema growth: it only grows, the same whatever the order.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeAll, type PropertySchema, type PropertySchemas } from '../../src/model/schema.ts'
import type { EntityPropertyValue, PropertyType, Yadto } from '../../src/model/yadto.ts'
import type { Problem } from '../../src/model/problem.ts'
import { grown } from './growing.ts'
import { scalarTypes } from './wire-scalars.ts'
import { mapPairs } from './wire.ts'

const all = (yadtos: readonly Yadto[]): PropertySchemas =>
  yadtos.reduce<PropertySchemas>((known, yadto) => grown(known, yadto).schemas, {})

// Every path of a schema with its type: what "grows" means, without regard to the order of keys.
const paths = (schemas: PropertySchemas, at = ''): readonly string[] =>
  Object.entries(schemas)
    .flatMap(([name, schema]) => inner(schema, `${at}.${name}`))
    .toSorted()
const inner = (schema: PropertySchema, at: string): readonly string[] => [
  `${at}: ${schema.type}`,
  ...(schema.element === undefined ? [] : inner(schema.element, `${at}[]`)),
  ...paths(schema.fields ?? {}, at),
]

// Maps of a few properties whose types follow from their names, so that any two agree: no conflicts.
const leaf = (name: string): PropertyType =>
  scalarTypes[name.charCodeAt(0) % scalarTypes.length] as PropertyType
const agreeing = (depth: number): fc.Arbitrary<Yadto> => {
  const scalar = (type: PropertyType): fc.Arbitrary<EntityPropertyValue> =>
    fc.constant({ propertyType: type, value: null })
  const value = (name: string): fc.Arbitrary<EntityPropertyValue> =>
    name.startsWith('o') && depth > 0
      ? fc.oneof(
          scalar('EmbeddedObject'),
          agreeing(depth - 1).map(
            (embeddedEntity) => ({ propertyType: 'EmbeddedObject', embeddedEntity }) as const,
          ),
        )
      : name.startsWith('l') && depth > 0
        ? fc.oneof(
            scalar('List'),
            fc
              .array(
                agreeing(depth - 1).map(
                  (embeddedEntity) => ({ propertyType: 'EmbeddedObject', embeddedEntity }) as const,
                ),
                { maxLength: 3 },
              )
              .map((values) => ({ propertyType: 'List', values }) as const),
          )
        : name.startsWith('k')
          ? fc
              .array(fc.constant({ propertyType: 'String', value: 'x' } as const), { maxLength: 2 })
              .map((values) => ({ propertyType: 'List', values }) as const)
          : scalar(name.startsWith('o') || name.startsWith('l') ? 'Json' : leaf(name))
  return fc
    .subarray(
      ['a', 'b', 'c', 'constructor', 'o1', 'o2', 'l1', 'k1'].map((name) => (depth > 0 ? name : `z${name}`)),
      { maxLength: 5 },
    )
    .chain((names) => fc.tuple(...names.map((name) => value(name).map((of) => [name, of] as const))))
    .map((pairs) => Object.fromEntries(pairs))
}
const streams = fc.array(agreeing(2), { maxLength: 6 })

test('growing is idempotent: what is known gives the very same schema again', () => {
  fc.assert(
    fc.property(mapPairs(3), ({ canonical }) => {
      const once = grown({}, canonical)
      const twice = grown(once.schemas, canonical)
      expect(twice.schemas).toBe(once.schemas)
      expect(twice.problems).toEqual(once.problems)
    }),
    { numRuns: 300 },
  )
})

test('growing is monotone: nothing known is lost or changed, by any update, right or wrong', () => {
  fc.assert(
    fc.property(fc.array(mapPairs(2), { maxLength: 6 }), (stream) => {
      let known: PropertySchemas = {}
      for (const { canonical } of stream) {
        const before = JSON.stringify(known)
        const next = grown(known, canonical)
        expect(JSON.stringify(known)).toBe(before)
        expect(paths(next.schemas)).toEqual(expect.arrayContaining([...paths(known)]))
        if (next.problems.length === 0)
          expect(
            paths(grown({}, canonical).schemas).filter((path) => !paths(next.schemas).includes(path)),
          ).toEqual([])
        known = next.schemas
      }
    }),
    { numRuns: 300 },
  )
})

test('growing does not depend on the order of updates, up to the order of keys', () => {
  fc.assert(
    fc.property(
      streams.chain((stream) =>
        fc.tuple(fc.constant(stream), fc.shuffledSubarray(stream, { minLength: stream.length })),
      ),
      ([stream, shuffled]) => {
        expect(stream.flatMap((yadto) => grown(all(stream), yadto).problems)).toEqual([])
        expect(paths(all(shuffled))).toEqual(paths(all(stream)))
        expect(all(shuffled)).toEqual(all(stream))
      },
    ),
    { numRuns: 300 },
  )
})

test('merging two schemas is what growing by both updates is: idempotent, commutative, associative', () => {
  const merged = (a: PropertySchemas, b: PropertySchemas): PropertySchemas => {
    const problems: Problem[] = []
    const result = mergeAll(a, b, '', problems)
    expect(problems).toEqual([])
    return result
  }
  fc.assert(
    fc.property(streams, streams, streams, (s, t, u) => {
      const [a, b, c] = [all(s), all(t), all(u)]
      expect(merged(a, b)).toEqual(all([...s, ...t]))
      expect(merged(a, b)).toEqual(merged(b, a))
      expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)))
      expect(merged(a, a)).toBe(a)
      expect(merged(merged(a, b), b)).toEqual(merged(a, b))
      const both = merged(a, b)
      expect(merged(both, JSON.parse(JSON.stringify(b)) as PropertySchemas)).toBe(both)
    }),
    { numRuns: 300 },
  )
})

test('a stored schema survives JSON', () => {
  fc.assert(
    fc.property(streams, (stream) => {
      expect(JSON.parse(JSON.stringify(all(stream)))).toEqual(all(stream))
    }),
  )
})
