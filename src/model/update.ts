// Updates: what producers send, as plain data.
import type { Problem } from './problem.ts'
import type { Yadto } from './yadto.ts'

/**
 * What a producer sends. `problems` holds what the builder found wrong; it surfaces when the update is
 * submitted.
 */
export interface Update<N extends string = string> {
  readonly entity: N
  readonly operation: 'upsert' | 'delete'
  readonly yadto: Yadto
  readonly problems?: readonly Problem[]
  /** Where it stands in its source (`line 12`); what is wrong with it is told with it. */
  readonly at?: string
}

/** An update's metadata: who sends it, its own schema version, and an id that comes back in the receipt. */
export interface Meta {
  readonly source: string
  readonly version?: string
  readonly correlationId?: string
}
