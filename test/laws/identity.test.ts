// Laws of identity: one id for one identifier however it is written, another for every other, and the same
// for ever.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { entityIdOf, eventIdOf, parseEventId } from '../../src/model/identity.ts'
import { y } from '../../src/model/property.ts'
import { admitted, instants, Learned, Order } from './entities.ts'
import { int64s } from './wire-scalars.ts'

const at = '2024-01-01T00:00:00Z'
const meta = { source: 'law' }
const wire = (propertyType: string, value: unknown) => ({ propertyType, value })
const idOf = (of: AnyEntity, content: { readonly [name: string]: unknown }): string =>
  admitted(of, {
    entity: of.name,
    yadto: { at: wire('DateTime', at), ...content, eventSource: wire('String', 's') },
  }).entityId

test('golden: ids never change by accident', () => {
  expect(entityIdOf('SalesforceLead', [['id', '00Q1']])).toBe('05e7ee6e-ba80-5fb6-85bd-ef9f04b34efa')
  expect(
    entityIdOf('Order', [
      ['no', '5'],
      ['tenant', 'ä"\n😀'],
    ]),
  ).toBe('b9cc2537-11d2-57ec-a8eb-8bef47aef6e0')
  expect(admitted(Order, Order.toUpdate({ tenant: 'a', no: 5n, at }, meta)).entityId).toBe(
    '4b30bba4-817b-5a4c-83b1-b977404f9bde',
  )
})

test('an id is the UUID v5 of name and identifier in the namespace of dreampipe', () => {
  const v5 = (namespace: Buffer, name: string): string => {
    const bytes = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16)
    bytes.writeUInt8((bytes.readUInt8(6) % 16) + 0x50, 6)
    bytes.writeUInt8((bytes.readUInt8(8) % 64) + 0x80, 8)
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  const buffer = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')
  // RFC 9562's namespace for URLs, and its example of a version 5 id.
  expect(v5(buffer('6ba7b810-9dad-11d1-80b4-00c04fd430c8'), 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  )
  const own = buffer(v5(buffer('6ba7b811-9dad-11d1-80b4-00c04fd430c8'), 'dreampipe'))
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' }))),
      (name, pairs) => {
        const id = entityIdOf(name, pairs)
        expect(id).toBe(v5(own, JSON.stringify([name, ...pairs])))
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      },
    ),
  )
})

test("5, 5n and '5' name one entity, through the builder and on the wire", () => {
  fc.assert(
    fc.property(int64s, (n) => {
      const bigints = Order.toUpdate({ tenant: 'a', no: n, at }, meta)
      const numbers = Order.toUpdate({ tenant: 'a', no: Number(n), at }, meta)
      const safe = Number.isSafeInteger(Number(n))
      if (safe) expect(admitted(Order, numbers).entityId).toBe(admitted(Order, bigints).entityId)
      const ids = [
        wire('Integer', String(n)),
        wire('Long', `+${n}`.replace('+-', '-0')),
        wire('String', String(n)),
        ...(safe ? [wire('Integer', Number(n)), wire('Decimal', `${n}.0`), wire('Double', Number(n))] : []),
      ].map((id) => idOf(Learned, { id }))
      expect(new Set(ids).size).toBe(1)
    }),
  )
})

test('any notation of an instant, a decimal or a boolean names the same entity', () => {
  fc.assert(
    fc.property(instants, fc.integer(), (instant, n) => {
      const same = (...ids: readonly object[]) =>
        expect(new Set(ids.map((id) => idOf(Learned, { id }))).size).toBe(1)
      same(
        wire('DateTime', instant),
        wire('DateTime', instant.replace('Z', '+0000')),
        wire('DateTime', instant.replace('Z', '000+00:00')),
      )
      same(
        wire('Decimal', `${n}`),
        wire('Decimal', `${n}.000`),
        wire('Decimal', `${n}0e-1`),
        wire('Decimal', n),
      )
      same(wire('Boolean', true), wire('Boolean', 'true'), wire('String', 'true'))
    }),
  )
})

