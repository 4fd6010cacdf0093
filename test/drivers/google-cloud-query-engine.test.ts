// Runs the contract suite of the query engine on BigQuery's emulator, through Google's client.
import { describe, test } from 'vitest'
import { queryEngineContract, runContract } from '../../src/testing.ts'
import { bigQueryBench } from './google-cloud-bench.ts'

const { open, missing } = bigQueryBench()

/** What the emulator gets wrong (goccy/bigquery-emulator 0.8.1), by the name of the case. */
const wrong: { readonly [name: string]: string } = {
  'types: Double comes back exactly, alone, in lists, in objects and in lists of objects': 'it keeps NaN as null, and Infinity nowhere inside of lists',
  'check: recomputes every type and nesting, deletes, parts, nulls and missing lists': 'it keeps NaN as null, and Infinity nowhere inside of lists',
  'check: what lies beyond columns and levels is no difference': 'it keeps its tables in SQLite, which takes 2,000 columns, and 2,000 leaves and the system columns are more',
  'query: a failure while it runs is the query\'s, and the next one works': 'it answers brackets 20,000 deep, which BigQuery refuses',
}

const skip = (name: string, why: string): void => {
  console.log(`left out: ${name}: ${why}`)
  test.skip(name, () => undefined)
}

describe('query engine on BigQuery', () => {
  const cases = queryEngineContract.filter(({ name }) => missing === undefined && !(name in wrong))
  runContract(cases, { test: (name, run) => void test(name, run, 120_000), skip, open, capabilities: { secondConnection: true, log: false, storesPositions: false } })
  for (const [name, why] of Object.entries(wrong)) if (missing === undefined) skip(name, `the emulator: ${why}`)
  if (missing !== undefined) skip('the whole suite', missing)
})
