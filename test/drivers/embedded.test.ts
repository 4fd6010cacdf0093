// Runs the contract suites on the embedded driver's stores and topic, in a folder: connections apart as
// processes have them, and shared in one.
import { describe, test } from 'vitest'
import {
  checkpointStoreContract,
  eventStoreContract,
  runContract,
  topicContract,
  viewStoreContract,
} from '../../src/testing.ts'
import { capabilities, folderBench } from './embedded-bench.ts'

const suites = {
  'event store': eventStoreContract,
  'checkpoint store': checkpointStoreContract,
  topic: topicContract,
  'view store': viewStoreContract,
}
const skip = (name: string, why: string): void => {
  console.log(`left out, ${why}: ${name}`)
  test.skip(name)
}

describe.each(Object.entries(suites))('%s', (_name, suite) => {
  describe('connections apart', () => {
    runContract(suite, { test, skip, open: folderBench(true), capabilities })
  })
  describe('connections of one process', () => {
    runContract(
      suite.filter(({ needs }) => needs?.secondConnection === true),
      { test, skip, open: folderBench(false), capabilities },
    )
  })
})
