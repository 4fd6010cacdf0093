// Laws of the builder's problems: it never throws, and what is wrong surfaces with its path.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../src/model/admit.ts'
import type { AnyEntity } from '../../src/model/entity.ts'
import { y } from '../../src/model/property.ts'
import { admitted, Everything, Learned, Order, Patch, refusals } from './entities.ts'
import { cyclic, thunks } from './odd.ts'

const meta = { source: 'law' }
type Values = { readonly [name: string]: unknown }

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
