// Runs the contract suite of the query engine on the embedded driver: in a folder and in memory.
import { describe, test } from 'vitest'
import { queryEngineContract, runContract, type Capabilities } from '../../src/testing.ts'
import { folderBench, memoryBench } from './embedded-bench.ts'

const capabilities: Capabilities = { secondConnection: true, log: true, storesPositions: true }

describe('query engine', () => {
  describe('in a folder', () => { runContract(queryEngineContract, { test, open: folderBench(false), capabilities }) })
  describe('in memory', () => { runContract(queryEngineContract, { test, open: memoryBench, capabilities: { ...capabilities, secondConnection: false } }) })
})
