// What the Salesforce tests share: a local Salesforce, a pipeline that reads it, and the comparison of what
// is stored with the server's change log.
import { expect, onTestFinished } from 'vitest'
import { createPipeline, type AnyEntity, type Pipeline, type RunOptions, type RunReport } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import {
  localSalesforce,
  type LocalSalesforce,
  type LocalSalesforceOptions,
  type Values,
} from 'dreampipe/adapters/salesforce/testing'
import { closing, open } from '../flow/kit.ts'
import { Person, type people, type PeopleOptions } from './salesforce-people.ts'

export { fields, loginOf, people, Person, type PeopleOptions } from './salesforce-people.ts'

/** A local Salesforce that ends with the test. */
export const server = async (options: LocalSalesforceOptions = {}): Promise<LocalSalesforce> => {
  const sf = await localSalesforce(options)
  onTestFinished(() => sf.close())
  return sf
}

export interface Setting {
  readonly sf: LocalSalesforce
  readonly pipeline: Pipeline<typeof Person>
  readonly warnings: string[]
  readonly run: (producer: ReturnType<typeof people>, options?: RunOptions) => Promise<RunReport>
}

/** A local Salesforce and a pipeline beside it. */
export const setting = async (options: LocalSalesforceOptions = {}): Promise<Setting> => {
  const sf = await server(options)
  const { pipeline, signals } = open([Person])
  const warnings: string[] = []
  return {
    sf,
    pipeline,
    warnings,
    run: async (producer, more) => {
      const report = await pipeline.run(producer, more)
      warnings.splice(
        0,
        warnings.length,
        ...signals.flatMap((signal) => (signal._tag === 'producer' ? [signal.message] : [])),
      )
      return report
    },
  }
}

/** A pipeline in memory, and what its producers warn of. */
export const memory = <const L extends readonly AnyEntity[]>(
  entities: L,
): { readonly pipeline: Pipeline<L[number]>; readonly warnings: string[] } => {
  const warnings: string[] = []
  return {
    warnings,
    pipeline: closing(
      createPipeline(entities, {
        driver: embedded({ folder: ':memory:' }),
        observe: (signal) => {
          if (signal._tag === 'producer') warnings.push(signal.message)
        },
      }),
    ),
  }
}

/** Both ways to read, for `test.for`. */
export const ways: readonly (readonly [string, PeopleOptions])[] = [
  ['REST', { reading: { via: 'rest' } }],
  ['Bulk', { reading: { via: 'bulk', bulkPage: 7 } }],
]

export const leads = (sf: LocalSalesforce, count: number, of: (n: number) => Values = () => ({})): string[] =>
  Array.from({ length: count }, (_, n) =>
    sf.insert('Lead', {
      Name: `Lead ${n}`,
      Email: `lead${n}@example.com`,
      AnnualRevenue: `${n}.5`,
      City: n % 2 === 0 ? 'Bern' : null,
      ...of(n),
    }),
  )

// A property that is missing, and one that is null, are the same to Salesforce.
const empty = { name: null, email: null, revenue: null, city: null, mergedInto: null }
const canonical = (stamp: unknown): string => `${String(stamp).slice(0, 19)}.000000Z`

// What an update of a version says, as the pipeline tells it.
const contentOf = (values: Values): object => ({
  id: values['Id'],
  name: values['Name'] ?? null,
  email: values['Email'] ?? null,
  revenue:
    values['AnnualRevenue'] === undefined || values['AnnualRevenue'] === null
      ? null
      : String(values['AnnualRevenue']),
  city: values['City'] ?? null,
  mergedInto: values['MasterRecordId'] ?? null,
  updatedAt: canonical(values['SystemModstamp']),
})

/**
 * Compares what is stored with the server's change log: every record as it is now, no event that the log does
 * not know, none of them twice,
 * and both projections proven. `every`: each line of the log has its event.
 */
export const expectSame = async (
  { sf, pipeline }: Pick<Setting, 'sf' | 'pipeline'>,
  every = false,
): Promise<void> => {
  await pipeline.start()
  await pipeline.settled()
  const log = sf.log.filter(({ object }) => object === 'Lead')
  const rows = sf.tables.get('Lead')?.rows
  const stored = await pipeline.sql<{ n: number }>('SELECT count(*) AS n FROM Person')
  const alive = [...(rows?.values() ?? [])].filter(({ IsDeleted }) => IsDeleted !== true)
  expect(stored[0]?.n).toBe(alive.length)
  for (const id of new Set(log.map((line) => line.id))) {
    const values = rows?.get(id)
    const current = await pipeline.current(Person, { id })
    expect(current === undefined ? undefined : { ...empty, ...current }).toEqual(
      values === undefined || values['IsDeleted'] === true ? undefined : contentOf(values),
    )
    const versions = log.filter((line) => line.id === id)
    const seen = new Set<string>()
    for await (const event of pipeline.history(Person, { id })) {
      const key =
        `${event.operation} ${event.occurredAt} ` +
        `${event.operation === 'upsert' ? JSON.stringify(event.properties) : ''}`
      expect(seen.has(key), key).toBe(false)
      seen.add(key)
      if (event.operation === 'delete')
        expect(
          versions.some(
            ({ kind, stamp }) =>
              kind === 'purge' ||
              ((kind === 'delete' || kind === 'merge') && canonical(stamp) === event.occurredAt),
          ),
          key,
        ).toBe(true)
      else
        expect(versions.map((line) => contentOf(line.values))).toContainEqual({
          ...empty,
          ...event.properties,
        })
    }
    if (every)
      expect(seen.size).toBe(versions.length + versions.filter(({ kind }) => kind === 'merge').length)
  }
  expectProven(await pipeline.verify(Person))
}

/** What `verify` found, all of it zero. */
export const expectProven = (proof: Awaited<ReturnType<Pipeline<AnyEntity>['verify']>>): void => {
  for (const { pending, missing, surplus, different } of [proof.views, proof.queryEngine])
    expect({ pending, missing, surplus, different }).toEqual({
      pending: 0,
      missing: 0,
      surplus: 0,
      different: 0,
    })
}
