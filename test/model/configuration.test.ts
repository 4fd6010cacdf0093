// Entities from configuration: the same names in JSON and YAML, the same definition as in code, and errors
// that name the path.
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { entitiesFrom, entity, entityFrom, y } from 'dreampipe'

const yaml = `
Lead:
  properties:
    id: string
    email: { optional: string }
    stage: { enum: [open, won] }
    revenue: { optional: decimal }
    tags: { list: string }
    address: { optional: { object: { street: string, zip: { optional: string } } } }
    updatedAt: dateTime
  identifier: [id]
  timestamp: updatedAt
  deduplication: { by: history, ignore: [email] }
  attributes: [email]
  updates: full
  view: { properties: [id, email], index: [email] }
Learned:
  identifier: [key]
  timestamp: at
`

test('YAML, JSON and code make the same definition', () => {
  const inCode = entity('Lead', {
    properties: {
      id: y.string(),
      email: y.optional(y.string()),
      stage: y.enum(['open', 'won']),
      revenue: y.optional(y.decimal()),
      tags: y.list(y.string()),
      address: y.optional(y.object({ street: y.string(), zip: y.optional(y.string()) })),
      updatedAt: y.dateTime(),
    },
    identifier: ['id'],
    timestamp: 'updatedAt',
    deduplication: { by: 'history', ignore: ['email'] },
    attributes: ['email'],
    updates: 'full',
    view: { properties: ['id', 'email'], index: ['email'] },
  })
  const [fromYaml, learned] = entitiesFrom(parse(yaml))
  const [fromJson] = entitiesFrom(JSON.parse(JSON.stringify(parse(yaml))))
  expect(fromYaml?.definition).toEqual(inCode.definition)
  expect(fromJson?.definition).toEqual(inCode.definition)
  expect(learned?.definition.properties).toBeUndefined()
})

test.each([
  [{ identifier: ['id'], timestamp: 'at', properties: { id: 'text' } }, 'properties.id'],
  [
    {
      identifier: ['id'],
      timestamp: 'at',
      properties: { id: 'string', at: 'dateTime', o: { object: { x: { list: 'nothing' } } } },
    },
    'properties.o.object.x.list',
  ],
  [
    { identifier: ['id'], timestamp: 'at', properties: { id: { optional: 'string', list: 'string' } } },
    'properties.id',
  ],
  [{ identifier: ['id'], timestamp: 'at', properties: { id: { enum: [1] } } }, 'properties.id.enum'],
  [{ identifier: ['id'], timestamp: 'at', transform: [] }, 'transform'],
  [{ identifier: ['id'], timestamp: 'at', view: { calculated: {} } }, 'view.calculated'],
  [{ identifier: ['id'], timestamp: 'at', view: 'all' }, 'view'],
  [{ identifier: 'id', timestamp: 'at' }, 'identifier'],
  [{ timestamp: 'at' }, 'identifier'],
  [{ identifier: ['id'] }, 'timestamp'],
  ['text', ''],
])('%j is refused at %s', (configuration, path) => {
  expect(() => entityFrom('X', configuration)).toThrow(
    expect.objectContaining({ _tag: 'InvalidDefinition', path }),
  )
})
