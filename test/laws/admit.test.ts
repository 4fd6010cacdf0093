// Laws of admission: an update is named, timed and checked against its declaration, and refused with every
// problem at once.
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { E } from '../../src/fp.ts'
import { admit } from '../../src/model/admit.ts'
import { limits } from '../../src/model/limits.ts'
import { y } from '../../src/model/property.ts'
import { declaredSchema } from '../../src/model/definition.ts'
import { admitted, instants, Learned, Order, Patch, refusals } from './entities.ts'

const meta = { source: 'law' }
const at = '2024-01-01T00:00:00Z'
const wire = (propertyType: string, value?: unknown) => ({ propertyType, value })
const raw = (of: AnyEntity, content: object) => ({
  entity: of.name,
  yadto: { eventSource: wire('String', 's'), ...content },
})

test('every update carries its whole identifier and its timestamp, as plain scalars', () => {
  expect(refusals(Order, raw(Order, {}))).toEqual(['Missing no', 'Missing tenant', 'Missing at'])
  expect(
    refusals(
      Order,
      raw(Order, { tenant: wire('String', null), no: wire('Integer', '1'), at: wire('DateTime') }),
    ),
  ).toEqual(['Missing tenant', 'Missing at'])
  expect(refusals(Order, Order.toDelete({ tenant: 'a', at } as never, meta))).toEqual(['Missing no'])
  for (const propertyType of ['Bytes', 'Json'])
    expect(
      refusals(Learned, raw(Learned, { id: wire(propertyType, '1234'), at: wire('DateTime', at) })),
    ).toEqual(['WrongType id'])
  for (const id of [
    { propertyType: 'List', values: [] },
    { propertyType: 'EmbeddedObject', embeddedEntity: {} },
  ])
    expect(refusals(Learned, raw(Learned, { id, at: wire('DateTime', at) }))).toEqual(['WrongType id'])
  const Odd = entity('Odd', { identifier: ['constructor'], timestamp: 'toString' })
  expect(refusals(Odd, raw(Odd, {}))).toEqual(['Missing constructor', 'Missing toString'])
})

test('the timestamp is a DateTime, or a String that holds an instant', () => {
  const timed = (value: object) => refusals(Learned, raw(Learned, { id: wire('String', '1'), at: value }))
  expect([
    timed(wire('DateTime', at)),
    timed(wire('String', '2024-01-01T01:00:00+01:00')),
    timed(wire('String', '2024-01-01')),
    timed(wire('String', '')),
    timed(wire('Integer', '5')),
    timed(wire('Date', '2024-01-01')),
    timed({ propertyType: 'List', values: [] }),
  ]).toEqual([
    [],
    [],
    ['BadTimestamp at'],
    ['BadTimestamp at'],
    ['BadTimestamp at'],
    ['BadTimestamp at'],
    ['BadTimestamp at'],
  ])
  fc.assert(
    fc.property(instants, (instant) => {
      const of = (value: object) =>
        admitted(Learned, raw(Learned, { id: wire('String', '1'), at: value })).occurredAt
      expect(of(wire('String', instant.replace('Z', '+00:00')))).toBe(`${instant.slice(0, 23)}000Z`)
      expect(of(wire('DateTime', instant))).toBe(`${instant.slice(0, 23)}000Z`)
    }),
  )
})

