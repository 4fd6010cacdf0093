// Every event says whose it is: deletes too, in handlers, in history, in dead letters and in SQL.
import { expect, expectTypeOf, test } from 'vitest'
import { entity, y, type EventOf } from 'dreampipe'
import { collect, day, open, source, until } from './kit.ts'

const Order = entity('Order', {
  properties: {
    tenant: y.string(),
    number: y.bigint(),
    note: y.optional(y.string()),
    lines: y.list(y.string()),
    at: y.dateTime(),
  },
  identifier: ['tenant', 'number'],
  timestamp: 'at',
})
const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at' })
const keys = { tenant: 'a', number: 12345678901234567n }

test('a delete carries its identifier to handlers, history and SQL', async () => {
  const { pipeline } = open([Order])
  const seen: EventOf<typeof Order>[] = []
  pipeline.subscribe(Order, { name: 's', handle: (event) => void seen.push(event) })
  await pipeline.start()
  await pipeline.submit(Order.toUpdate({ ...keys, note: 'x', lines: ['1'], at: day(1) }, source))
  await pipeline.submit(Order.toDelete({ ...keys, at: day(2) }, source))
  await until(() => seen.length === 2)
  const expected = [
    { operation: 'upsert', identifier: keys },
    { operation: 'delete', identifier: keys },
  ]
  expect(seen).toMatchObject(expected)
  expect(await collect(pipeline.history(Order, keys))).toMatchObject(expected)
  await pipeline.settled()
  expect(
    await pipeline.sql(
      'SELECT tenant, number, _operation FROM Order_events ORDER BY _sequence',
      {},
      {
        integers: 'bigint',
      },
    ),
  ).toEqual([
    { ...keys, _operation: 'full' },
    { ...keys, _operation: 'delete' },
  ])
  expectTypeOf<EventOf<typeof Order>['identifier']>().toEqualTypeOf<{
    readonly tenant: string
    readonly number: bigint
  }>()
})

test('a dead letter carries the identifier, also for a delete and of a learned entity', async () => {
  const { pipeline } = open([Order, Learned])
  const fail = (): never => {
    throw Object.assign(new Error('never'), { retry: false })
  }
  pipeline.subscribe(Order, { name: 's', handle: fail })
  pipeline.subscribe(Learned, { name: 's', handle: fail })
  await pipeline.start()
  await pipeline.submit(Order.toDelete({ ...keys, at: day(1) }, source))
  const at = new Date(day(2))
  await pipeline.submit(Learned.toUpdate({ id: y.integer().of(7), at: y.dateTime().of(at) }, source))
  await until(async () => (await pipeline.deadLetters.list()).length === 2)
  expect(await pipeline.deadLetters.list(Order)).toMatchObject([
    { entity: 'Order', sequence: 1, identifier: keys },
  ])
  expect(await pipeline.deadLetters.list(Learned)).toMatchObject([
    { entity: 'Learned', sequence: 1, identifier: { id: 7 } },
  ])
})
