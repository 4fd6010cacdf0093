// The checkpoint store port: how far producers are, who runs one, and the records that could not become
// updates.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Problem } from '../model/problem.ts'

export type CheckpointError = Infra | Contention

/** A stored value (JSON) and its version (1, 2, 3 …). */
export interface Checkpoint {
  readonly value: unknown
  readonly version: number
}

/** A hold on a name. `fence` grows with every holder: what a former one still writes is refused. */
export interface Held {
  readonly fence: number
}

/** A record that could not become an update, as it came, and why. */
export interface Quarantined {
  /** The same record of the same producer has the same id: it is kept once. */
  readonly id: string
  readonly producer: string
  readonly entity: string
  /** The producer's own version when it failed. */
  readonly version?: number
  /** The record as JSON text. */
  readonly record: string
  /** The cursor of its page as JSON text. */
  readonly cursor: string
  readonly reason: string
  readonly problems?: readonly Problem[]
  readonly at: string
}

export interface CheckpointStore {
  readonly load: (name: string) => TaskEither<CheckpointError, Checkpoint | undefined>
  /**
   * Puts a value in place of the expected version (0: none): the new version, or undefined where it is
   * another by now, or where the
   * name's lease has passed to another holder since `fence`.
   */
  readonly save: (
    name: string,
    value: unknown,
    expected: number,
    fence?: number,
  ) => TaskEither<CheckpointError, number | undefined>
  readonly leases: {
    /**
     * Takes or renews this connection's hold on a name; undefined while another holds it. It holds until
     * released, or for some seconds without renewal.
     */
    readonly take: (name: string) => TaskEither<CheckpointError, Held | undefined>
    readonly release: (name: string) => TaskEither<CheckpointError, void>
  }
  readonly quarantine: {
    readonly put: (entries: readonly Quarantined[]) => TaskEither<CheckpointError, void>
    /** One page of a producer's entries in order of id, behind `after`. */
    readonly list: (
      producer: string,
      after: string | undefined,
      limit: number,
    ) => TaskEither<CheckpointError, readonly Quarantined[]>
    /** Takes an entry out; false where it is not there (any more). */
    readonly remove: (producer: string, id: string) => TaskEither<CheckpointError, boolean>
    readonly count: (producer: string) => TaskEither<CheckpointError, number>
  }
}
