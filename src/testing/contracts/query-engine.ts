// The query engine's contract: what every driver's query engine does.
import type { ContractCase } from '../contract.ts'
import { queryEngineAppend } from './query-engine-append.ts'
import { queryEngineCheck } from './query-engine-check.ts'
import { queryEngineColumns } from './query-engine-columns.ts'
import { queryEngineEvolve } from './query-engine-evolve.ts'
import { queryEngineGenerations } from './query-engine-generations.ts'
import { queryEngineLate } from './query-engine-late.ts'
import { queryEngineLimits } from './query-engine-limits.ts'
import { queryEnginePartial } from './query-engine-partial.ts'
import { queryEnginePosition } from './query-engine-position.ts'
import { queryEngineSql } from './query-engine-sql.ts'
import { queryEngineState } from './query-engine-state.ts'
import { queryEngineTypes } from './query-engine-types.ts'

/** The laws of a query engine. */
export const queryEngineContract: readonly ContractCase[] = [
  ...queryEngineAppend,
  ...queryEnginePosition,
  ...queryEngineEvolve,
  ...queryEngineLate,
  ...queryEngineColumns,
  ...queryEngineLimits,
  ...queryEngineTypes,
  ...queryEngineState,
  ...queryEnginePartial,
  ...queryEngineSql,
  ...queryEngineCheck,
  ...queryEngineGenerations,
]
