// Runs the contract suites on the embedded driver's stores and topic: in a folder, shared within a process, and in memory.
import { describe, test } from 'vitest'
import { eventStoreContract, runContract, topicContract, viewStoreContract, type Capabilities } from '../../src/testing.ts'
import { folderBench, memoryBench } from './embedded-bench.ts'

const suites = { 'event store': eventStoreContract, topic: topicContract, 'view store': viewStoreContract }
const capabilities: Capabilities = { secondConnection: true, log: true, storesPositions: true }
const skip = (name: string): void => { test.skip(name) }

describe.each(Object.entries(suites))('%s', (_name, suite) => {
  describe('in a folder, connections apart', () => { runContract(suite, { test, skip, open: folderBench(true), capabilities }) })
  describe('in a folder, connections of one process', () => { runContract(suite.filter(({ needs }) => needs?.secondConnection === true), { test, skip, open: folderBench(false), capabilities }) })
  describe('in memory', () => { runContract(suite, { test, skip, open: memoryBench, capabilities: { ...capabilities, secondConnection: false } }) })
})
