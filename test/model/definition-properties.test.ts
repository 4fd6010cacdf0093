// The properties of a definition: made with y, named so that every engine can hold them, and not nested too
// deep.
import { expect, test } from 'vitest'
import { systemColumns } from '../../src/model/name.ts'
import { y } from '../../src/model/property.ts'
import { good, properties, refusals, refusedAt } from './refusals.ts'

test('properties: made with y, with names that every engine can hold', () => {
  const named = (name: string, property: unknown) => ({
    ...good,
    properties: { ...properties, [name]: property },
  })
  for (const name of [
    '1a',
    'a b',
    'ä',
    '',
    'a.b',
    'a'.repeat(301),
    '_table_x',
    '_PARTITIONTIME',
    '__key__',
    'eventSource',
    'eventVersion',
    'eventOperation',
    'correlationId',
    'ID',
    'Id',
    'OBJECT',
    ...systemColumns,
  ])
    refusals([named(name, y.string()), `properties.${name}`])
  for (const property of [
    undefined,
    null,
    5,
    'string',
    {},
    y.string,
    { spec: null },
    { spec: { type: 'Text' } },
    { spec: 'String' },
  ])
    refusals([named('x', property), 'properties.x'])
  refusals(
    [{ ...good, properties: null }, 'properties'],
    [{ ...good, properties: 'x' }, 'properties'],
    [{ ...good, properties: {} }, 'identifier'],
  )
  refusals([
    { ...good, properties: { ...properties, ...JSON.parse('{"__proto__":null}') } },
    'properties.__proto__',
  ])
})

test('nested properties', () => {
  const nested = (property: unknown) => ({ ...good, properties: { ...properties, x: property } })
  refusals(
    [nested(y.list(y.list(y.string()))), 'properties.x'],
    [nested(y.list(y.optional(y.string()) as never)), 'properties.x'],
    [nested(y.list(y.enriched(y.string()) as never)), 'properties.x'],
    [nested(y.enum([])), 'properties.x'],
    [nested(y.list(y.enum([]))), 'properties.x[]'],
    [nested(y.object({ 'a b': y.string() })), 'properties.x.a b'],
    [nested(y.object({ a: y.string(), A: y.string() })), 'properties.x.A'],
    [nested(y.object({ a: y.enriched(y.string()) })), 'properties.x.a'],
    [nested(y.list(y.object({ a: y.list(y.list(y.string())) }))), 'properties.x[].a'],
    [nested(y.list(y.object({ a: y.enriched(y.string()) }))), 'properties.x[].a'],
  )
  // Inside an object the query engine has no columns of its own, and metadata no meaning.
  expect(refusedAt(nested(y.object({ _sequence: y.string(), eventSource: y.string() })))).toBeUndefined()
})

test('depth: 64 levels, as in updates', () => {
  const objects = (levels: number): ReturnType<typeof y.object> =>
    y.object({ a: levels === 2 ? y.string() : objects(levels - 1) })
  const lists = (levels: number): ReturnType<typeof y.object> =>
    y.object({ a: levels === 2 ? y.string() : y.list(lists(levels - 2)) })
  const deep = (property: unknown) => refusedAt({ ...good, properties: { ...properties, a: property } })
  expect([deep(objects(64)), deep(objects(65))]).toEqual([
    undefined,
    `properties.${Array(65).fill('a').join('.')}`,
  ])
  expect([deep(lists(64)), deep(lists(66))?.startsWith('properties.a.a[].a')]).toEqual([undefined, true])
})
