// Laws of reading anything at all: no input throws, none takes long, and what is refused says why.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { E } from '../../src/fp.ts'
import { decodeYadto, YadtoCodec } from '../../src/model/decode.ts'
import type { Problem } from '../../src/model/problem.ts'
import { scalarTypes, source } from './wire.ts'

const milliseconds = (run: () => void): number => {
  const from = performance.now()
  run()
  return performance.now() - from
}

/** The problems of an input that must be refused, quickly and in bounded number. */
const refused = (input: unknown, within = 1_500): readonly Problem[] => {
  let result = decodeYadto(undefined)
  const took = milliseconds(() => {
    result = decodeYadto(input)
  })
  if (E.isRight(result)) throw new Error('was accepted')
  expect(took).toBeLessThan(within)
  expect(result.left.length).toBeGreaterThan(0)
  expect(result.left.length).toBeLessThanOrEqual(1_000)
  for (const { code, path, message } of result.left)
    expect([typeof code, typeof path, typeof message]).toEqual(['string', 'string', 'string'])
  return result.left
}

const codes = (problems: readonly Problem[]): readonly string[] => [
  ...new Set(problems.map(({ code }) => code)),
]

class Instance {
  readonly propertyType = 'String'
  readonly value = 'x'
}
const boom = (): never => {
  throw new Error('boom')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const odd: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Symbol('s'),
  () => 5n,
  () => () => 1,
  () => new Date(),
  () => new Map([['a', 1]]),
  () => new Set([1]),
  () => /x/,
  () => new Instance(),
  () => new Error('e'),
  () => Promise.resolve(1),
  () => new Uint8Array(3),
  () => [],
  () => [[[]]],
  () => Object.assign([], { length: 10 }),
  () => Object('x'),
  () => ({
    get propertyType() {
      return boom()
    },
  }),
  () => ({
    propertyType: 'String',
    get value() {
      return boom()
    },
  }),
  () => new Proxy({}, { ownKeys: boom }),
  () =>
    new Proxy(
      {},
      {
        get: boom,
        ownKeys: () => ['a'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    ),
  () => new Proxy({}, { getPrototypeOf: boom }),
  () => new Proxy([], { get: boom }),
  revoked,
  () => Object.create(null),
  () => Object.create({ propertyType: 'String', value: 'x' }),
  () => ({ propertyType: 'String', value: { toString: boom } }),
  () => ({ propertyType: { toString: boom }, value: 'x' }),
  () => ({ [Symbol('k')]: 1 }),
  () => ({ propertyType: 'constructor', value: 'x' }),
  () => ({ propertyType: '__proto__', value: 'x' }),
  () => ({ propertyType: ['String'], value: 'x' }),
]

// Made when they are used: fast-check itself looks into the values that it holds.
const anything: fc.Arbitrary<() => unknown> = fc.oneof(
  fc
    .anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withObjectString: true,
    })
    .map((value) => () => value),
  fc.constantFrom(...odd),
)

const notThrowing = (input: unknown): void => {
  expect(['Left', 'Right']).toContain(decodeYadto(input)._tag)
  expect(['Left', 'Right']).toContain(YadtoCodec.decode(input)._tag)
  expect(typeof YadtoCodec.is(input)).toBe('boolean')
}

test(
  'nothing makes the decoder throw: as the update, as a property, as a value, as elements, as fields, ' +
    'as metadata',
  () => {
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom(...scalarTypes, 'List', 'EmbeddedObject', 'Long'),
        (make, propertyType) => {
          const value = make()
          notThrowing(value)
          notThrowing({ x: value, ...source })
          for (const field of ['value', 'values', 'embeddedEntity'])
            notThrowing({ x: { propertyType, [field]: value }, ...source })
          notThrowing({ x: { propertyType: 'List', values: [value, value] }, ...source })
          notThrowing({ x: { propertyType: 'EmbeddedObject', embeddedEntity: { y: value } }, ...source })
          notThrowing({
            eventSource: value,
            eventOperation: value,
            correlationId: { propertyType: 'String', value },
          })
          notThrowing({ x: { propertyType: value, value: 'x' }, ...source })
        },
      ),
      { numRuns: 400 },
    )
  },
)

