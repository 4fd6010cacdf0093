// Laws of the builder: what is right reads back as it was written, through JSON, codecs and all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalInstant, instantOfDate } from '../../src/model/instant.ts'
import { canonicalDecimal } from '../../src/model/number.ts'
import type { PropertySpec } from '../../src/model/spec.ts'
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { mapFromWire } from '../../src/model/wire.ts'
import { valuesFor } from '../../src/testing/arbitrary.ts'
import { E, t } from '../../src/fp.ts'
import { codecOf } from '../../src/model/codec.ts'
import { y } from '../../src/model/property.ts'
import { admitted, Everything, Learned, Order, Patch, refusals } from './entities.ts'
import { source } from './wire.ts'
import { boom } from './odd.ts'

const meta = { source: 'law' }
type Values = { readonly [name: string]: unknown }

// What reading must give for what was written: the reader's types, by the declaration.
const asRead = (spec: PropertySpec, value: unknown): unknown => {
  if (value === null) return null
  switch (spec.type) {
    case 'Integer':
      return spec.bigint === true ? BigInt(value as number | bigint) : Number(value)
    case 'Double':
      return value === 0 ? 0 : value
    case 'Decimal':
      return canonicalDecimal(String(value))
    case 'DateTime':
      return typeof value === 'string' ? canonicalInstant(value) : instantOfDate(value as Date)
    case 'Json':
      return JSON.parse(JSON.stringify(value))
    case 'List':
      return (value as readonly unknown[]).map((item) => asRead(spec.element as PropertySpec, item))
    case 'EmbeddedObject':
      return mapRead(spec.fields ?? {}, value as Values)
    default:
      return value
  }
}
const mapRead = (specs: { readonly [name: string]: PropertySpec }, values: Values): Values =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, asRead(specs[name] as PropertySpec, value)]),
  )

const fail = ({ path, message }: { readonly path: string; readonly message: string }): never => {
  throw new Error(`${path}: ${message}`)
}
const readBack = (of: AnyEntity, update: { readonly entity: string; readonly yadto: unknown }): Values =>
  mapFromWire(of.definition.properties, admitted(of, update).content, '', fail)

for (const of of [Everything, Order, Patch]) {
  test(`${of.name}: what was written is read back, for every property type`, () => {
    fc.assert(
      fc.property(valuesFor(fc, of as AnyEntity), (values) => {
        const update = (of as AnyEntity).toUpdate(values, meta)
        expect(update.problems).toBeUndefined()
        expect(readBack(of, update)).toEqual(mapRead(of.definition.properties ?? {}, values))
      }),
      { numRuns: 300 },
    )
  })

  test(`${of.name}: an update survives JSON`, () => {
    fc.assert(
      fc.property(valuesFor(fc, of as AnyEntity), fc.boolean(), (values, remove) => {
        const update = (of as AnyEntity)[remove ? 'toDelete' : 'toUpdate'](values, {
          source: 'law',
          version: '1',
          correlationId: 'c',
        })
        expect(JSON.parse(JSON.stringify(update))).toEqual(update)
        if (remove) return
        expect(admitted(of, JSON.parse(JSON.stringify(update)) as typeof update)).toEqual(
          admitted(of, update),
        )
      }),
      { numRuns: 200 },
    )
  })
}

test('the codec of an entity decodes what it encodes, for every property type', () => {
  fc.assert(
    fc.property(valuesFor(fc, Everything), (values) => {
      const state = mapRead(Everything.definition.properties ?? {}, values)
      const codec = codecOf(Everything)
      expect(codec.decode({ ...codec.encode(state as never), ...source })).toEqual(E.right(state))
      expect(codec.decode(Everything.toUpdate(values, meta).yadto)).toEqual(E.right(state))
    }),
    { numRuns: 100 },
  )
})

const fine = { tenant: 'a', no: 1n, at: '2024-01-01T00:00:00Z' }

test('no name is lost on the way: __proto__ and the names of metadata are refused as names', () => {
  const values = (name: string) =>
    JSON.parse(
      `{"id":{"propertyType":"String","value":"1"},"at":{"propertyType":"DateTime","value":"${fine.at}"},` +
        `${JSON.stringify(name)}:{"propertyType":"String","value":"x"}}`,
    ) as never
  for (const name of ['__proto__', 'eventSource', 'eventOperation', 'a b'])
    expect(
      refusals(Learned, Learned.toUpdate(values(name), meta)).map((each) => each.replace(/ .*/, '')),
    ).toEqual(['BadName'])
  expect(refusals(Learned, Learned.toUpdate(values('constructor'), meta))).toEqual([])
})

test('codecs translate on the way in and out, and one that throws accepts nothing', () => {
  const upper = new t.Type<string, string>(
    'Upper',
    t.string.is,
    (u, c) => (typeof u === 'string' && u !== '' ? t.success(u.toUpperCase()) : t.failure(u, c)),
    (a) => a.toLowerCase(),
  )
  const Coded = entity('Coded', {
    properties: {
      id: y.string(),
      at: y.dateTime(),
      s: y.optional(y.string(upper)),
      j: y.optional(y.json(t.type({ n: t.number }))),
    },
    identifier: ['id'],
    timestamp: 'at',
  })
  const update = Coded.toUpdate({ id: '1', at: fine.at, s: 'ABC', j: { n: 1 } }, meta)
  expect(admitted(Coded, update).content['s']).toEqual({ propertyType: 'String', value: 'abc' })
  expect(readBack(Coded, update)).toMatchObject({ s: 'ABC', j: { n: 1 } })
  expect(
    refusals(Coded, Coded.toUpdate({ id: '1', at: fine.at, s: '', j: { n: 'x' } as never }, meta)),
  ).toEqual(['WrongType s', 'WrongType j'])
  const throwing = new t.Type<string, string>('Throwing', t.string.is, boom, (a) => a)
  const Bad = entity('Bad', {
    properties: { id: y.string(), at: y.dateTime(), s: y.string(throwing) },
    identifier: ['id'],
    timestamp: 'at',
  })
  expect(refusals(Bad, Bad.toUpdate({ id: '1', at: fine.at, s: 'x' }, meta))).toEqual(['WrongType s'])
  expect(() =>
    mapFromWire(Bad.definition.properties, { s: { propertyType: 'String', value: 'x' } }, '', fail),
  ).toThrow('s: Throwing does not accept the stored value')
})

test(
  'an Integer beyond the safe numbers is an error where a number is read, a bigint where one is ' +
    'declared or nothing is',
  () => {
    const wire = {
      n: { propertyType: 'Integer', value: '9007199254740993' },
      constructor: { propertyType: 'Integer', value: '9007199254740993' },
    } as const
    expect(() => mapFromWire({ n: y.integer().spec }, wire, '', fail)).toThrow(
      'n: 9007199254740993 is no safe number',
    )
    expect(mapFromWire({ n: y.bigint().spec }, wire, '', fail)).toEqual({
      n: 9007199254740993n,
      constructor: 9007199254740993n,
    })
    expect(mapFromWire(undefined, wire, '', fail)['n']).toBe(9007199254740993n)
  },
)
