// The io-ts codec of an entity: what submit accepts decodes to typed values, and values encode to what submit
// accepts.
import { expect, test } from 'vitest'
import { codecOf, entity, y } from 'dreampipe'
import { E } from 'dreampipe/fp'

const Order = entity('CustomerOrder', {
  properties: {
    id: y.bigint(),
    total: y.decimal(),
    tags: y.list(y.string()),
    address: y.optional(y.object({ city: y.string() })),
    kind: y.enum(['a', 'b']),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})
const codec = codecOf(Order)
const values = {
  id: 7n,
  total: '1.5',
  tags: ['x'],
  address: { city: 'Oslo' },
  kind: 'a',
  at: '2024-01-01T00:00:00.000000Z',
} as const
const source = { eventSource: { propertyType: 'String', value: 's' } }

test('law: decode ∘ encode is identity', () => {
  expect(codec.decode({ ...codec.encode(values), ...source })).toEqual(E.right(values))
  expect(
    codec.decode(
      Order.toUpdate({ ...values, total: '1.50', at: new Date('2024-01-01') }, { source: 's' }).yadto,
    ),
  ).toEqual(E.right(values))
})

test('every problem is an io-ts error with its path', () => {
  const decoded = codec.decode({
    ...codec.encode(values),
    ...source,
    kind: { propertyType: 'String', value: 'c' },
    address: { propertyType: 'EmbeddedObject', embeddedEntity: {} },
    total: { propertyType: 'Integer', value: '1' },
  })
  expect(
    E.isLeft(decoded) &&
      decoded.left.map(({ context, message }) => [
        context
          .slice(1)
          .map(({ key }) => key)
          .join('.'),
        message?.replace(/.*\[/, '['),
      ]),
  ).toEqual([
    ['address.city', '[Missing]'],
    ['kind', '[WrongType]'],
    ['total', '[SchemaConflict]'],
  ])
})
