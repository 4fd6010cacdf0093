// Types of entities: what a declaration lets be read.
import { expectTypeOf, test } from 'vitest'
import {
  entity,
  y,
  type AnyEntity,
  type EventInfo,
  type EventOf,
  type Identifier,
  type Past,
  type State,
  type View,
  type Where,
} from 'dreampipe'

const Lead = entity('SalesforceLead', {
  properties: {
    id: y.string(),
    email: y.optional(y.string()),
    city: y.optional(y.string()),
    status: y.enum(['open', 'won']),
    revenue: y.optional(y.decimal()),
    tags: y.list(y.string()),
    address: y.optional(y.object({ street: y.string(), zip: y.optional(y.string()) })),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
  deduplication: { by: 'history', ignore: ['city'] },
  attributes: ['email', 'status'],
  view: {
    properties: ['id', 'email', 'status'],
    calculated: { domain: y.string() },
    calculate: (state, event) => ({ domain: state.email?.split('@')[1] ?? String(event.sequence) }),
    index: ['email', 'domain'],
  },
})
const Order = entity('Order', {
  properties: { tenant: y.string(), no: y.bigint(), at: y.dateTime(), n: y.integer() },
  identifier: ['tenant', 'no'],
  timestamp: 'at',
})
const Patch = entity('Patch', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  updates: 'partial',
})
const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at', view: { index: ['email'] } })

test('the name is literal', () => {
  expectTypeOf(Lead.name).toEqualTypeOf<'SalesforceLead'>()
  expectTypeOf(Lead).toExtend<AnyEntity>()
  expectTypeOf(Learned).toExtend<AnyEntity>()
})

test('a state has every property: required ones are there, optional ones may be missing or null', () => {
  expectTypeOf<State<typeof Lead>>().toEqualTypeOf<{
    readonly id: string
    readonly status: 'open' | 'won'
    readonly tags: readonly string[]
    readonly updatedAt: string
    readonly email?: string | null
    readonly city?: string | null
    readonly revenue?: string | null
    readonly address?: { readonly street: string; readonly zip?: string | null } | null
  }>()
  expectTypeOf<State<typeof Order>>().toEqualTypeOf<{
    readonly tenant: string
    readonly no: bigint
    readonly at: string
    readonly n: number
  }>()
})

test('a partial state has identifier and timestamp, all else may be missing', () => {
  expectTypeOf<State<typeof Patch>>().toEqualTypeOf<{
    readonly id: string
    readonly at: string
    readonly n?: number
  }>()
})

test('a view has its properties and the calculated values; without one, every property', () => {
  expectTypeOf<View<typeof Lead>>().toEqualTypeOf<{
    readonly id: string
    readonly status: 'open' | 'won'
    readonly email?: string | null
    readonly domain: string
  }>()
  const Small = entity('Small', {
    properties: { id: y.string(), email: y.optional(y.string()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
  })
  expectTypeOf<View<typeof Small>>().toEqualTypeOf<{
    readonly id: string
    readonly at: string
    readonly email?: string | null
  }>()
})

test('a past state has every property and the calculated values', () => {
  expectTypeOf<Past<typeof Lead>['domain']>().toEqualTypeOf<string>()
  expectTypeOf<Past<typeof Lead>['tags']>().toEqualTypeOf<readonly string[]>()
})

test('a timestamp may be a String, and is then read and written as one', () => {
  const Account = entity('Account', {
    properties: { key: y.string(), at: y.string() },
    identifier: ['key'],
    timestamp: 'at',
  })
  expectTypeOf<State<typeof Account>>().toEqualTypeOf<{ readonly key: string; readonly at: string }>()
  // @ts-expect-error a Date is no String
  Account.toUpdate({ key: '1', at: new Date() }, { source: 's' })
})

test('an identifier takes what may be written, and a learned one any scalar', () => {
  expectTypeOf<Identifier<typeof Order>>().toEqualTypeOf<{
    readonly tenant: string
    readonly no: number | bigint
  }>()
  expectTypeOf<Identifier<typeof Learned>>().toEqualTypeOf<{
    readonly id: string | number | bigint | boolean
  }>()
})

test('a search is by indexed properties', () => {
  expectTypeOf<Where<typeof Lead>>().toEqualTypeOf<{
    readonly email?: string | null
    readonly domain?: string
  }>()
  expectTypeOf<Where<typeof Order>>().toEqualTypeOf<{}>()
})

test('an event tells its operation', () => {
  expectTypeOf<EventOf<typeof Lead>>().toExtend<EventInfo>()
  expectTypeOf<Extract<EventOf<typeof Lead>, { operation: 'upsert' }>['properties']>().toEqualTypeOf<
    State<typeof Lead>
  >()
  // @ts-expect-error a delete has no properties
  void ((event: EventOf<typeof Lead>) => event.properties)
})

test('a learned entity reads as unknowns', () => {
  expectTypeOf<State<typeof Learned>['anything']>().toEqualTypeOf<unknown>()
  expectTypeOf<View<typeof Learned>['anything']>().toEqualTypeOf<unknown>()
})
