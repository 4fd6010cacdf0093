// Definitions are checked at once: a bad one throws InvalidDefinition with the path of what is wrong; a
// good one is plain data.
import { expect, test } from 'vitest'
import { y } from '../../src/model/property.ts'
import { declaredSchema, type Definition } from '../../src/model/definition.ts'
import { entity } from '../../src/model/entity.ts'
import { good, learned, properties, refusals, refusedAt } from './refusals.ts'

test('good definitions are accepted', () => {
  for (const definition of [
    good,
    learned,
    { ...good, updates: 'partial' },
    { ...good, deduplication: { by: 'latest', ignore: ['o', 'list'] } },
    { ...good, attributes: ['n', 'e', 'at'] },
    { ...learned, attributes: ['x'], view: { index: ['x'] } },
    { ...good, timestamp: 'ts', properties: { ...properties, ts: y.string() } },
    {
      ...good,
      view: {
        properties: ['id'],
        index: ['id', 'c'],
        calculated: { c: y.integer() },
        calculate: () => ({ c: 1 }),
      },
    },
    { ...good, transform: [() => ({})] },
    { ...good, view: {} },
  ]) {
    expect([definition, refusedAt(definition)]).toEqual([definition, undefined])
  }
})

test('the definition itself, and the name', () => {
  refusals([undefined, ''], [null, ''], [5, ''], ['x', ''], [{}, 'identifier'])
  for (const name of [
    '',
    '1a',
    'a b',
    'a-b',
    'ä',
    '_a',
    'a'.repeat(101),
    'Lead_log',
    'Lead_EVENTS',
    'Lead_as_of',
    5,
    null,
  ])
    expect([name, refusedAt(good, name)]).toEqual([name, ''])
  for (const name of ['a', 'A1_b', 'a'.repeat(100), 'Lead_logs', 'log', 'events'])
    expect([name, refusedAt(good, name)]).toEqual([name, undefined])
})

test('identifier: one or more required scalars, once each', () => {
  refusals(
    [{ ...good, identifier: undefined }, 'identifier'],
    [{ ...good, identifier: 'id' }, 'identifier'],
    [{ ...good, identifier: [] }, 'identifier'],
    [{ ...good, identifier: [5] }, 'identifier'],
    [{ ...good, identifier: ['nope'] }, 'identifier'],
    [{ ...good, identifier: ['id', 'id'] }, 'identifier'],
    [{ ...good, identifier: ['o'] }, 'identifier'],
    [{ ...good, identifier: ['e'] }, 'identifier'],
    [{ ...good, identifier: ['toString'] }, 'identifier'],
    ...['list', 'blob', 'json', 'object'].map(
      (name) => [{ ...good, identifier: [name] }, 'identifier'] as const,
    ),
    [{ ...learned, identifier: ['a b'] }, 'identifier'],
    [{ ...learned, identifier: ['eventSource'] }, 'identifier'],
    [{ ...learned, identifier: ['_sequence'] }, 'identifier'],
    [{ ...learned, identifier: ['id', 'ID'] }, 'identifier'],
  )
  expect(refusedAt({ ...good, identifier: ['n', 'id'] })).toBeUndefined()
})

test('timestamp: a required DateTime or String, and no part of the identifier', () => {
  refusals(
    [{ ...good, timestamp: undefined }, 'timestamp'],
    [{ ...good, timestamp: 5 }, 'timestamp'],
    [{ ...good, timestamp: 'nope' }, 'timestamp'],
    [{ ...good, timestamp: 'n' }, 'timestamp'],
    [{ ...good, timestamp: 'o' }, 'timestamp'],
    [{ ...good, timestamp: 'e' }, 'timestamp'],
    [{ ...good, timestamp: 'id' }, 'timestamp'],
    [{ ...learned, timestamp: 'a b' }, 'timestamp'],
    [{ ...learned, timestamp: 'ID' }, 'timestamp'],
    [{ ...learned, timestamp: 'correlationId' }, 'timestamp'],
  )
})

