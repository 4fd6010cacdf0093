// Laws of refusal: every problem has the right code and path, all of them come at once, and the limits are
// where the table says.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { E } from '../../src/fp.ts'
import { admit, candidateOf, type Admitted } from '../../src/model/admit.ts'
import { decodeYadto } from '../../src/model/decode.ts'
import { declaredSchema } from '../../src/model/definition.ts'
import { entity } from '../../src/model/entity.ts'
import { limits } from '../../src/model/limits.ts'
import { systemColumns } from '../../src/model/name.ts'
import { describeProblems, type Problem } from '../../src/model/problem.ts'
import { y } from '../../src/model/property.ts'
import { mapPairs, source } from './wire.ts'

const text = (value: unknown) => ({ propertyType: 'String', value })
const problemsOf = (input: unknown): readonly Problem[] => {
  const result = decodeYadto(input)
  return E.isLeft(result) ? result.left : []
}
const briefly = (input: unknown): readonly string[] =>
  problemsOf(input).map(({ code, path }) => `${code} ${path}`)
const good = (input: unknown): boolean => E.isRight(decodeYadto(input))

// Each with the path at which it must be reported, when it stands at `x`.
const wrong: readonly (readonly [wire: unknown, problem: string])[] = [
  [5, 'WrongType x'],
  [{ value: 'x' }, 'WrongType x'],
  [{ propertyType: 'Text', value: 'x' }, 'WrongType x'],
  [{ propertyType: 'Integer', value: 'x' }, 'WrongType x'],
  [{ propertyType: 'Integer', value: '9223372036854775808' }, 'WrongType x'],
  [{ propertyType: 'Decimal', value: '0.0000000001' }, 'WrongType x'],
  [{ propertyType: 'Double', value: '1e400' }, 'WrongType x'],
  [{ propertyType: 'DateTime', value: '2024-01-01T00:00:00' }, 'WrongType x'],
  [{ propertyType: 'Bytes', value: 'A' }, 'WrongType x'],
  [{ propertyType: 'Json', value: '{' }, 'WrongType x'],
  [{ propertyType: 'Json', value: '['.repeat(65) + ']'.repeat(65) }, 'TooDeep x'],
  [{ propertyType: 'String', value: 'x', values: [] }, 'WrongType x'],
  [{ propertyType: 'String', value: 'x', extra: null }, 'WrongType x'],
  [{ propertyType: 'List', values: 'x' }, 'WrongType x'],
  [{ propertyType: 'List', value: 'x' }, 'WrongType x'],
  [{ propertyType: 'EmbeddedObject', embeddedEntity: [] }, 'WrongType x'],
  [{ propertyType: 'List', values: [text('a'), text(null)] }, 'WrongType x[1]'],
  [{ propertyType: 'List', values: [text('a'), { propertyType: 'Integer', value: '1' }] }, 'WrongType x[1]'],
  [{ propertyType: 'List', values: [text('a'), { propertyType: 'List', values: [] }] }, 'ListOfLists x[1]'],
  [{ propertyType: 'List', values: [{ propertyType: 'EmbeddedObject' }] }, 'WrongType x[0]'],
  [{ propertyType: 'EmbeddedObject', embeddedEntity: { 'a b': text('x') } }, 'BadName x."a b"'],
  [{ propertyType: 'EmbeddedObject', embeddedEntity: { a: text(5) } }, 'WrongType x.a'],
  [
    { propertyType: 'List', values: [{ propertyType: 'EmbeddedObject', embeddedEntity: { a: text(5) } }] },
    'WrongType x[0].a',
  ],
]

test('each wrong thing has its code and path', () => {
  for (const [wire, expected] of wrong) expect(briefly({ x: wire, ...source })).toEqual([expected])
})

