// Laws of reading what is endless, or nearly so: cycles, depth, shared parts, huge texts and thousands of
// problems end quickly.
import { expect, test } from 'vitest'
import { decodeYadto } from '../../src/model/decode.ts'
import { source } from './wire.ts'
import { codes, milliseconds, refused } from './refusal.ts'
import { scalarTypes } from './wire-scalars.ts'

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
