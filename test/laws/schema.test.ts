// Laws of schema growth: it only grows, the same whatever the order, and a contradiction names both sides.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { E } from '../../src/fp.ts'
import { decodeYadto } from '../../src/model/decode.ts'
import type { Problem } from '../../src/model/problem.ts'
import { y } from '../../src/model/property.ts'
import {
  growAll,
  mergeAll,
  schemasOfSpecs,
  type PropertySchema,
  type PropertySchemas,
} from '../../src/model/schema.ts'
import type { EntityPropertyValue, PropertyType, Yadto } from '../../src/model/yadto.ts'
import { mapPairs, scalarTypes, source } from './wire.ts'

const grown = (
  known: PropertySchemas,
  yadto: Yadto,
): { readonly schemas: PropertySchemas; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = []
  return { schemas: growAll(known, yadto, '', problems), problems }
}
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

const decoded = (content: object): Yadto => {
  const result = decodeYadto({ ...source, ...content })
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right.content
}
const text = { propertyType: 'String', value: 'x' }
const number = { propertyType: 'Integer', value: '1' }
const list = (...values: unknown[]) => ({ propertyType: 'List', values })
const object = (embeddedEntity: object) => ({ propertyType: 'EmbeddedObject', embeddedEntity })
const conflicts = (known: object, brought: object) =>
  grown(grown({}, decoded(known)).schemas, decoded(brought)).problems.map(
    ({ code, path, message }) => `${code} ${path}: ${message}`,
  )

test('a property that changes its type is a conflict that names both sides, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...scalarTypes, 'List', 'EmbeddedObject'),
      fc.constantFrom(...scalarTypes, 'List', 'EmbeddedObject'),
      fc.constantFrom('x', 'o.x', 'l[].x', 'l[].o.x'),
      (a, b, path) => {
        const at = (propertyType: string): object =>
          path
            .split('.')
            .reverse()
            .reduce<object>(
              (wire, name) =>
                name.endsWith('[]')
                  ? { [name.slice(0, -2)]: list(object(wire as object)) }
                  : name === 'x'
                    ? wire
                    : { [name]: object(wire) },
              { x: { propertyType, value: null } },
            )
        expect(conflicts(at(a), at(b))).toEqual(
          a === b ? [] : [`SchemaConflict ${path}: the schema says ${a}, the update says ${b}`],
        )
      },
    ),
  )
  expect(conflicts({ l: list(text) }, { l: list(number, number) })[0]).toBe(
    'SchemaConflict l[]: the schema says String, the update says Integer',
  )
  expect(conflicts({}, { l: list(object({ a: text }), object({ a: number })) })).toEqual([
    'SchemaConflict l[].a: the schema says String, the update says Integer',
  ])
})

test('all conflicts are told, and what agrees beside them is no problem', () => {
  expect(
    conflicts(
      { a: text, b: object({ c: text, d: text }), e: text },
      { a: number, b: object({ c: number, d: text, f: text }), e: text, g: number },
    ).map((each) => each.replace(/:.*/, '')),
  ).toEqual(['SchemaConflict a', 'SchemaConflict b.c'])
})

test(
  'names are unique without regard to case, at every level, within one update and against what is ' + 'known',
  () => {
    expect(conflicts({}, { Email: text, email: text })).toEqual([
      expect.stringMatching(/^BadName email: differs only in case from Email/),
    ])
    expect(conflicts({ eMail: text }, { Email: text })).toEqual([
      expect.stringMatching(/^BadName Email: differs only in case from eMail/),
    ])
    expect(conflicts({ email: text }, { EMAIL: text })).toEqual([
      expect.stringMatching(/^BadName EMAIL: differs only in case from email/),
    ])
    expect(conflicts({ o: object({ a: text }) }, { o: object({ A: number }) })).toEqual([
      expect.stringMatching(/^BadName o\.A: differs only in case from a/),
    ])
    expect(
      conflicts({ l: list(object({ a: text })) }, { l: list(object({ b: text }), object({ B: text })) }),
    ).toEqual([expect.stringMatching(/^BadName l\[\]\.B: differs only in case from b|^BadName l\[\]\.b/)])
    expect(conflicts({ a: text }, { o: object({ A: text }) })).toEqual([])
    // A growth by many properties at once sees those that it added itself.
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, text]))
    expect(conflicts(many, { ...many, P499: text, q: text })).toEqual([
      expect.stringMatching(/^BadName P499: differs only in case from p499/),
    ])
  },
)

test('an empty list or object declares nothing until an element or field comes', () => {
  const empty = grown(
    {},
    decoded({ l: list(), o: object({}), n: { propertyType: 'List', value: null } }),
  ).schemas
  expect(empty).toEqual({
    l: { type: 'List' },
    o: { type: 'EmbeddedObject', fields: {} },
    n: { type: 'List' },
  })
  const filled = grown(empty, decoded({ l: list(text), o: object({ a: list() }), n: list(object({})) }))
  expect(filled.problems).toEqual([])
  expect(filled.schemas).toEqual({
    l: { type: 'List', element: { type: 'String' } },
    o: { type: 'EmbeddedObject', fields: { a: { type: 'List' } } },
    n: { type: 'List', element: { type: 'EmbeddedObject', fields: {} } },
  })
  expect(grown(filled.schemas, decoded({ l: list(), o: object({}), n: list() })).schemas).toBe(filled.schemas)
})

test('a declaration has the schema of its updates', () => {
  const declared = schemasOfSpecs({
    id: y.string().spec,
    tags: y.list(y.enum(['a'])).spec,
    o: y.optional(y.object({ n: y.bigint(), l: y.list(y.object({ d: y.date() })) })).spec,
  })
  expect(
    grown(
      declared,
      decoded({
        id: text,
        tags: list(text),
        o: object({ n: number, l: list(object({ d: { propertyType: 'Date', value: '2024-01-01' } })) }),
      }),
    ),
  ).toEqual({ schemas: declared, problems: [] })
})
