// A driver: the ports fulfilled on one technology.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { EventStore } from './event-store.ts'
import type { QueryEngine } from './query-engine.ts'
import type { Subscription, Topic } from './topic.ts'
import type { ViewStore } from './view-store.ts'

/** What must be there before a pipeline runs. */
export interface Wanted {
  readonly entities: readonly string[]
  readonly subscriptions: readonly Subscription[]
  /** Subscriptions of the result topic; undefined where results are not published. */
  readonly results: readonly string[] | undefined
}

/** One thing that must be there. `differs`: it is there, but otherwise than wanted, and is left as it is. */
export interface ProvisionStep {
  readonly kind: 'topic' | 'subscription' | 'dataset'
  readonly name: string
  readonly state: 'there' | 'missing' | 'made' | 'differs'
  readonly note?: string
}

/** The ports of one open connection. */
export interface Ports {
  readonly eventStore: EventStore
  readonly topic: Topic
  readonly viewStore: ViewStore
  readonly queryEngine: QueryEngine
  readonly checkpointStore: CheckpointStore
  /**
   * Looks for everything that must be there, and with `apply` makes what is missing; changes and deletes
   * nothing. Undefined where nothing need be there.
   */
  readonly provision?: (
    wanted: Wanted,
    apply: boolean,
  ) => TaskEither<Infra | Contention, readonly ProvisionStep[]>
  /** What provisioning cannot make itself and somebody must know: lines for its report. */
  readonly provisionNotes?: readonly string[]
  /** Lets go of everything: connections, leases, files. */
  readonly close: () => Promise<void>
}

export interface Driver {
  readonly name: string
  /** Connects; called once per pipeline, on its first use. */
  readonly open: () => TaskEither<Infra, Ports>
}
