// Runs the contract suites on the embedded driver in memory.
import { describe, test } from 'vitest'
import {
  eventStoreContract,
  queryEngineContract,
  runContract,
  topicContract,
  viewStoreContract,
} from '../../src/testing.ts'
import { capabilities, memoryBench } from './embedded-bench.ts'

const suites = {
  'event store': eventStoreContract,
  topic: topicContract,
  'view store': viewStoreContract,
  'query engine': queryEngineContract,
}
const skip = (name: string, why: string): void => {
  console.log(`left out, ${why}: ${name}`)
  test.skip(name)
}

describe.each(Object.entries(suites))('%s', (_name, suite) => {
  runContract(suite, {
    test,
    skip,
    open: memoryBench,
    capabilities: { ...capabilities, secondConnection: false },
  })
})
