// Query engines on BigQuery's emulator for tests: a dataset and a registry each, connections that share both.
import { bigQueryClient, type BigQuerySource } from '../../src/drivers/google-cloud/bigquery/client.ts'
import type { BigQueryEngine, QueryEngineOptions } from '../../src/drivers/google-cloud/query-engine.ts'
import { provisionDataset, queryEngine } from '../../src/drivers/google-cloud/query-engine.ts'
import type { Registry } from '../../src/drivers/google-cloud/datastore/registry.ts'
import type { Ports } from '../../src/ports/driver.ts'
import type { Opened } from '../../src/testing.ts'
import { right } from '../../src/testing/check.ts'
import { bigQueryProject, findBigQuery, startBigQuery } from '../emulators/bigquery.ts'
import type { Front } from '../emulators/bigquery-front.ts'
import { everything } from '../thorough.ts'
import { memoryRegistry } from '../emulators/registry.ts'

/**
 * One dataset with its registry on an emulator of its own, and engines on it that know nothing of each other.
 */
export interface Warehouse {
  readonly dataset: string
  readonly registry: Registry
  readonly front: Front
  readonly client: () => BigQuerySource
  readonly engine: (more?: Partial<QueryEngineOptions>) => BigQueryEngine
  readonly stop: () => Promise<void>
}

export interface BigQueryBench {
  /** Why there is none. */
  readonly missing: string | undefined
  readonly warehouse: () => Promise<Warehouse>
  readonly open: () => Promise<Opened>
}

const none = (): never => {
  throw new Error('there is no emulator')
}

let datasets = 0

export const bigQueryBench = (): BigQueryBench => {
  const found = everything ? findBigQuery() : { at: undefined, missing: 'it runs with npm run test:thorough' }
  if (found.at === undefined) return { missing: found.missing, warehouse: none, open: none }
  // One emulator each: it takes a name without a dataset for any dataset's.
  const warehouse = async (): Promise<Warehouse> => {
    const { front, stop } = await startBigQuery(found.at)
    const dataset = `d${++datasets}`
    const registry = memoryRegistry()
    const client = () => bigQueryClient({ projectId: bigQueryProject, apiEndpoint: front.endpoint })
    await right(provisionDataset(client(), { dataset }))
    return {
      dataset,
      registry,
      front,
      client,
      stop,
      engine: (more = {}) =>
        queryEngine(client(), registry, { dataset, freshFor: 100, patience: 5_000, retryLate: 200, ...more }),
    }
  }
  const ports = (queryEngine: BigQueryEngine): Ports =>
    ({ queryEngine, close: async () => undefined }) as unknown as Ports
  const open = async (): Promise<Opened> => {
    const { engine, stop } = await warehouse()
    return { ports: ports(engine()), connect: async () => ports(engine()), discard: stop }
  }
  return { missing: undefined, warehouse, open }
}
