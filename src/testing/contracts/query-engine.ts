// The query engine's contract: what every driver's query engine does.
import type { ContractCase } from '../contract.ts'
import { queryEngineAppend } from './query-engine-append.ts'
import { queryEngineEvolve } from './query-engine-evolve.ts'
import { queryEngineGenerations } from './query-engine-generations.ts'
import { queryEngineLimits } from './query-engine-limits.ts'
import { queryEnginePartial } from './query-engine-partial.ts'
import { queryEngineSql } from './query-engine-sql.ts'
import { queryEngineState } from './query-engine-state.ts'
import { queryEngineTypes } from './query-engine-types.ts'

/** The laws of a query engine. */
export const queryEngineContract: readonly ContractCase[] = [
  ...queryEngineAppend,
  ...queryEngineEvolve,
  ...queryEngineLimits,
  ...queryEngineTypes,
  ...queryEngineState,
  ...queryEnginePartial,
  ...queryEngineSql,
  ...queryEngineGenerations,
]
