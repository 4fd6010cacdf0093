// Runs the contract suite of the query engine on the embedded driver, in a folder.
import { describe, test } from 'vitest'
import { queryEngineContract, runContract } from '../../src/testing.ts'
import { capabilities, folderBench } from './embedded-bench.ts'

describe('query engine', () => {
  runContract(queryEngineContract, { test, open: folderBench(false), capabilities })
})