test('each odd thing is refused where a property value is expected', () => {
  for (const make of odd) {
    expect(codes(refused({ x: make(), ...source }))).toEqual(['WrongType'])
    for (const propertyType of scalarTypes) {
      const value = make()
      if (value !== undefined && value !== null)
        expect(codes(refused({ x: { propertyType, value }, ...source }))).toEqual(['WrongType'])
    }
  }
})

test('random names are refused or kept as own properties, and never reach a prototype', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('__proto__', 'constructor', '', '0', 'a b', 'ä', 'a.b', '__defineGetter__'),
      ),
      (name) => {
        const input = JSON.parse(`{${JSON.stringify(name)}:{"propertyType":"String","value":"x"}}`) as object
        const result = decodeYadto({ ...input, ...source })
        if (E.isRight(result))
          expect(Object.keys(result.right.content)).toEqual(
            ['eventSource', 'eventVersion', 'correlationId', 'eventOperation'].includes(name) ? [] : [name],
          )
        else expect(codes(result.left)).toEqual(['BadName'])
      },
    ),
  )
  expect(
    refused(JSON.parse('{"__proto__":{"propertyType":"String","value":"x"}}')).map(
      ({ code, path }) => `${code} ${path}`,
    ),
  ).toEqual(['BadName __proto__', 'Missing eventSource'])
  const within = JSON.parse(
    '{"x":{"propertyType":"EmbeddedObject","embeddedEntity":{"__proto__":{"propertyType":"String",' +
      '"value":"x"}}}}',
  ) as object
  expect(refused({ ...within, ...source }).map(({ code, path }) => `${code} ${path}`)).toEqual([
    'BadName x.__proto__',
  ])
})

test('cyclic objects and lists end at the depth limit', () => {
  const object: { [name: string]: unknown } = { propertyType: 'EmbeddedObject' }
  object['embeddedEntity'] = { a: object, b: object }
  // Where there is no end of problems, the last one says so.
  expect(codes(refused({ x: object, ...source }))).toEqual(['TooDeep', 'TooLarge'])
  const list: { [name: string]: unknown } = { propertyType: 'List' }
  list['values'] = [list, list]
  expect(codes(refused({ x: list, ...source }))).toEqual(['TooDeep', 'TooLarge'])
  const whole: { [name: string]: unknown } = { ...source }
  whole['x'] = { propertyType: 'EmbeddedObject', embeddedEntity: whole }
  expect(codes(refused(whole))).toEqual(['TooDeep'])
})

test('nesting of any depth ends: 200 levels, and 100,000', () => {
  for (const depth of [65, 200, 100_000]) {
    let value: unknown = { propertyType: 'String', value: 'x' }
    for (let i = 1; i < depth; i++) value = { propertyType: 'EmbeddedObject', embeddedEntity: { a: value } }
    expect(refused({ a: value, ...source }).map(({ code, path }) => [code, path])).toEqual([
      ['TooDeep', Array(65).fill('a').join('.')],
    ])
  }
})

test('objects that share their parts a thousandfold end quickly', () => {
  const grown = (leaf: unknown, levels: number, width: number): unknown => {
    let value = leaf
    for (let i = 0; i < levels; i++) {
      const next = value
      value = {
        propertyType: 'EmbeddedObject',
        embeddedEntity: Object.fromEntries(Array.from({ length: width }, (_, k) => [`a${k}`, next])),
      }
    }
    return value
  }
  const shared = (value: unknown) => ({ propertyType: 'List', values: Array(2_000).fill(value) })
  const leaf = { propertyType: 'Integer', value: '1' }
  for (const wide of [
    grown(leaf, 60, 2),
    grown(leaf, 20, 1_000),
    grown({ propertyType: 'String' }, 63, 50),
    grown({ propertyType: 'List', values: [] }, 10, 100),
  ]) {
    expect(codes(refused({ x: wide, ...source }))).toEqual(['TooLarge'])
  }
  expect(codes(refused({ x: grown({ propertyType: 'Integer', value: 'x' }, 60, 10), ...source }))).toEqual([
    'WrongType',
    'TooLarge',
  ])
  expect(
    codes(
      refused({
        x: shared({ propertyType: 'EmbeddedObject', embeddedEntity: { y: shared(leaf) } }),
        ...source,
      }),
    ),
  ).toEqual(['TooLarge'])
})