test('updates, de-duplication and what is ignored', () => {
  refusals(
    [{ ...good, updates: 'some' }, 'updates'],
    [{ ...good, updates: null }, 'updates'],
    [{ ...good, additionalProperties: true }, 'additionalProperties'],
    [{ ...good, deduplication: 'latest' }, 'deduplication'],
    [{ ...good, deduplication: { by: 'never' } }, 'deduplication.by'],
    [{ ...good, updates: 'partial', deduplication: { by: 'latest' } }, 'deduplication.by'],
    [{ ...good, deduplication: { by: 'history', ignore: 'o' } }, 'deduplication.ignore'],
    [{ ...good, deduplication: { by: 'history', ignore: ['nope'] } }, 'deduplication.ignore'],
    [{ ...good, deduplication: { by: 'history', ignore: ['o', 'o'] } }, 'deduplication.ignore'],
    [{ ...good, deduplication: { by: 'history', ignore: ['id'] } }, 'deduplication.ignore'],
    [{ ...good, deduplication: { by: 'history', ignore: ['at'] } }, 'deduplication.ignore'],
    [{ ...learned, deduplication: { by: 'history', ignore: ['a b'] } }, 'deduplication.ignore'],
  )
})

test('attributes and transforms', () => {
  refusals(
    [{ ...good, attributes: 'id' }, 'attributes'],
    [{ ...good, attributes: ['nope'] }, 'attributes'],
    [{ ...good, attributes: ['id', 'id'] }, 'attributes'],
    ...['list', 'blob', 'json', 'object'].map(
      (name) => [{ ...good, attributes: [name] }, 'attributes'] as const,
    ),
    [{ ...good, transform: () => ({}) }, 'transform'],
    [{ ...good, transform: ['x'] }, 'transform'],
  )
})

test('the view: its properties, indexes and calculated values', () => {
  const view = (options: unknown) => ({ ...good, view: options })
  const calculate = () => ({})
  refusals(
    [view('x'), 'view'],
    [view({ properties: 'id' }), 'view.properties'],
    [view({ properties: ['nope'] }), 'view.properties'],
    [view({ properties: ['id', 'id'] }), 'view.properties'],
    [view({ index: 'id' }), 'view.index'],
    [view({ index: ['nope'] }), 'view.index'],
    [view({ index: ['list'] }), 'view.index'],
    [view({ index: ['json'] }), 'view.index'],
    [view({ properties: ['id'], index: ['n'] }), 'view.index'],
    [view({ index: ['id', 'id'] }), 'view.index'],
    [view({ calculated: { c: y.list(y.string()) }, calculate, index: ['c'] }), 'view.index'],
    [view({ calculated: { c: y.string() } }), 'view.calculate'],
    [view({ calculated: { c: y.string() }, calculate: 'x' }), 'view.calculate'],
    [view({ calculate: 5 }), 'view.calculate'],
    [view({ calculated: { c: 'string' }, calculate }), 'view.calculated.c'],
    [view({ calculated: 5, calculate }), 'view.calculated'],
    [view({ calculated: { 'a b': y.string() }, calculate }), 'view.calculated.a b'],
    [view({ calculated: { c: y.string(), C: y.string() }, calculate }), 'view.calculated.C'],
    [view({ calculated: { N: y.string() }, calculate }), 'view.calculated.N'],
    // Left out of the view, and still beside the calculated values in every past state.
    [view({ properties: ['id'], calculated: { n: y.string() }, calculate }), 'view.calculated.n'],
    [
      { ...learned, view: { properties: ['x'], calculated: { x: y.string() }, calculate } },
      'view.calculated.x',
    ],
  )
})

test('a definition is plain data with its defaults, names sorted where their order says nothing', () => {
  const { definition } = entity('Lead', {
    properties: {
      b: y.string(),
      a: y.string(),
      at: y.dateTime(),
      x: y.optional(y.string()),
      z: y.optional(y.string()),
    },
    identifier: ['b', 'a'],
    timestamp: 'at',
    deduplication: { by: 'history', ignore: ['z', 'x'] },
  })
  expect({ ...definition, properties: undefined }).toEqual({
    name: 'Lead',
    properties: undefined,
    additionalProperties: 'accept',
    identifier: ['a', 'b'],
    timestamp: 'at',
    updates: 'full',
    attributes: [],
    by: 'history',
    ignore: ['x', 'z'],
    transform: [],
    view: { properties: undefined, index: [], calculated: {}, calculate: undefined },
  } satisfies Definition)
  expect(declaredSchema(definition)).toEqual({
    properties: {
      b: { type: 'String' },
      a: { type: 'String' },
      at: { type: 'DateTime' },
      x: { type: 'String' },
      z: { type: 'String' },
    },
    identifier: ['a', 'b'],
    timestamp: 'at',
    required: ['a', 'at', 'b'],
    rules: [{ by: 'history', ignore: ['x', 'z'], format: 1 }],
    updates: ['full'],
  })
  expect(declaredSchema(entity('P', { ...good, updates: 'partial' } as never).definition)).toMatchObject({
    required: ['at', 'id'],
    updates: ['partial'],
  })
})
