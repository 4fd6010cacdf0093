// Leads as people: the entity and the producer that the Salesforce tests and their processes share.
import { entity, y } from 'dreampipe'
import { salesforce, salesforceOrg, type OrgOptions, type Reading } from 'dreampipe/adapters/salesforce'

export const Person = entity('Person', {
  properties: {
    id: y.string(),
    name: y.optional(y.string()),
    email: y.optional(y.string()),
    revenue: y.optional(y.decimal()),
    city: y.optional(y.string()),
    mergedInto: y.optional(y.string()),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

export const fields = {
  Id: y.string(),
  Name: y.optional(y.string()),
  Email: y.optional(y.string()),
  AnnualRevenue: y.optional(y.decimal()),
  MasterRecordId: y.optional(y.string()),
  Address: y.optional(y.object({ City: y.optional(y.string()) })),
  SystemModstamp: y.dateTime(),
}

interface Server {
  readonly url: string
  readonly client: { readonly clientId: string; readonly clientSecret: string }
}

export const loginOf = ({ url, client: { clientId, clientSecret } }: Server) => ({
  instanceUrl: url,
  clientId,
  clientSecret,
})

export type PeopleOptions = Partial<OrgOptions> & {
  readonly reading?: Partial<Reading>
  readonly deletes?: 'recycle-bin' | 'ignore'
  readonly reconcile?: { readonly hours: number; readonly share?: number; readonly records?: number }
}

/** Leads as people. A call that hangs is given up quickly, and jobs are asked for quickly. */
export const people = (sf: Server, { reading, deletes, reconcile, ...org }: PeopleOptions = {}) =>
  salesforce({
    object: 'Lead',
    entity: Person,
    login: salesforceOrg({ login: loginOf(sf), timeout: 1_000, ...org }),
    fields,
    reading: { poll: 5, ...reading },
    ...(deletes === undefined ? {} : { deletes }),
    ...(reconcile === undefined ? {} : { reconcile }),
    normalise: (record, to) =>
      to.update({
        id: record.Id,
        name: record.Name,
        email: record.Email,
        revenue: record.AnnualRevenue,
        city: record.Address?.City,
        mergedInto: record.MasterRecordId,
        updatedAt: record.SystemModstamp,
      }),
  })
