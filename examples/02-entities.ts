// Entities: declared, learned from the data, partial, and from configuration; and what a wrong update is
// told.
import { createPipeline, entitiesFrom, entity, isDreampipeError, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

// Declared: exact numbers, lists of objects, calculated values in the view, and what counts as the same.
const Order = entity('CustomerOrder', {
  properties: {
    tenant: y.string(),
    number: y.bigint(),
    total: y.decimal(),
    paid: y.boolean(),
    lines: y.list(y.object({ sku: y.string(), pieces: y.integer() })),
    note: y.optional(y.string()),
    changedAt: y.dateTime(),
  },
  identifier: ['tenant', 'number'],
  timestamp: 'changedAt',
  deduplication: { by: 'history', ignore: ['note'] },
  view: {
    properties: ['tenant', 'number', 'total'],
    index: ['paidInFull'],
    calculated: { paidInFull: y.boolean() },
    calculate: (order) => ({ paidInFull: order.paid && order.total !== '0' }),
  },
})

// Learned: nothing is known but what names it and when it changed; columns grow with the data.
const Anything = entity('Anything', { identifier: ['key'], timestamp: 'at' })

// Partial: an update carries only what changed.
const Device = entity('Device', {
  properties: { serial: y.string(), firmware: y.string(), battery: y.integer(), seenAt: y.dateTime() },
  identifier: ['serial'],
  timestamp: 'seenAt',
  updates: 'partial',
})

// From configuration: the same names, as JSON or YAML gives them.
const configured = entitiesFrom({
  Shop: {
    properties: { id: 'string', city: { optional: 'string' }, openedAt: 'dateTime' },
    identifier: ['id'],
    timestamp: 'openedAt',
  },
})

await using pipeline = createPipeline([Order, Anything, Device, ...configured], {
  driver: embedded({ folder: ':memory:' }),
})
await pipeline.start()

const order = {
  tenant: 'acme',
  number: 7n,
  total: '129.90',
  paid: true,
  lines: [{ sku: 'bike', pieces: 1 }],
  changedAt: '2024-05-01T10:00:00Z',
}
console.log('order:', (await pipeline.submit(Order.toUpdate(order, { source: 'shop' }))).status)
console.log(
  'same but for its note:',
  (await pipeline.submit(Order.toUpdate({ ...order, note: 'thanks' }, { source: 'shop' }))).status,
)

await pipeline.submit(
  Anything.toUpdate(
    { key: y.string().of('k'), size: y.double().of(1.5), at: y.dateTime().of(new Date(0)) },
    { source: 'shop' },
  ),
)

await pipeline.submit(
  Device.toUpdate(
    { serial: 'd1', firmware: '2.0', battery: 80, seenAt: '2024-05-01T10:00:00Z' },
    { source: 'shop' },
  ),
)
await pipeline.submit(
  Device.toUpdate({ serial: 'd1', battery: 75, seenAt: '2024-05-01T11:00:00Z' }, { source: 'shop' }),
)

await pipeline.submit({
  entity: 'Shop',
  yadto: {
    id: { propertyType: 'String', value: 's1' },
    openedAt: { propertyType: 'DateTime', value: '2020-01-01T08:00:00+01:00' },
    eventSource: { propertyType: 'String', value: 'shop' },
  },
})

try {
  await pipeline.submit(
    Order.toUpdate({ ...order, number: 8n, total: 'a lot', changedAt: 'soon' }, { source: 'shop' }),
  )
} catch (error) {
  if (isDreampipeError(error, 'InvalidUpdate'))
    for (const { code, path } of error.problems) console.log('refused:', path, code)
}

await pipeline.settled()
console.log('order now:', await pipeline.current(Order, { tenant: 'acme', number: 7n }))
console.log('device now:', await pipeline.current(Device, { serial: 'd1' }))
console.log('learned columns:', await pipeline.sql('SELECT key, size FROM Anything'))
console.log('configured:', await pipeline.sql('SELECT id, openedAt FROM Shop'))
