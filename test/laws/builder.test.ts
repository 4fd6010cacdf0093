// Laws of the builder: it never throws, what is right reads back as it was written, what is wrong surfaces
// with its path.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../src/model/admit.ts'
import { E, t } from '../../src/fp.ts'
import { codecOf } from '../../src/model/codec.ts'
import type { AnyEntity } from '../../src/model/entity.ts'
import { entity } from '../../src/model/entity.ts'
import { canonicalInstant, instantOfDate } from '../../src/model/instant.ts'
import { canonicalDecimal } from '../../src/model/number.ts'
import { y } from '../../src/model/property.ts'
import type { PropertySpec } from '../../src/model/spec.ts'
import { mapFromWire } from '../../src/model/wire.ts'
import { valuesFor } from '../../src/testing/arbitrary.ts'
import { admitted, Everything, Learned, Order, Patch, refusals } from './entities.ts'
import { source } from './wire.ts'

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

const boom = (): never => {
  throw new Error('boom')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const cyclic: unknown[] = []
cyclic.push(cyclic)
const thunks: fc.Arbitrary<() => unknown> = fc.oneof(
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
  fc.constantFrom<(() => unknown)[]>(
    revoked,
    () => Symbol('s'),
    () => boom,
    () => cyclic,
    () => new Date(NaN),
    () => Object.assign([], { length: 2 ** 32 - 1 }),
    () => ({ toJSON: boom }),
    () => ({ [Symbol.toStringTag]: 'Date' }),
    () => ({
      get [Symbol.toStringTag]() {
        return boom()
      },
    }),
    () => new Proxy({}, { get: boom }),
    () => new Proxy([], { get: boom }),
    () => new Proxy({}, { ownKeys: boom }),
    () => ({
      get id() {
        return boom()
      },
    }),
    () => JSON.parse('{"__proto__":{"propertyType":"String","value":"x"}}'),
    () => '\ud800',
    () => NaN,
    () => 2 ** 53,
    () => 10n ** 40n,
  ),
)

test('it never throws, for any value in any place', () => {
  fc.assert(
    fc.property(
      thunks,
      thunks,
      fc.constantFrom(
        ...Object.keys(Everything.definition.properties ?? {}),
        'undeclared',
        '__proto__',
        'toString',
      ),
      (make, other, name) => {
        for (const of of [Everything, Order, Patch, Learned] as readonly AnyEntity[]) {
          for (const values of [
            make(),
            { [name]: make() },
            {
              id: '1',
              at: make(),
              object: { [name]: make() },
              strings: [make(), other()],
              objects: [{ name: make(), sizes: [other()] }],
            },
            Object.fromEntries([[name, make()]]),
          ]) {
            for (const update of [
              of.toUpdate(values as never, meta),
              of.toDelete(values as never, meta),
              of.toUpdate(values as never, other() as never),
              of.toUpdate(values as never, { source: other() } as never),
            ]) {
              expect(update.entity).toBe(of.name)
              expect(['Left', 'Right']).toContain(admit(of.definition, update, undefined, 1)._tag)
            }
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('a wrong update survives JSON too, and is refused with the same problems', () => {
  fc.assert(
    fc.property(
      thunks,
      fc.constantFrom(...Object.keys(Everything.definition.properties ?? {}), 'undeclared'),
      (make, name) => {
        const update = Everything.toUpdate(
          { id: '1', at: '2024-01-01T00:00:00Z', [name]: make() } as never,
          meta,
        )
        expect(refusals(Everything, JSON.parse(JSON.stringify(update)) as typeof update)).toEqual(
          refusals(Everything, update),
        )
      },
    ),
    { numRuns: 300 },
  )
})

const fine = { tenant: 'a', no: 1n, at: '2024-01-01T00:00:00Z' }
const wrongly = (values: object): readonly string[] =>
  (Order.toUpdate({ ...fine, ...values } as never, meta).problems ?? []).map(
    ({ code, path }) => `${code} ${path}`,
  )

test('what is wrong is in `problems`, with code and path, all of it', () => {
  expect(
    wrongly({
      amount: NaN,
      emial: 'x',
      tenant: 5,
      at: new Date(NaN),
      no: 2n ** 63n,
      note: '\ud800',
    }).toSorted(),
  ).toEqual([
    'UnknownProperty emial',
    'WrongType amount',
    'WrongType at',
    'WrongType no',
    'WrongType note',
    'WrongType tenant',
  ])
  expect(wrongly({ no: null, amount: undefined })).toEqual(['Missing no'])
  expect(wrongly({ no: 2 ** 53 })).toEqual(['WrongType no'])
  expect(wrongly({ amount: '1e30' })).toEqual(['WrongType amount'])
  expect(wrongly({ amount: 10n ** 29n })).toEqual(['WrongType amount'])
  for (const json of [NaN, [Infinity], { a: -Infinity }, 5n, { a: 1n }, () => 1, Symbol('s')])
    expect(
      (Everything.toUpdate({ id: '1', at: fine.at, json } as never, meta).problems ?? []).map(
        ({ path }) => path,
      ),
    ).toEqual(['json'])
  const deep = (values: object) =>
    (Everything.toUpdate({ id: '1', at: 'x', ...values } as never, meta).problems ?? []).map(
      ({ code, path }) => `${code} ${path}`,
    )
  expect(
    deep({
      object: { integer: 1.5, extra: 1, inner: { deep: [1, 'x', null] } },
      objects: [
        { name: 'a', sizes: [] },
        { name: 5, sizes: 'x' },
      ],
      bytes: 'AAAA',
      strings: new Set(['a']),
      json: 5n,
      maybeObject: new Map([['a', 1]]),
    }),
  ).toEqual([
    'WrongType at',
    'WrongType object.integer',
    'UnknownProperty object.extra',
    'WrongType object.inner.deep[1]',
    'Missing object.inner.deep[2]',
    'WrongType objects[1].name',
    'WrongType objects[1].sizes',
    'WrongType bytes',
    'WrongType strings',
    'WrongType json',
    'WrongType maybeObject',
  ])
  expect(deep({ at: fine.at, strings: Object.assign(Array(2), { 1: 'b' }) })).toEqual(['Missing strings[0]'])
})

test('a wrong value is refused on submission, also where its problem was lost on the way', () => {
  const bad: Values = {
    string: 5,
    boolean: 'yes',
    integer: 1.5,
    bigint: 2n ** 64n,
    double: '1e999',
    decimal: 'x',
    dateTime: new Date(NaN),
    date: '2024-02-30',
    time: '25:00',
    bytes: 'AAAA',
    json: cyclic,
    object: [],
    strings: 'x',
    integers: [1.5],
    objects: [new Date()],
    jsons: [5n],
    maybe: NaN,
    maybeList: {},
    maybeObject: new Map(),
    maybeJson: () => 1,
    enum: 'lost',
    region: 'x',
    constructor: 5,
  }
  for (const [name, value] of Object.entries(bad)) {
    const { problems, ...update } = Everything.toUpdate(
      { id: '1', at: fine.at, [name]: value } as never,
      meta,
    )
    const atName = (all: readonly string[]) =>
      [...new Set(all)].filter((each) => new RegExp(` ${name}(\\[0\\])?$`).test(each))
    if (name !== 'enum' && name !== 'region')
      expect([name, atName((problems ?? []).map(({ path }) => ` ${path}`)).length]).toEqual([name, 1])
    expect([name, atName(refusals(Everything, update)).length]).toEqual([name, 1])
  }
})

test('`of` makes wire values, and writes what is wrong so that decoding refuses it', () => {
  const update = (value: unknown) =>
    Learned.toUpdate({ id: y.string().of('1'), at: y.dateTime().of(new Date(0)), x: value as never }, meta)
  expect(admitted(Learned, update(y.list(y.integer()).of([1, 2n]))).content['x']).toEqual({
    propertyType: 'List',
    values: [
      { propertyType: 'Integer', value: '1' },
      { propertyType: 'Integer', value: '2' },
    ],
  })
  for (const wrong of [
    y.json().of(cyclic),
    y.json().of(5n),
    y.list(y.string()).of('x' as never),
    y.object({}).of([] as never),
    y.integer().of(1.5),
    y.string().of(5 as never),
    y.bytes().of('x' as never),
    y.list(y.json()).of([5n]),
  ]) {
    expect(refusals(Learned, update(wrong))).toEqual([expect.stringMatching(/^WrongType x(\[0\])?$/)])
    expect(refusals(Learned, JSON.parse(JSON.stringify(update(wrong))) as ReturnType<typeof update>)).toEqual(
      [expect.stringMatching(/^WrongType x(\[0\])?$/)],
    )
  }
})

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
