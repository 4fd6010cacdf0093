// The checkpoint store port: how far producers are, who runs one, and the records that could not become
// updates.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Problem } from '../model/problem.ts'

/** What a checkpoint store can meet. */
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
  /** What was wrong with it, for people; `problems` says it by path where the update was invalid. */
  readonly reason: string
  readonly problems?: readonly Problem[]
  /** When it failed, as an instant. */
  readonly at: string
}

/**
 * Small values that move by compare-and-set. A cursor moves only from the version expected and only under the
 * fence of who holds the name, so that two replicas never pass over a record between them.
 */
export interface CheckpointStore {
  /** The value last saved under a name, names told apart by case; undefined before the first. */
  readonly load: (name: string) => TaskEither<CheckpointError, Checkpoint | undefined>
  /**
   * Puts a value in place of the expected version (0: none): the new version, or undefined where it is
   * another by now, or where the name's lease has passed to another holder since `fence` (no error: the
   * caller lost the race). `value` is any JSON.
   */
  readonly save: (
    name: string,
    value: unknown,
    expected: number,
    fence?: number,
  ) => TaskEither<CheckpointError, number | undefined>
  /** Who runs a producer: one holder a name, among all connections to the same data. */
  readonly leases: {
    /**
     * Takes or renews this connection's hold on a name; undefined while another holds it. It holds until
     * released, or for some seconds without renewal. Taken by its holder again, the fence stays.
     */
    readonly take: (name: string) => TaskEither<CheckpointError, Held | undefined>
    /** Lets go of a name; nothing where this connection does not hold it. */
    readonly release: (name: string) => TaskEither<CheckpointError, void>
  }
  /** Records that could not become updates, until they are replayed or dropped. */
  readonly quarantine: {
    /** Keeps entries, one a producer and id: the same again takes the place of what is there. */
    readonly put: (entries: readonly Quarantined[]) => TaskEither<CheckpointError, void>
    /** One page of a producer's entries in order of id, behind the id `after`, at most `limit`. */
    readonly list: (
      producer: string,
      after: string | undefined,
      limit: number,
    ) => TaskEither<CheckpointError, readonly Quarantined[]>
    /** Takes an entry out; false where it is not there (any more). */
    readonly remove: (producer: string, id: string) => TaskEither<CheckpointError, boolean>
    /** How many entries a producer has. */
    readonly count: (producer: string) => TaskEither<CheckpointError, number>
  }
}
