// What the Salesforce tests share: a local Salesforce, a pipeline that reads it, and the comparison of what is stored with the server's change log.
import { expect, onTestFinished } from 'vitest'
import { entity, y, type AnyEntity, type Pipeline, type RunOptions, type RunReport } from 'dreampipe'
import { salesforce, salesforceOrg, type OrgOptions, type Reading } from 'dreampipe/adapters/salesforce'
import { localSalesforce, type LocalSalesforce, type LocalSalesforceOptions, type Values } from 'dreampipe/adapters/salesforce/testing'
import { open } from '../flow/kit.ts'

export const Person = entity('Person', {
  properties: { id: y.string(), name: y.optional(y.string()), email: y.optional(y.string()), revenue: y.optional(y.decimal()), city: y.optional(y.string()), mergedInto: y.optional(y.string()), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

export const fields = {
  Id: y.string(), Name: y.optional(y.string()), Email: y.optional(y.string()), AnnualRevenue: y.optional(y.decimal()), MasterRecordId: y.optional(y.string()),
  Address: y.optional(y.object({ City: y.optional(y.string()) })), SystemModstamp: y.dateTime(),
}

/** A local Salesforce that ends with the test. */
export const server = async (options: LocalSalesforceOptions = {}): Promise<LocalSalesforce> => {
  const sf = await localSalesforce(options)
  onTestFinished(() => sf.close())
  return sf
}

export const loginOf = ({ url, client: { clientId, clientSecret } }: LocalSalesforce) => ({ instanceUrl: url, clientId, clientSecret })

export type PeopleOptions = Partial<OrgOptions> & { readonly reading?: Partial<Reading>; readonly deletes?: 'recycle-bin' | 'ignore'; readonly reconcile?: { readonly hours: number; readonly share?: number; readonly records?: number } }

/** Leads as people. A call that hangs is given up quickly, and jobs are asked for quickly. */
export const people = (sf: LocalSalesforce, { reading, deletes, reconcile, ...org }: PeopleOptions = {}) => salesforce({
  object: 'Lead', entity: Person, login: salesforceOrg({ login: loginOf(sf), timeout: 1_000, ...org }), fields, reading: { poll: 5, ...reading },
  ...(deletes === undefined ? {} : { deletes }), ...(reconcile === undefined ? {} : { reconcile }),
  normalise: (record, to) => to.update({
    id: record.Id, name: record.Name, email: record.Email, revenue: record.AnnualRevenue, city: record.Address?.City, mergedInto: record.MasterRecordId, updatedAt: record.SystemModstamp,
  }),
})

export interface Setting { readonly sf: LocalSalesforce; readonly pipeline: Pipeline<typeof Person>; readonly warnings: string[]; readonly run: (producer: ReturnType<typeof people>, options?: RunOptions) => Promise<RunReport> }

/** A local Salesforce and a pipeline beside it. */
export const setting = async (options: LocalSalesforceOptions = {}): Promise<Setting> => {
  const sf = await server(options)
  const { pipeline, signals } = open([Person])
  const warnings: string[] = []
  return {
    sf, pipeline, warnings,
    run: async (producer, more) => {
      const report = await pipeline.run(producer, more)
      warnings.splice(0, warnings.length, ...signals.flatMap((signal) => (signal._tag === 'producer' ? [signal.message] : [])))
      return report
    },
  }
}

export const leads = (sf: LocalSalesforce, count: number, of: (n: number) => Values = () => ({})): string[] =>
  Array.from({ length: count }, (_, n) => sf.insert('Lead', { Name: `Lead ${n}`, Email: `lead${n}@example.com`, AnnualRevenue: `${n}.5`, City: n % 2 === 0 ? 'Bern' : null, ...of(n) }))

// A property that is missing, and one that is null, are the same to Salesforce.
const empty = { name: null, email: null, revenue: null, city: null, mergedInto: null }
const canonical = (stamp: unknown): string => `${String(stamp).slice(0, 19)}.000000Z`

// What an update of a version says, as the pipeline tells it.
const contentOf = (values: Values): object => ({
  id: values['Id'], name: values['Name'] ?? null, email: values['Email'] ?? null, revenue: values['AnnualRevenue'] === undefined || values['AnnualRevenue'] === null ? null : String(values['AnnualRevenue']),
  city: values['City'] ?? null, mergedInto: values['MasterRecordId'] ?? null, updatedAt: canonical(values['SystemModstamp']),
})

/**
 * Compares what is stored with the server's change log: every record as it is now, no event that the log does not know, none of them twice,
 * and both projections proven. `every`: each line of the log has its event.
 */
export const expectSame = async ({ sf, pipeline }: Pick<Setting, 'sf' | 'pipeline'>, every = false): Promise<void> => {
  await pipeline.start()
  await pipeline.settled()
  const log = sf.log.filter(({ object }) => object === 'Lead')
  const rows = sf.tables.get('Lead')?.rows
  const stored = await pipeline.sql<{ n: number }>('SELECT count(*) AS n FROM Person')
  const alive = [...rows?.values() ?? []].filter(({ IsDeleted }) => IsDeleted !== true)
  expect(stored[0]?.n).toBe(alive.length)
  for (const id of new Set(log.map((line) => line.id))) {
    const values = rows?.get(id)
    const current = await pipeline.current(Person, { id })
    expect(current === undefined ? undefined : { ...empty, ...current }).toEqual(values === undefined || values['IsDeleted'] === true ? undefined : contentOf(values))
    const versions = log.filter((line) => line.id === id)
    const seen = new Set<string>()
    for await (const event of pipeline.history(Person, { id })) {
      const key = `${event.operation} ${event.occurredAt} ${event.operation === 'upsert' ? JSON.stringify(event.properties) : ''}`
      expect(seen.has(key), key).toBe(false)
      seen.add(key)
      if (event.operation === 'delete') expect(versions.some(({ kind, stamp }) => kind === 'purge' || ((kind === 'delete' || kind === 'merge') && canonical(stamp) === event.occurredAt)), key).toBe(true)
      else expect(versions.map((line) => contentOf(line.values))).toContainEqual({ ...empty, ...event.properties })
    }
    if (every) expect(seen.size).toBe(versions.length + versions.filter(({ kind }) => kind === 'merge').length)
  }
  expectProven(await pipeline.verify(Person))
}

/** What `verify` found, all of it zero. */
export const expectProven = (proof: Awaited<ReturnType<Pipeline<AnyEntity>['verify']>>): void => {
  for (const { pending, missing, surplus, different } of [proof.views, proof.queryEngine]) expect({ pending, missing, surplus, different }).toEqual({ pending: 0, missing: 0, surplus: 0, different: 0 })
}
