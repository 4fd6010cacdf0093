// What a run of a producer is told, and what it answers.
import type { Update } from './update.ts'
import type { Problem } from './problem.ts'

/** How far a run is. */
export interface RunProgress {
  readonly records: number
  readonly pages: number
  /** Records a second. */
  readonly rate: number
  /** Milliseconds left, where the source says how many records there are. */
  readonly left?: number
}

/** How a run is bounded, watched and ended. */
export interface RunOptions {
  /** Ends the run after the page in hand; its cursor is saved. */
  readonly signal?: AbortSignal
  /**
   * Stores nothing and moves no cursor: answers the first so many updates, checked, and the cursor that the
   * run would reach.
   */
  readonly dryRun?: number
  /**
   * Calls that the source may be asked for: in this run, and on one day (UTC) in all runs of the producer.
   */
  readonly budget?: { readonly run?: number; readonly day?: number }
  /**
   * Beyond so many quarantined records (1,000), or this share of all records once a hundred were read (0.1),
   * the run ends with `TooManyRejected`.
   */
  readonly tolerate?: { readonly records?: number; readonly share?: number }
  /** How often in a row the source, or the store, may fail before the run does; 5 unless said. */
  readonly tries?: number
  readonly onProgress?: (progress: RunProgress) => void
}

/** What a run did. */
export interface RunReport {
  readonly producer: string
  /**
   * `done`: the source had no more. `budget`: it has more, and may be asked no more for now, by the run's
   * budget or by its own quota. `stopped`: by signal or close. The next run goes on behind the cursor.
   */
  readonly ended: 'done' | 'budget' | 'stopped' | 'dry run'
  readonly pages: number
  readonly records: number
  readonly stored: number
  readonly duplicate: number
  readonly outdated: number
  /** Records that went to quarantine. */
  readonly rejected: number
  /** Calls that the source counted. */
  readonly calls: number
  /** The cursor that is saved now (in a dry run: that would be), as its codec encodes it. */
  readonly cursor: unknown
  readonly milliseconds: number
  /** In a dry run: the updates, and what is wrong with them. */
  readonly updates?: readonly { readonly update: Update; readonly problems: readonly Problem[] }[]
}
