// Types of the Salesforce adapter: fields type the record, the entity types the update, and a wrong name or
// type does not compile.
import { expectTypeOf, test } from 'vitest'
import { entity, y, type Producer } from 'dreampipe'
import { salesforce, salesforceOrg, type Cursor, type WireRecord } from 'dreampipe/adapters/salesforce'

const Lead = entity('SalesforceLead', {
  properties: {
    id: y.string(),
    email: y.optional(y.string()),
    revenue: y.optional(y.decimal()),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
})
const Learned = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })
const login = { instanceUrl: 'https://example.my.salesforce.com', clientId: 'a', clientSecret: 'b' }
const fields = {
  Id: y.string(),
  Email: y.optional(y.string()),
  AnnualRevenue: y.optional(y.decimal()),
  Address: y.optional(y.object({ City: y.optional(y.string()) })),
  SystemModstamp: y.dateTime(),
}

test('the record is what the fields say, and the producer knows its entity', () => {
  const leads = salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    normalise: (record, to) => {
      expectTypeOf(record.Id).toEqualTypeOf<string>()
      expectTypeOf(record.AnnualRevenue).toEqualTypeOf<string | null | undefined>()
      expectTypeOf(record.Address?.City).toEqualTypeOf<string | null | undefined>()
      return to.update({
        id: record.Id,
        email: record.Email,
        revenue: record.AnnualRevenue,
        updatedAt: record.SystemModstamp,
      })
    },
  })
  expectTypeOf(leads).toExtend<
    Producer<
      typeof Lead,
      { readonly Id: string; readonly SystemModstamp: string; readonly Email?: string | null },
      Cursor
    >
  >()
})

test('what does not compile', () => {
  salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    // @ts-expect-error a field that is not selected
    normalise: (record, to) => to.update({ id: record.Phone, updatedAt: record.SystemModstamp }),
  })
  salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    // @ts-expect-error a field of another type
    normalise: (record, to) => to.update({ id: record.Address, updatedAt: record.SystemModstamp }),
  })
  salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    normalise: (record, to) =>
      // @ts-expect-error a property that the entity does not have
      to.update({ id: record.Id, mail: record.Email, updatedAt: record.SystemModstamp }),
  })
  salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    // @ts-expect-error a required property is missing
    normalise: (record, to) => to.update({ id: record.Id }),
  })
  salesforce({
    object: 'Lead',
    entity: Lead,
    login,
    fields,
    // @ts-expect-error a bare literal is no update
    normalise: (record) => ({ id: record.Id, updatedAt: record.SystemModstamp }),
  })
  // @ts-expect-error fields need a normalise
  salesforce({ object: 'Lead', entity: Lead, login, fields })
  // @ts-expect-error an entity with properties of its own needs fields
  salesforce({ object: 'Lead', entity: Lead, login })
  // @ts-expect-error no way to log in
  salesforceOrg({ login: { instanceUrl: 'https://example.my.salesforce.com' } })
  // @ts-expect-error no such way with deletes
  salesforce({ object: 'Lead', entity: Learned, login, deletes: 'keep' })
})

test('without fields, everything goes through into an entity that learns', () => {
  salesforce({ object: 'Lead', entity: Learned, login: salesforceOrg({ login }) })
  salesforce({
    object: 'Lead',
    entity: Learned,
    login,
    normalise: (record, to) => {
      expectTypeOf(record).toEqualTypeOf<WireRecord>()
      return to.update({ ...record, extra: y.integer().of(1) })
    },
  })
})
