// Types of a pipeline: its verbs know its entities, and a foreign one does not compile.
import * as iot from 'io-ts'
import { expectTypeOf, test } from 'vitest'
import {
  createPipeline,
  entity,
  y,
  type AnyEntity,
  type AnyPipeline,
  type EventOf,
  type Pipeline,
  type Receipt,
  type View,
} from 'dreampipe'
import { t } from 'dreampipe/fp'

const Lead = entity('Lead', {
  properties: {
    id: y.string(),
    email: y.optional(y.string()),
    city: y.optional(y.string()),
    status: y.enum(['open', 'won']),
    tags: y.list(y.string()),
    address: y.optional(y.object({ street: y.string() })),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
  attributes: ['email', 'status'],
  view: {
    properties: ['id', 'email', 'status'],
    calculated: { domain: y.string() },
    calculate: (state) => ({ domain: state.email ?? '' }),
    index: ['email', 'domain'],
  },
})
const Order = entity('Order', {
  properties: { tenant: y.string(), no: y.bigint(), at: y.dateTime(), n: y.integer() },
  identifier: ['tenant', 'no'],
  timestamp: 'at',
})
const Other = entity('Other', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at', view: { index: ['email'] } })
const pipeline = createPipeline([Lead, Order, Learned])
const one = createPipeline([Lead])
const meta = { source: 's' }

test('submit takes an update of its entities, built or raw', () => {
  void pipeline.submit(Lead.toUpdate({ id: '1', status: 'open', tags: [], at: 'x' }, meta))
  void pipeline.submit(Lead.toDelete({ id: '1', at: new Date() }, meta))
  void pipeline.submit({ entity: 'Order', yadto: { anything: 5 } })
  void pipeline.submitAll([
    Lead.toUpdate({ id: '1', status: 'open', tags: [], at: 'x' }, meta),
    Order.toDelete({ tenant: 'a', no: 1, at: 'x' }, meta),
  ])
  expectTypeOf<Awaited<ReturnType<typeof pipeline.submit>>>().toEqualTypeOf<Receipt>()
  expectTypeOf<Receipt['status']>().toEqualTypeOf<'stored' | 'duplicate' | 'outdated'>()
  // @ts-expect-error not in this pipeline
  void one.submit(Other.toUpdate({ id: '1', at: 'x' }, meta))
  // @ts-expect-error not in this pipeline
  void pipeline.submit({ entity: 'Nobody', yadto: {} })
  // @ts-expect-error not in this pipeline
  void one.submitAll([Other.toUpdate({ id: '1', at: 'x' }, meta)])
})

test('current, asOf, find and history read what the entity says', async () => {
  const view = await pipeline.current(Lead, { id: '1' })
  expectTypeOf(view).toEqualTypeOf<View<typeof Lead> | undefined>()
  const past = await pipeline.asOf(Lead, { id: '1' }, '2024')
  expectTypeOf(past?.address?.street).toEqualTypeOf<string | undefined>()
  expectTypeOf(past?.domain).toEqualTypeOf<string | undefined>()
  const page = await pipeline.find(Lead, { where: { email: 'a', domain: 'b' }, limit: 50 })
  expectTypeOf(page.items).toEqualTypeOf<readonly View<typeof Lead>[]>()
  for await (const event of pipeline.history(Lead, { id: '1' })) {
    expectTypeOf(event).toEqualTypeOf<EventOf<typeof Lead>>()
    if (event.operation === 'upsert') expectTypeOf(event.properties.tags).toEqualTypeOf<readonly string[]>()
  }
  const learned = await pipeline.current(Learned, { id: 5n })
  expectTypeOf(learned?.['anything']).toEqualTypeOf<unknown>()
  await pipeline.find(Learned, { where: { email: 'x' } })
  await pipeline.current(Order, { tenant: 'a', no: 5n })
  await pipeline.current(Order, { tenant: 'a', no: 5 })
})

test('what reading refuses', () => {
  // @ts-expect-error half an identifier
  void pipeline.current(Order, { tenant: 'a' })
  // @ts-expect-error wrong type
  void pipeline.current(Lead, { id: 5 })
  // @ts-expect-error not in this pipeline
  void one.current(Other, { id: '1' })
  // @ts-expect-error not in this pipeline
  void one.history(Other, { id: '1' })
  // @ts-expect-error not indexed
  void pipeline.find(Lead, { where: { status: 'open' } })
  // @ts-expect-error not in the view
  void pipeline.current(Lead, { id: '1' }).then((view) => view?.city)
})

test('sql rows are unknowns, or what a codec makes them; any io-ts codec will do', async () => {
  const rows = await pipeline.sql('SELECT count(*) AS n FROM Lead', {}, { row: t.type({ n: t.number }) })
  expectTypeOf(rows).toEqualTypeOf<readonly { n: number }[]>()
  const own = await pipeline.sql(
    'SELECT 1 AS n',
    { at: new Date(), n: 5n, s: 'x', b: true, nothing: null },
    { row: iot.type({ n: iot.number }), integers: 'bigint' },
  )
  expectTypeOf(own).toEqualTypeOf<readonly { n: number }[]>()
  const plain = await pipeline.sql('SELECT 1')
  expectTypeOf(plain[0]?.['x']).toEqualTypeOf<unknown>()
  // @ts-expect-error no parameter
  void pipeline.sql('SELECT $x', { x: { y: 1 } })
})

test(
  'subscriptions filter by attributes, and a handler may return a value, a promise or a ' + 'TaskEither',
  () => {
    const update = (id: string) => Lead.toUpdate({ id, status: 'open', tags: [], at: 'x' }, meta)
    pipeline.subscribe(Lead, { name: 'a', handle: () => {} })
    pipeline.subscribe(Lead, {
      name: 'a',
      filter: { status: 'won' },
      handle: async (event) => {
        expectTypeOf(event).toEqualTypeOf<EventOf<typeof Lead>>()
      },
    })
    pipeline.subscribe(Lead, { name: 'a', handle: (event) => pipeline.fp.submit(update(event.entityId)) })
    pipeline.subscribe(Lead, { name: 'a', handle: async (event) => pipeline.submit(update(event.entityId)) })
    // @ts-expect-error not an attribute
    pipeline.subscribe(Lead, { name: 'x', filter: { city: 'x' }, handle: () => {} })
    // @ts-expect-error not in this pipeline
    one.subscribe(Other, { name: 'x', handle: () => {} })
  },
)

test('a pipeline of more entities is one of fewer, and any is AnyPipeline', () => {
  const takesLead = (given: Pipeline<typeof Lead>): void => {
    void given
  }
  const takesBoth = (given: Pipeline<typeof Lead | typeof Order>): void => {
    void given
  }
  const takesAny = (given: AnyPipeline): void => {
    void given
  }
  takesLead(pipeline)
  takesLead(one)
  takesBoth(pipeline)
  takesAny(pipeline)
  takesAny(one)
  // @ts-expect-error this pipeline lacks Order
  takesBoth(one)
})

test('entities may come from a list made at run time', () => {
  const some: AnyEntity[] = []
  const dynamic = createPipeline([...some, Lead])
  void dynamic.current(Lead, { id: 'x' })
})

test('it closes itself', () => {
  expectTypeOf(pipeline).toExtend<AsyncDisposable>()
  expectTypeOf(pipeline.close).returns.toEqualTypeOf<Promise<void>>()
})
