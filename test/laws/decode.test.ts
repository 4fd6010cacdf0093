// Laws of the decoder: canonical YADTO is its own image, and no notation, order or null field changes what is
// read.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { E } from '../../src/fp.ts'
import { decodeYadto, encodeYadto, YadtoCodec, type Decoded } from '../../src/model/decode.ts'
import type { Yadto } from '../../src/model/yadto.ts'
import { mapPairs, source } from './wire.ts'
import { scalarPairs, scalarTypes } from './wire-scalars.ts'

const decoded = (input: unknown): Decoded => {
  const result = decodeYadto(input)
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const text = (value: string) => ({ propertyType: 'String', value }) as const
const metadata = fc.record(
  {
    eventSource: fc.string({ minLength: 1 }).map(text),
    eventVersion: fc.string().map(text),
    correlationId: fc.string().map(text),
    eventOperation: fc.constant(text('delete')),
  },
  { requiredKeys: ['eventSource'] },
)

const sortedByName = (yadto: Yadto): Yadto =>
  Object.fromEntries(Object.entries(yadto).toSorted(([a], [b]) => (a < b ? -1 : 1)))
const canonicalMaps = fc
  .tuple(mapPairs(2), metadata)
  .map(([{ canonical }, meta]) => sortedByName({ ...canonical, ...meta } as Yadto))

for (const type of scalarTypes) {
  test(`every notation of a ${type} reads as its one canonical text`, () => {
    fc.assert(
      fc.property(scalarPairs[type], ({ canonical, sent }) => {
        expect(decoded({ x: { propertyType: type, value: sent }, ...source }).content).toEqual({
          x: { propertyType: type, value: canonical },
        })
        expect(decoded({ x: { propertyType: type, value: canonical }, ...source }).content).toEqual({
          x: { propertyType: type, value: canonical },
        })
      }),
      { numRuns: 300 },
    )
  })
}

test(
  'decoding gives the canonical map whatever the order, notation and unused fields, in the same ' + 'bytes',
  () => {
    fc.assert(
      fc.property(mapPairs(3), ({ canonical, sent }) => {
        expect(JSON.stringify(decoded({ ...(sent as object), ...source }).content)).toBe(
          JSON.stringify(canonical),
        )
        expect(JSON.stringify(decoded({ ...source, ...canonical }).content)).toBe(JSON.stringify(canonical))
      }),
      { numRuns: 300 },
    )
  },
)

test('encode after decode is the identity on canonical maps', () => {
  fc.assert(
    fc.property(canonicalMaps, (yadto) => {
      const bytes = JSON.stringify(yadto)
      expect(JSON.stringify(encodeYadto(decoded(yadto)))).toBe(bytes)
      expect(YadtoCodec.is(yadto)).toBe(true)
      expect(JSON.stringify(YadtoCodec.encode(yadto))).toBe(bytes)
      const read = YadtoCodec.decode(JSON.parse(bytes))
      expect(E.isRight(read) && JSON.stringify(read.right)).toBe(bytes)
    }),
    { numRuns: 200 },
  )
})

test('decoding is idempotent: what it gives decodes to itself', () => {
  fc.assert(
    fc.property(mapPairs(2), metadata, ({ sent }, meta) => {
      const once = encodeYadto(decoded({ ...(sent as object), ...meta }))
      const twice = encodeYadto(decoded(once))
      expect(JSON.stringify(twice)).toBe(JSON.stringify(once))
      expect(decoded(once)).toEqual(decoded({ ...(sent as object), ...meta }))
      expect(YadtoCodec.is(once)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('the input is never changed', () => {
  fc.assert(
    fc.property(mapPairs(2), ({ sent }) => {
      const before = structuredClone(sent)
      const frozen = deepFrozen({ ...(sent as object), ...source })
      expect(E.isRight(decodeYadto(frozen))).toBe(true)
      expect(sent).toEqual(before)
    }),
    { numRuns: 100 },
  )
})

const deepFrozen = <A>(value: A): A => {
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(Object.freeze(value))) deepFrozen(item)
  return value
}

test('metadata is apart from content, upsert is the default, and null metadata is none', () => {
  fc.assert(
    fc.property(mapPairs(1), metadata, fc.boolean(), ({ canonical, sent }, meta, spelled) => {
      const nulls = spelled && meta.eventOperation === undefined ? { eventOperation: text('upsert') } : {}
      const { content, metadata: read } = decoded({
        eventVersion: { propertyType: 'String', value: null },
        ...(sent as object),
        ...meta,
        ...nulls,
      })
      expect(content).toEqual(canonical)
      expect(read).toEqual({
        source: meta.eventSource.value,
        operation: meta.eventOperation === undefined ? 'upsert' : 'delete',
        ...(meta.eventVersion === undefined ? {} : { version: meta.eventVersion.value }),
        ...(meta.correlationId === undefined ? {} : { correlationId: meta.correlationId.value }),
      })
    }),
    { numRuns: 200 },
  )
})

test('missing, null and empty are three things', () => {
  const { content } = decoded({
    ...source,
    a: { propertyType: 'List' },
    b: { propertyType: 'List', values: [] },
    c: { propertyType: 'String' },
    d: text(''),
    e: { propertyType: 'EmbeddedObject', embeddedEntity: {} },
  })
  expect(content).toEqual({
    a: { propertyType: 'List', value: null },
    b: { propertyType: 'List', values: [] },
    c: { propertyType: 'String', value: null },
    d: text(''),
    e: { propertyType: 'EmbeddedObject', embeddedEntity: {} },
  })
  expect(Object.hasOwn(content, 'f')).toBe(false)
})

test('a type is never guessed: text stays what its propertyType says', () => {
  for (const value of [
    '5',
    'true',
    '2024-01-01',
    '2024-01-01T00:00:00Z',
    '{"a":1}',
    'null',
    '  x  ',
    '\u0000',
    'é',
    'e\u0301',
  ]) {
    expect(decoded({ ...source, x: text(value) }).content['x']).toEqual(text(value))
  }
  for (const [propertyType, value] of [
    ['String', 5],
    ['String', true],
    ['Boolean', 1],
    ['Boolean', 'TRUE'],
    ['Integer', true],
    ['Date', 0],
    ['DateTime', 0],
    ['Json', 5],
    ['Bytes', []],
  ]) {
    expect(
      E.isLeft(decodeYadto({ ...source, x: { propertyType, value } })),
      `${String(propertyType)} ${JSON.stringify(value)}`,
    ).toBe(true)
  }
})

test('the codec fails with one io-ts error a problem, each with its path in the context', () => {
  const read = YadtoCodec.decode({
    a: { propertyType: 'EmbeddedObject', embeddedEntity: { b: { propertyType: 'Integer', value: 'x' } } },
  })
  expect(
    E.isLeft(read) &&
      read.left.map(({ context, message }) => [context.map(({ key }) => key).join('/'), message]),
  ).toEqual([
    ['/a/b', expect.stringMatching(/^a\.b: Integer expects .* \[WrongType\]$/)],
    ['/eventSource', expect.stringMatching(/\[Missing\]$/)],
  ])
})

test('the codec is a guard of canonical maps only', () => {
  const canonical = { at: { propertyType: 'Integer', value: '5' }, ...source }
  expect(YadtoCodec.is(canonical)).toBe(true)
  for (const other of [
    { ...canonical, at: { propertyType: 'Integer', value: 5 } },
    { ...canonical, at: { propertyType: 'Long', value: '5' } },
    { at: canonical.at },
    null,
    [],
    'x',
    5,
  ]) {
    expect(YadtoCodec.is(other)).toBe(false)
  }
})

test.each(['eventSource', 'eventVersion', 'correlationId'])('%s holds no NUL', (name) => {
  const read = decodeYadto({ eventSource: text('s'), [name]: text('a\0b') })
  expect(E.isLeft(read) && read.left).toEqual([
    { code: 'WrongType', path: name, message: 'holds a NUL, which metadata does not' },
  ])
})
