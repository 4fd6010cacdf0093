// Laws of types in a schema: a contradiction names both sides, names are unique, and what is empty declares
// nothing yet.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { E } from '../../src/fp.ts'
import { decodeYadto } from '../../src/model/decode.ts'
import type { Yadto } from '../../src/model/yadto.ts'
import { y } from '../../src/model/property.ts'
import { schemasOfSpecs } from '../../src/model/schema.ts'
import { source } from './wire.ts'
import { grown } from './growing.ts'
import { scalarTypes } from './wire-scalars.ts'

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