test('every wrong thing in an update is reported, wherever it stands, and nothing else is', () => {
  const at = (place: string, wire: unknown): unknown =>
    place === 'top'
      ? wire
      : place === 'object'
        ? { propertyType: 'EmbeddedObject', embeddedEntity: { x: wire } }
        : {
            propertyType: 'List',
            values: [
              { propertyType: 'EmbeddedObject', embeddedEntity: {} },
              { propertyType: 'EmbeddedObject', embeddedEntity: { x: wire } },
            ],
          }
  const pathOf = (name: string, place: string, problem: string): string =>
    problem.replace(' x', ` ${place === 'top' ? name : place === 'object' ? `${name}.x` : `${name}[1].x`}`)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...wrong), fc.constantFrom('top', 'object', 'list')), {
        minLength: 1,
        maxLength: 6,
      }),
      mapPairs(1),
      (all, { sent }) => {
        const bad = Object.fromEntries(all.map(([[wire], place], i) => [`zz_wrong_${i}`, at(place, wire)]))
        expect(briefly({ ...(sent as object), ...bad, ...source }).toSorted()).toEqual(
          all.map(([[, problem], place], i) => pathOf(`zz_wrong_${i}`, place, problem)).toSorted(),
        )
      },
    ),
  )
})

test('all elements of a list are looked at', () => {
  const list = (...values: unknown[]) => ({ x: { propertyType: 'List', values }, ...source })
  const inner = { propertyType: 'List', values: [text('a')] }
  expect(
    briefly(list(inner, text('a'), inner, text(5), { propertyType: 'Integer', value: '5' }, text(null))),
  ).toEqual(['ListOfLists x[0]', 'ListOfLists x[2]', 'WrongType x[3]', 'WrongType x[4]', 'WrongType x[5]'])
})

test('metadata is checked as metadata', () => {
  expect(briefly({})).toEqual(['Missing eventSource'])
  expect(briefly({ eventSource: text('') })).toEqual(['Missing eventSource'])
  expect(briefly({ eventSource: text(null) })).toEqual(['Missing eventSource'])
  expect(briefly({ eventSource: 'crm' })).toEqual(['WrongType eventSource'])
  expect(
    briefly({
      eventSource: { propertyType: 'Integer', value: '1' },
      eventVersion: { propertyType: 'List', values: [] },
    }),
  ).toEqual(['WrongType eventSource', 'WrongType eventVersion'])
  expect(briefly({ ...source, eventOperation: text('insert') })).toEqual(['BadOperation eventOperation'])
  expect(briefly({ ...source, eventOperation: text('UPSERT') })).toEqual(['BadOperation eventOperation'])
  expect(briefly({ ...source, correlationId: text('x'.repeat(limits.attributeBytes)) })).toEqual([])
  expect(briefly({ ...source, correlationId: text('x'.repeat(limits.attributeBytes + 1)) })).toEqual([
    'TooLarge correlationId',
  ])
  expect(briefly({ ...source, correlationId: text('é'.repeat(limits.attributeBytes / 2)) })).toEqual([])
  expect(briefly({ ...source, correlationId: text(`x${'é'.repeat(limits.attributeBytes / 2)}`) })).toEqual([
    'TooLarge correlationId',
  ])
})

test('names: letters, digits and _, not too long, none that an engine keeps for itself', () => {
  const named = (name: string) => ({ [name]: text('x'), ...source })
  const bad = [
    '',
    '1a',
    'a b',
    'a-b',
    'a.b',
    'ä',
    '$a',
    'a'.repeat(limits.nameLength + 1),
    '__key__',
    '__a__',
    '_TABLE_x',
    '_file_a',
    '_PARTITIONTIME',
    '_ROW_TIMESTAMP',
    '__ROOT__a',
    '_colIdentifier',
    '_CHANGE_TYPE',
    ...systemColumns,
    ...systemColumns.map((name) => name.toUpperCase()),
  ]
  for (const name of bad)
    expect([name, problemsOf(named(name)).map(({ code }) => code)]).toEqual([name, ['BadName']])
  for (const name of [
    'a',
    '_',
    '_a',
    'A1_',
    'a'.repeat(limits.nameLength),
    'constructor',
    'entity_id',
    'EventSource',
    '__a',
    'a__',
  ])
    expect([name, good(named(name))]).toEqual([name, true])
  // The system columns and metadata are names of the top level only.
  for (const name of ['_sequence', 'eventSource'])
    expect(good({ x: { propertyType: 'EmbeddedObject', embeddedEntity: named(name) }, ...source })).toBe(true)
})