test('endless and sparse lists end', () => {
  const endless = new Proxy([], {
    get: (target, key) => (key === 'length' ? Infinity : (Reflect.get(target, key) as unknown)),
  })
  expect(codes(refused({ x: { propertyType: 'List', values: endless }, ...source }))).toEqual([
    'WrongType',
    'TooLarge',
  ])
  expect(
    codes(
      refused({ x: { propertyType: 'List', values: Object.assign([], { length: 2 ** 32 - 1 }) }, ...source }),
    ),
  ).toEqual(['WrongType', 'TooLarge'])
  const holes = [{ propertyType: 'String', value: 'x' }]
  holes[2] = { propertyType: 'String', value: 'z' }
  expect(refused({ x: { propertyType: 'List', values: holes }, ...source }).map(({ path }) => path)).toEqual([
    'x[1]',
  ])
})

test('huge texts of every type take one pass', () => {
  // Enough that the square of it shows, and few enough that it ends.
  const n = 100_000
  const texts = [
    '1'.repeat(n),
    `${'1'.repeat(n)}x`,
    `1.${'0'.repeat(n)}1`,
    `1${'0'.repeat(n)}1`,
    '0'.repeat(n),
    `${'0'.repeat(n)}x`,
    `${'A'.repeat(n)}=x`,
    '='.repeat(n),
    `1e${'9'.repeat(n)}`,
    '['.repeat(n),
    `"${'\\'.repeat(n)}`,
    `2024-01-01T00:00:00.${'0'.repeat(n)}1Z`,
    ' '.repeat(n),
    '-'.repeat(n),
    '.'.repeat(n),
    `1.${'0'.repeat(n)}`,
    `[1.${'0'.repeat(n)}1]`,
  ]
  for (const value of texts) {
    for (const propertyType of [...scalarTypes, value]) {
      expect(milliseconds(() => decodeYadto({ x: { propertyType, value }, ...source }))).toBeLessThan(1_500)
    }
    expect(
      milliseconds(() => decodeYadto({ [value]: { propertyType: 'String', value }, ...source })),
    ).toBeLessThan(1_500)
    expect(refused({ x: { propertyType: value, value: 'x' }, ...source })[0]?.message.length).toBeLessThan(
      200,
    )
  }
  expect(codes(refused({ x: { propertyType: 'String', value: 'x'.repeat(50_000_000) }, ...source }))).toEqual(
    ['TooLarge'],
  )
})

test('thousands of problems end at a thousand', () => {
  const many = (value: unknown) =>
    Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`p${i}`, value]))
  expect(refused({ ...many(5), ...source })).toHaveLength(1_000)
  expect(refused({ x: { propertyType: 'String', value: 'x', ...many(5) }, ...source })).toHaveLength(1_000)
  expect(
    refused({
      x: { propertyType: 'List', values: Array(5_000).fill({ propertyType: 'List', values: [] }) },
      ...source,
    }),
  ).toHaveLength(1_000)
  expect(refused(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`ä${i}`, 1])))).toHaveLength(
    1_000,
  )
})

test('lone surrogates are no text, in String and in Json, and pairs of them are', () => {
  for (const value of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    expect(codes(refused({ x: { propertyType: 'String', value }, ...source }))).toEqual(['WrongType'])
    for (const json of [JSON.stringify(value), JSON.stringify([{ [value]: 1 }]), `"${value}"`])
      expect(codes(refused({ x: { propertyType: 'Json', value: json }, ...source }))).toEqual(['WrongType'])
  }
  expect(
    E.isRight(
      decodeYadto({
        x: { propertyType: 'String', value: '\ud83d\ude00' },
        y: { propertyType: 'Json', value: '"\\ud83d\\ude00"' },
        ...source,
      }),
    ),
  ).toBe(true)
})