test('the order of the identifiers changes nothing, in the declaration or in the update', () => {
  const properties = { a: y.string(), b: y.string(), at: y.dateTime() }
  const forward = entity('Both', { properties, identifier: ['a', 'b'], timestamp: 'at' })
  const backward = entity('Both', { properties, identifier: ['b', 'a'], timestamp: 'at' })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const id = admitted(forward, forward.toUpdate({ a, b, at }, meta)).entityId
      expect(admitted(backward, backward.toUpdate({ b, a, at }, meta)).entityId).toBe(id)
      expect(admitted(forward, forward.toDelete({ b, a, at }, meta)).entityId).toBe(id)
    }),
  )
})

test('different identifiers have different ids, also where one value holds what separates values', () => {
  const tricky = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('"', ',', '[', ']', '\\', '\n', '\u0000', 'a', 'no', '",["no","', '","'))
      .map((parts) => parts.join('')),
  )
  const ids = new Map<string, string>()
  fc.assert(
    fc.property(tricky, int64s, (tenant, no) => {
      const id = admitted(Order, Order.toUpdate({ tenant, no, at }, meta)).entityId
      const key = JSON.stringify([tenant, String(no)])
      expect(ids.get(id) ?? key).toBe(key)
      ids.set(id, key)
    }),
    { numRuns: 1_000 },
  )
  const Pair = entity('Pair', {
    properties: { a: y.string(), b: y.string(), at: y.dateTime() },
    identifier: ['a', 'b'],
    timestamp: 'at',
  })
  const pair = (a: string, b: string): string => admitted(Pair, Pair.toUpdate({ a, b, at }, meta)).entityId
  const all = [
    pair('x', 'y'),
    pair('y', 'x'),
    pair('xy', ''),
    pair('', 'xy'),
    pair('x","b","y', ''),
    pair('x"],["b","y', ''),
    pair('x,y', ''),
    pair('x\u0000y', ''),
    pair(' x', 'y'),
    pair('X', 'y'),
  ]
  expect(new Set(all).size).toBe(all.length)
})

test("the entity's name is part of the id, and other properties are not", () => {
  const [one, other] = ['A', 'B'].map((name) =>
    entity(name, {
      properties: { id: y.string(), at: y.dateTime(), x: y.optional(y.string()) },
      identifier: ['id'],
      timestamp: 'at',
    }),
  )
  if (one === undefined || other === undefined) throw new Error('no entities')
  expect(admitted(one, one.toUpdate({ id: '1', at }, meta)).entityId).not.toBe(
    admitted(other, other.toUpdate({ id: '1', at }, meta)).entityId,
  )
  expect(admitted(one, one.toUpdate({ id: '1', at, x: 'x' }, meta)).entityId).toBe(
    admitted(one, one.toUpdate({ id: '1', at: '2023-01-01T00:00:00Z' }, { source: 'other' })).entityId,
  )
})

test('event ids: parse is the inverse of make, and they order as sequences do', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 999_999_999_999 }),
      fc.integer({ min: 1, max: 999_999_999_999 }),
      (name, a, b) => {
        const entityId = entityIdOf('E', [['id', name]])
        expect(parseEventId(eventIdOf(entityId, a))).toEqual({ entityId, sequence: a })
        expect(eventIdOf(entityId, a) < eventIdOf(entityId, b)).toBe(a < b)
      },
    ),
    { numRuns: 500 },
  )
  const id = entityIdOf('E', [])
  expect(eventIdOf(id, 7)).toBe(`${id}.000000000007`)
  for (const text of [
    '',
    id,
    `${id}.`,
    `${id}.7`,
    `${id}.0000000000071`,
    `${id}.00000000000x`,
    `${id.toUpperCase()}.000000000007`,
    ` ${id}.000000000007`,
    `${id}.000000000007\n`,
    `x.000000000007`,
  ])
    expect([text, parseEventId(text)]).toEqual([text, undefined])
})
