// Types of builders: a wrong name or type, or a missing source, does not compile.
import { expectTypeOf, test } from 'vitest'
import { entity, y, type Update, type Upsert } from 'dreampipe'

const Lead = entity('Lead', {
  properties: {
    id: y.string(),
    email: y.optional(y.string()),
    status: y.enum(['open', 'won']),
    revenue: y.optional(y.decimal()),
    tags: y.list(y.string()),
    region: y.enriched(y.string()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
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
const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at' })
const meta = { source: 'crm' }

test("an update carries its entity's name", () => {
  expectTypeOf(Lead.toUpdate({ id: '1', status: 'open', tags: [], at: 'x' }, meta)).toEqualTypeOf<
    Update<'Lead'>
  >()
  expectTypeOf(Lead.toDelete({ id: '1', at: 'x' }, meta)).toEqualTypeOf<Update<'Lead'>>()
  const updates: Update<'Lead'>[] = [
    Lead.toUpdate({ id: '1', status: 'won', tags: ['a'], at: new Date() }, meta),
  ]
  // @ts-expect-error another entity's
  updates.push(Order.toUpdate({ tenant: 'a', no: 1n, at: 'x', n: 1 }, meta))
})

test('writing is wide: Dates, bigints, null and undefined where a property may be missing', () => {
  Lead.toUpdate({ id: '1', status: 'open', tags: [], at: new Date(), email: undefined, revenue: 5n }, meta)
  Lead.toUpdate(
    { id: '1', status: 'open', tags: [], at: 'x', email: null, revenue: '5.00' },
    { source: 'crm', version: '2', correlationId: 'c' },
  )
  Order.toUpdate({ tenant: 'a', no: 5, at: 'x', n: 5n }, meta)
  expectTypeOf<Upsert<(typeof Lead)['shape']>['email']>().toEqualTypeOf<string | null | undefined>()
})

test('what does not compile', () => {
  // @ts-expect-error wrong type
  Lead.toUpdate({ id: 1, status: 'open', tags: [], at: 'x' }, meta)
  // @ts-expect-error wrong name
  Lead.toUpdate({ id: '1', emial: 'x', status: 'open', tags: [], at: 'x' }, meta)
  // @ts-expect-error none of the values
  Lead.toUpdate({ id: '1', status: 'lost', tags: [], at: 'x' }, meta)
  // @ts-expect-error a required property is missing
  Lead.toUpdate({ id: '1', status: 'open', at: 'x' }, meta)
  // @ts-expect-error a required property is null
  Lead.toUpdate({ id: '1', status: null, tags: [], at: 'x' }, meta)
  // @ts-expect-error wrong elements
  Lead.toUpdate({ id: '1', status: 'open', tags: [5], at: 'x' }, meta)
  // @ts-expect-error no source
  Lead.toUpdate({ id: '1', status: 'open', tags: [], at: 'x' }, {})
  // @ts-expect-error a producer does not send what a transformer adds
  Lead.toUpdate({ id: '1', status: 'open', tags: [], at: 'x', region: 'x' }, meta)
})

test('a delete needs identifier and timestamp, whole', () => {
  Order.toDelete({ tenant: 'a', no: 1n, at: 'x' }, meta)
  // @ts-expect-error delete needs timestamp
  Order.toDelete({ tenant: 'a', no: 1n }, meta)
  // @ts-expect-error half an identifier
  Order.toDelete({ tenant: 'a', at: 'x' }, meta)
})

test('a partial update needs identifier and timestamp only, and they are still checked', () => {
  Patch.toUpdate({ id: '1', at: 'x' }, meta)
  Patch.toUpdate({ id: '1', at: 'x', n: 5 }, meta)
  // @ts-expect-error no timestamp
  Patch.toUpdate({ id: '1' }, meta)
  // @ts-expect-error wrong type
  Patch.toUpdate({ id: '1', at: 'x', n: 'x' }, meta)
  // @ts-expect-error null is not for what is required
  Patch.toUpdate({ id: '1', at: 'x', n: null }, meta)
})

test('a learned entity takes wire values, and guesses no types', () => {
  Learned.toUpdate({ id: y.string().of('1'), n: y.integer().of(5), at: y.dateTime().of(new Date()) }, meta)
  // @ts-expect-error plain values
  Learned.toUpdate({ id: '1', n: 5, at: 'x' }, meta)
})
