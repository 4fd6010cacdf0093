// Types of declarations: what each property is read and written as, and what a declaration refuses.
import { expectTypeOf, test } from 'vitest'
import { entity, y, type EntityPropertyValue, type State } from 'dreampipe'
import { t } from 'dreampipe/fp'

test('each property reads as its type, and is written more widely', () => {
  const all = {
    integer: y.integer(),
    bigint: y.bigint(),
    double: y.double(),
    decimal: y.decimal(),
    boolean: y.boolean(),
    dateTime: y.dateTime(),
    date: y.date(),
    time: y.time(),
    bytes: y.bytes(),
    json: y.json(),
    typed: y.json(t.type({ n: t.number })),
    list: y.list(y.object({ a: y.bigint() })),
  }
  expectTypeOf<{ -readonly [K in keyof typeof all]: (typeof all)[K]['_A'] }>().toEqualTypeOf<{
    integer: number
    bigint: bigint
    double: number
    decimal: string
    boolean: boolean
    dateTime: string
    date: string
    time: string
    bytes: Uint8Array
    json: unknown
    typed: { n: number }
    list: readonly { readonly a: bigint }[]
  }>()
  expectTypeOf<{ -readonly [K in keyof typeof all]: (typeof all)[K]['_I'] }>().toEqualTypeOf<{
    integer: number | bigint
    bigint: number | bigint
    double: number
    decimal: string | bigint
    boolean: boolean
    dateTime: string | Date
    date: string
    time: string
    bytes: Uint8Array
    json: unknown
    typed: { n: number }
    list: readonly { readonly a: number | bigint }[]
  }>()
  expectTypeOf(y.integer().of).parameter(0).toEqualTypeOf<number | bigint>()
  expectTypeOf(y.integer().of(5)).toEqualTypeOf<EntityPropertyValue>()
  // @ts-expect-error a List has no null elements
  y.list(y.optional(y.string()))
})

test('what a declaration refuses', () => {
  // @ts-expect-error unknown identifier
  entity('X', { properties: { id: y.string(), at: y.dateTime() }, identifier: ['idd'], timestamp: 'at' })
  entity('X', {
    properties: { id: y.optional(y.string()), at: y.dateTime() },
    // @ts-expect-error optional identifier
    identifier: ['id'],
    timestamp: 'at',
  })
  // @ts-expect-error no identifier
  entity('X', { properties: { id: y.string(), at: y.dateTime() }, identifier: [], timestamp: 'at' })
  entity('X', {
    properties: { id: y.list(y.string()), at: y.dateTime() },
    // @ts-expect-error an identifier that is no scalar
    identifier: ['id'],
    timestamp: 'at',
  })
  // @ts-expect-error timestamp of wrong type
  entity('X', { properties: { id: y.string(), at: y.boolean() }, identifier: ['id'], timestamp: 'at' })
  entity('X', {
    properties: { id: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error view index not in view
    view: { properties: ['id'], index: ['at'] },
  })
  entity('X', {
    properties: { id: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error calculate misses
    view: { calculated: { d: y.string() }, calculate: () => ({}) },
  })
  entity('X', {
    properties: { id: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error view property unknown
    view: { properties: ['idd'] },
  })
  entity('X', {
    properties: { id: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error an unknown property is ignored
    deduplication: { by: 'history', ignore: ['idd'] },
  })
  entity('X', {
    properties: { id: y.string(), at: y.dateTime(), tags: y.list(y.string()) },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error an attribute that is no scalar
    attributes: ['tags'],
  })
})

test('calculate sees a partial state as it is', () => {
  entity('P', {
    properties: { id: y.string(), name: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    updates: 'partial',
    view: {
      calculated: { upper: y.optional(y.string()) },
      calculate: (s) => ({ upper: s.name?.toUpperCase() ?? null }),
    },
  })
  entity('Q', {
    properties: { id: y.string(), name: y.string(), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    updates: 'partial',
    // @ts-expect-error name may be missing in a partial entity
    view: { calculated: { upper: y.string() }, calculate: (s) => ({ upper: s.name.toUpperCase() }) },
  })
})

test('transformers fill what is enriched, with its type, from a past state of another entity', () => {
  const Zip = entity('Zip', {
    properties: { code: y.string(), region: y.string(), at: y.dateTime() },
    identifier: ['code'],
    timestamp: 'at',
  })
  const Enriched = entity('Lead', {
    properties: {
      id: y.string(),
      zip: y.optional(y.string()),
      region: y.enriched(y.string()),
      at: y.dateTime(),
    },
    identifier: ['id'],
    timestamp: 'at',
    transform: [
      async (lead, context) => ({
        region: lead.zip ? ((await context.asOf(Zip, { code: lead.zip }))?.region ?? null) : null,
      }),
    ],
    view: { index: ['region'] },
  })
  expectTypeOf<State<typeof Enriched>['region']>().toEqualTypeOf<string | null | undefined>()
  entity('Bad', {
    properties: { id: y.string(), region: y.enriched(y.string()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error wrong type added
    transform: [(lead) => ({ region: lead.id.length })],
  })
  entity('Bad', {
    properties: { id: y.string(), region: y.enriched(y.string()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    // @ts-expect-error a transformer does not see what it fills
    transform: [(lead) => ({ region: lead.region })],
  })
})