test('a timestamp may lie a day ahead of the clock, and not more, in both modes', () => {
  const Latest = entity('Latest', {
    properties: { id: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    deduplication: { by: 'latest' },
  })
  const ahead = (of: AnyEntity, ms: number, most: number) => {
    const result = admit(
      of.definition,
      raw(of, { id: wire('String', '1'), at: wire('DateTime', new Date(Date.now() + ms).toISOString()) }),
      undefined,
      most,
    )
    return E.isLeft(result) ? result.left.problems.map(({ code, path }) => `${code} ${path}`) : []
  }
  for (const of of [Latest, Learned]) {
    expect(ahead(of, limits.maxAhead - 60_000, limits.maxAhead)).toEqual([])
    expect(ahead(of, limits.maxAhead + 60_000, limits.maxAhead)).toEqual(['BadTimestamp at'])
    expect(ahead(of, 60_000, 0)).toEqual(['BadTimestamp at'])
    expect(ahead(of, 10 ** 12, Infinity)).toEqual([])
  }
  expect(
    refusals(
      Latest,
      raw(Latest, { id: wire('String', '1'), at: wire('DateTime', '9999-12-31T23:59:59.999999Z') }),
    ),
  ).toEqual(['BadTimestamp at'])
  expect(
    refusals(Latest, raw(Latest, { id: wire('String', '1'), at: wire('DateTime', '0001-01-01T00:00:00Z') })),
  ).toEqual([])
})

const Strict = entity('Strict', {
  properties: {
    id: y.string(),
    at: y.dateTime(),
    status: y.enum(['open', 'won']),
    address: y.optional(y.object({ street: y.string(), kind: y.optional(y.enum(['home'])) })),
    tags: y.list(y.enum(['a', 'b'])),
    region: y.enriched(y.string()),
  },
  additionalProperties: 'reject',
  identifier: ['id'],
  timestamp: 'at',
})
const strict = (values: object) =>
  refusals(
    Strict,
    raw(Strict, { id: wire('String', '1'), at: wire('DateTime', at), ...values }),
    declaredSchema(Strict.definition),
  ).toSorted()
const open = { status: wire('String', 'open'), tags: { propertyType: 'List', values: [] } }

test('what a declaration demands: required, enumerated, nested, not enriched, nothing else', () => {
  expect(strict(open)).toEqual([])
  expect(strict({})).toEqual(['Missing status', 'Missing tags'])
  expect(strict({ ...open, status: wire('String', null) })).toEqual(['Missing status'])
  expect(
    strict({
      ...open,
      status: wire('String', 'lost'),
      tags: { propertyType: 'List', values: [wire('String', 'a'), wire('String', 'c')] },
    }),
  ).toEqual(['WrongType status', 'WrongType tags[1]'])
  expect(strict({ ...open, extra: wire('String', 'x'), region: wire('String', 'x') })).toEqual([
    'UnknownProperty extra',
    'UnknownProperty region',
  ])
  expect(
    strict({
      ...open,
      address: {
        propertyType: 'EmbeddedObject',
        embeddedEntity: { kind: wire('String', 'work'), zip: wire('String', '1') },
      },
    }),
  ).toEqual(['Missing address.street', 'UnknownProperty address.zip', 'WrongType address.kind'])
  expect(strict({ ...open, address: wire('EmbeddedObject', null) })).toEqual([])
  expect(
    refusals(
      Strict,
      raw(Strict, {
        id: wire('String', '1'),
        at: wire('DateTime', at),
        eventOperation: wire('String', 'delete'),
      }),
    ),
  ).toEqual([])
})

test("the schema's conflicts are told together with everything else", () => {
  expect(
    strict({ address: wire('String', 'x'), tags: { propertyType: 'List', values: [wire('Integer', '1')] } }),
  ).toEqual(['Missing status', 'SchemaConflict address', 'SchemaConflict tags[]'])
})

test(
  'what cannot be read is told together with what the declaration finds wrong in the rest, once, at ' +
    'the place where it came in',
  () => {
    const tags = { propertyType: 'List', values: [wire('String', null), wire('String', 'lost')] }
    const address = {
      propertyType: 'EmbeddedObject',
      embeddedEntity: { street: wire('Integer', 'x'), kind: wire('String', 'work') },
    }
    expect(strict({ tags, address, extra: wire('String', 'x'), status: wire('Integer', '5') })).toEqual([
      'SchemaConflict status',
      'UnknownProperty extra',
      'WrongType address.kind',
      'WrongType address.street',
      'WrongType tags[0]',
    ])
    expect(
      refusals(Strict, { entity: 'Strict', yadto: { id: 5, at: wire('DateTime', 'x') } }).toSorted(),
    ).toEqual(['Missing eventSource', 'Missing status', 'Missing tags', 'WrongType at', 'WrongType id'])
    expect(
      refusals(Strict, {
        entity: 'Strict',
        yadto: { eventSource: { propertyType: 'List', values: [5] } },
      })[0],
    ).toBe('WrongType eventSource[0]')
    for (const nothing of [undefined, null, 'x', [], new Map()])
      expect(refusals(Strict, { entity: 'Strict', yadto: nothing })).toEqual(['WrongType '])
    expect(
      refusals(Strict, { entity: 'Strict', yadto: { ...open, a: wire('String', 'x'.repeat(3_000_000)) } }),
    ).toEqual(['TooLarge '])
  },
)

test('a partial update needs identifier and timestamp only, and null is not for what is required', () => {
  expect(refusals(Patch, Patch.toUpdate({ id: '1', at }, meta))).toEqual([])
  expect(refusals(Patch, Patch.toUpdate({ id: '1', at, s: null }, meta))).toEqual([])
  expect(refusals(Patch, Patch.toUpdate({ id: '1', at, n: null } as never, meta))).toEqual(['Missing n'])
  expect(
    refusals(
      Patch,
      raw(Patch, { id: wire('String', '1'), at: wire('String', at), n: wire('Integer', null) }),
    ),
  ).toEqual(['Missing n'])
})

test(
  "the builder's problems come first and are not said twice, and whatever else stands there does no " +
    'harm',
  () => {
    const update = Order.toUpdate({ tenant: 5 as never, no: 1, at: 'x', emial: 1 } as never, meta)
    expect(refusals(Order, update)).toEqual(['WrongType tenant', 'WrongType at', 'UnknownProperty emial'])
    expect(refusals(Order, { ...update, yadto: {} } as never)).toEqual([
      'WrongType tenant',
      'WrongType at',
      'UnknownProperty emial',
      'Missing eventSource',
      'Missing no',
    ])
    for (const problems of [
      [null],
      'x',
      5,
      {},
      [{}],
      [{ path: 5, code: 'x', message: 'x' }],
      Object.assign([], { length: 3 }),
    ]) {
      expect(
        refusals(Order, { ...Order.toUpdate({ tenant: 'a', no: 1, at }, meta), problems } as never),
      ).toEqual([])
    }
  },
)