test('depth: 64 levels of objects, lists and Json are read, 65 are too deep', () => {
  const objects = (levels: number): unknown =>
    levels === 1 ? text('x') : { propertyType: 'EmbeddedObject', embeddedEntity: { a: objects(levels - 1) } }
  const lists = (levels: number): unknown =>
    levels < 3
      ? text('x')
      : {
          propertyType: 'List',
          values: [{ propertyType: 'EmbeddedObject', embeddedEntity: { a: lists(levels - 2) } }],
        }
  const json = (levels: number): unknown => ({
    propertyType: 'Json',
    value: `${'[{"a":'.repeat(levels / 2)}"[[{{"${'}]'.repeat(levels / 2)}`,
  })
  expect([
    good({ a: objects(64), ...source }),
    good({ a: lists(63), ...source }),
    good({ a: json(64), ...source }),
  ]).toEqual([true, true, true])
  expect(briefly({ a: objects(65), ...source })).toEqual([`TooDeep ${Array(65).fill('a').join('.')}`])
  expect(briefly({ a: lists(66), ...source })[0]).toMatch(/^TooDeep a\[0\]\.a/)
  expect(briefly({ a: json(66), ...source })).toEqual(['TooDeep a'])
})

const Wide = entity('Wide', {
  properties: { id: y.string(), at: y.dateTime(), a: y.optional(y.string()), b: y.optional(y.string()) },
  identifier: ['id'],
  timestamp: 'at',
  attributes: ['a'],
  view: { index: ['b'] },
})
const submitted = (values: { readonly [name: string]: unknown }) => ({
  entity: 'Wide',
  yadto: {
    ...source,
    id: text('1'),
    at: { propertyType: 'DateTime', value: '2024-01-01T00:00:00Z' },
    ...values,
  },
})
const candidate = (values: { readonly [name: string]: unknown }) =>
  E.flatMap((admitted: Admitted) => candidateOf(admitted, declaredSchema(Wide.definition)))(
    admit(Wide.definition, submitted(values), undefined, 1),
  )
const refusals = (values: { readonly [name: string]: unknown }): readonly string[] => {
  const result = candidate(values)
  return E.isLeft(result) ? result.left.problems.map(({ code, path }) => `${code} ${path}`) : []
}

test('size: a canonical event has at most 1,000,000 bytes, to the byte', () => {
  const overhead = (() => {
    const result = candidate({ c: text('') })
    return E.isRight(result) ? result.right.payload.length : NaN
  })()
  expect(refusals({ c: text('x'.repeat(limits.eventBytes - overhead)) })).toEqual([])
  expect(refusals({ c: text('x'.repeat(limits.eventBytes - overhead + 1)) })).toEqual(['TooLarge '])
  expect(refusals({ c: text('é'.repeat((limits.eventBytes - overhead) / 2 + 1)) })).toEqual(['TooLarge '])
  expect(refusals({ c: text('x'.repeat(limits.eventBytes * 3)) })).toEqual(['TooLarge '])
})

test('size: attributes have at most 1,024 bytes and indexed values 1,500', () => {
  expect(refusals({ a: text('x'.repeat(1_024)), b: text('x'.repeat(1_500)) })).toEqual([])
  expect(refusals({ a: text('x'.repeat(1_025)), b: text('é'.repeat(751)) })).toEqual([
    'TooLarge a',
    'TooLarge b',
  ])
})

test("an error's message names each problem, at most ten, and never a long value", () => {
  const problems = problemsOf(
    Object.fromEntries(
      Array.from({ length: 15 }, (_, i) => [`p${i}`, { propertyType: 'Integer', value: 'x'.repeat(5_000) }]),
    ),
  )
  expect(problems).toHaveLength(16)
  expect(describeProblems(problems)).toMatch(/; and 6 more$/)
  expect(describeProblems(problems).length).toBeLessThan(3_000)
})
