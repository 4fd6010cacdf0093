// The result topic: every receipt and every rejection reaches its subscriptions, with correlation ids, also
// after a restart.
import { expect, test } from 'vitest'
import { createPipeline, entity, y, type SubmitResult } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { closing, day, temporaryFolder, until } from './kit.ts'

const Item = entity('Item', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const make = (folder: string) =>
  closing(createPipeline([Item], { driver: embedded({ folder }), results: true, observe: () => undefined }))
const update = (id: string, correlationId: string) =>
  Item.toUpdate({ id, at: day(1) }, { source: 'test', correlationId })

test('receipts and rejections, in order, by correlation id', async () => {
  const pipeline = make(':memory:')
  const seen: SubmitResult[] = []
  let failures = 2
  pipeline.subscribeResults({
    name: 'caller',
    handle: (result) => {
      if (failures-- > 0) throw new Error('not yet')
      seen.push(result)
    },
  })
  await pipeline.start()
  const receipt = await pipeline.submit(update('1', 'a'))
  await pipeline.submit(update('1', 'b'))
  await pipeline
    .submit({ entity: 'Item', yadto: { correlationId: { propertyType: 'String', value: 'c' } } })
    .catch(() => undefined)
  await pipeline.submitAll([update('2', 'd')])
  await until(() => seen.length === 4)
  expect(
    seen.map(({ entity: of, correlationId, receipt: got, error }) => [
      of,
      correlationId,
      got?.status ?? error?._tag,
    ]),
  ).toEqual([
    ['Item', 'a', 'stored'],
    ['Item', 'b', 'duplicate'],
    ['Item', 'c', 'InvalidUpdate'],
    ['Item', 'd', 'stored'],
  ])
  expect(seen[0]?.receipt).toEqual(receipt)
  expect(seen[2]?.error).toMatchObject({
    retry: false,
    problems: [{ code: 'Missing' }, { code: 'Missing' }, { code: 'Missing' }],
  })
})

test('a registered subscription misses nothing over a restart', async () => {
  const folder = temporaryFolder()
  const first = make(folder)
  await first.subscribeResults({ name: 'caller', handle: () => undefined }).ready
  await first.submit(update('1', 'kept'))
  await first.close()
  const second = make(folder)
  const seen: (string | undefined)[] = []
  second.subscribeResults({ name: 'caller', handle: ({ correlationId }) => void seen.push(correlationId) })
  await second.start()
  await second.submit(update('2', 'new'))
  await until(() => seen.length === 2)
  expect(seen).toEqual(['kept', 'new'])
})

test('without results there is nothing to subscribe to', () => {
  const pipeline = closing(createPipeline([Item], { driver: embedded({ folder: ':memory:' }) }))
  expect(() => pipeline.subscribeResults({ name: 'x', handle: () => undefined })).toThrow(
    expect.objectContaining({ _tag: 'InvalidDefinition' }),
  )
})

test('an update whose entity cannot be read has its outcome, with results as without', async () => {
  const pipeline = make(':memory:')
  const seen: SubmitResult[] = []
  pipeline.subscribeResults({ name: 'caller', handle: (result) => void seen.push(result) })
  await pipeline.start()
  const line = JSON.parse('{"entity":{"toString":1},"yadto":{}}') as never
  expect(await pipeline.submitAll([line])).toEqual({ stored: 0, duplicate: 0, outdated: 0, rejected: 1 })
  await until(() => seen.length === 1)
  expect(seen[0]).toMatchObject({
    entity: 'of a name that cannot be read',
    error: { _tag: 'UnknownEntity', retry: false },
  })
})
