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
  /** Names of entities: what is kept per entity (a topic each) must be there for each of them. */
  readonly entities: readonly string[]
  /** Every subscription that will consume, the two built-in ones of each entity included. */
  readonly subscriptions: readonly Subscription[]
  /** Subscriptions of the result topic; undefined where results are not published. */
  readonly results: readonly string[] | undefined
}

/** One thing that must be there. `differs`: it is there, but otherwise than wanted, and is left as it is. */
export interface ProvisionStep {
  readonly kind: 'topic' | 'subscription' | 'dataset'
  /** As the technology itself calls it. */
  readonly name: string
  readonly state: 'there' | 'missing' | 'made' | 'differs'
  /** What differs, or must be known, for people. */
  readonly note?: string
}

/**
 * The ports of one open connection. Every verb of a port is a lazy task that may be run again: it answers
 * what went wrong as a tagged error on the left, `retry` saying whether the same call may succeed later, and
 * never throws or rejects. Instants are ISO 8601 UTC texts of 27 characters (`2024-01-02T03:04:05.000006Z`),
 * so that texts order as time does; entity ids are UUID texts in lower case, ordered as texts.
 */
export interface Ports {
  /** The truth: events, and their schemas. */
  readonly eventStore: EventStore
  /** Brings every stored event to every subscription. */
  readonly topic: Topic
  /** A projection: one document an entity, for APIs. */
  readonly viewStore: ViewStore
  /** A projection: rows of every event, for SQL. */
  readonly queryEngine: QueryEngine
  /** How far producers are, and what they could not bring. */
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
  /**
   * Lets go of everything: connections, leases, files. Called once all consumers were stopped; a second call
   * is the first one. It does not reject.
   */
  readonly close: () => Promise<void>
}

/** What `createPipeline` is given: a name for people, and how to connect. */
export interface Driver {
  /** Names the technology in `status()`. */
  readonly name: string
  /**
   * Connects; called once per pipeline, on its first use. A left with `retry` is tried again by the next
   * verb; `MissingDependency` names the package to install.
   */
  readonly open: () => TaskEither<Infra, Ports>
}
