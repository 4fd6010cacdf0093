// The topic port: one persisted topic per entity, durable named subscriptions, and what they put aside.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Receipt, StoredEvent } from '../model/event.ts'
import type { Problem } from '../model/problem.ts'

export type TopicError = Infra | Contention

export interface Subscription {
  readonly name: string
  readonly entity: string
  /** Attribute name to canonical text: a hint for servers that filter; consumers check again. */
  readonly filter?: { readonly [attribute: string]: string }
  /** Where a new subscription begins; one that is registered already goes on where it was. */
  readonly from: 'now' | 'start'
  /**
   * The consumer keeps its position itself, beside what it writes: then this, and not the topic's own, is the
   * only truth.
   */
  readonly position?: () => TaskEither<TopicError, string | undefined>
}

/** Events as they come: per entity in sequence on a log, in any order and more than once elsewhere. */
export interface Delivery {
  readonly events: readonly StoredEvent[]
  /** Where the subscription stands before and after these events; only where the topic is a log. */
  readonly position?: { readonly before: string | undefined; readonly after: string }
}

/**
 * Takes a delivery; a right is the acknowledgement, given only after the durable write. A left has it
 * delivered again, after a pause.
 */
export type Handler = (delivery: Delivery) => TaskEither<TopicError, void>

/**
 * A running consumer. `ready` resolves once it consumes, or knows why it does not yet (another process holds
 * it, a first failure). `stop` waits for the delivery in hand.
 */
export interface Consumer {
  readonly ready: Promise<void>
  readonly stop: () => Promise<void>
}

/** What a consumer tells about itself. */
export interface ConsumerEvents {
  readonly onFailure: (error: TopicError, attempt: number) => void
}

/**
 * How far a subscription is: events it has yet to take, the oldest of them, and which process holds it (where
 * one holds it alone).
 */
export interface Progress {
  readonly registered: boolean
  readonly behind: number
  /** How many of the entity's events it has passed; only where the topic is a log. */
  readonly passed?: number
  readonly oldest?: string
  readonly holder?: string
  /** Whether the holder is this process. */
  readonly mine: boolean
}

/** An entity whose events wait: the handler failed at `from`, and events up to `through` queue behind it. */
export interface Deferral {
  readonly subscription: string
  readonly entity: string
  readonly entityId: string
  readonly from: number
  readonly through: number
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly nextAttempt: number
  readonly reason: string
}

/**
 * What failed for good: an event of a custom subscription, or (`gated`) a projection's entity from this event
 * on.
 */
export interface DeadLetter {
  readonly subscription: string
  readonly entity: string
  readonly entityId: string
  readonly sequence: number
  readonly gated: boolean
  readonly reason: string
  readonly parkedAt: string
}

export interface Deferrals {
  /**
   * Milliseconds between looks for what is due while nothing was; 250 unless said. More where a look costs
   * something.
   */
  readonly lookEach?: number
  /** The deferrals and parkings of these entities, for one subscription. */
  readonly of: (
    subscription: string,
    entity: string,
    entityIds: readonly string[],
  ) => TaskEither<
    TopicError,
    { readonly deferrals: readonly Deferral[]; readonly parked: readonly DeadLetter[] }
  >
  /** Writes a deferral; keeps the smaller `from` and the greater `through` of one that is there. */
  readonly put: (deferral: Deferral) => TaskEither<TopicError, void>
  /** The deferrals of one subscription that are due, earliest first. */
  readonly due: (
    subscription: string,
    entity: string,
    now: number,
    limit: number,
  ) => TaskEither<TopicError, readonly Deferral[]>
  /**
   * Removes a deferral once everything up to `through` is handled: false where events queued behind it
   * meanwhile (it stays, from `through` + 1).
   */
  readonly done: (deferral: Deferral, through: number) => TaskEither<TopicError, boolean>
  readonly count: (subscription: string, entity: string) => TaskEither<TopicError, number>
}

export interface DeadLetters {
  /** Writes a letter; a parked entity (`gated`) has one, its first. */
  readonly put: (letter: DeadLetter) => TaskEither<TopicError, void>
  readonly list: (
    filter: { readonly entity?: string; readonly subscription?: string; readonly entityId?: string },
    limit: number,
  ) => TaskEither<TopicError, readonly DeadLetter[]>
  /** Takes a letter out; false where it is not there (any more). */
  readonly remove: (letter: DeadLetter) => TaskEither<TopicError, boolean>
  readonly count: (subscription: string, entity: string) => TaskEither<TopicError, number>
}

/** What became of one submitted update: its receipt, or the error as plain data. */
export interface SubmitResult {
  readonly entity: string
  /** When it became so. */
  readonly at: string
  readonly correlationId?: string
  readonly receipt?: Receipt
  readonly error?: {
    readonly _tag: string
    readonly message: string
    readonly retry: boolean
    readonly problems?: readonly Problem[]
  }
}

/** The result topic. Nothing is kept for nobody: without a registered subscription, results are dropped. */
export interface Results {
  readonly publish: (results: readonly SubmitResult[]) => TaskEither<TopicError, void>
  /** Registers a subscription durably, once; from then on it misses nothing that is published. */
  readonly register: (name: string) => TaskEither<TopicError, void>
  /**
   * Delivers a registered subscription's results until stopped; a left has them delivered again, after a
   * pause.
   */
  readonly subscribe: (
    name: string,
    handler: (results: readonly SubmitResult[]) => TaskEither<TopicError, void>,
    events: ConsumerEvents,
  ) => Consumer
}

/** An update as it came over an update topic: any JSON, undefined where it is none. */
export interface UpdateMessage {
  readonly id: string
  readonly yadto: unknown
}

/**
 * Update topics, where a driver has them: producers in any language publish YADTO maps, one topic an entity.
 */
export interface Updates {
  /** Makes sure that what `consume` needs is there. */
  readonly register: (entity: string) => TaskEither<TopicError, void>
  /**
   * Consumes an entity's update topic. The handler answers once the update is stored, with the reason where
   * it never can be (it goes to the broken ones); a left has it delivered again.
   */
  readonly consume: (
    entity: string,
    handler: (message: UpdateMessage) => TaskEither<TopicError, string | undefined>,
    events: ConsumerEvents,
  ) => Consumer
}

export interface Topic {
  /**
   * Whether the event store's log is the topic: deliveries have positions, `progress` counts exactly, nothing
   * is ever pending.
   */
  readonly isLog: boolean
  /** Publishes stored events; `attributesOf` makes a message's attributes. A log only wakes its consumers. */
  readonly publish: (
    events: readonly StoredEvent[],
    attributesOf: (event: StoredEvent) => { readonly [name: string]: string },
  ) => TaskEither<TopicError, void>
  /** Registers a subscription durably, once; from then on it misses nothing. */
  readonly register: (subscription: Subscription) => TaskEither<TopicError, void>
  /**
   * Delivers a registered subscription's events to the handler, until stopped. Every stored event reaches it
   * at least once.
   */
  readonly subscribe: (subscription: Subscription, handler: Handler, events: ConsumerEvents) => Consumer
  readonly progress: (subscription: Subscription) => TaskEither<TopicError, Progress>
  readonly deferrals: Deferrals
  readonly deadLetters: DeadLetters
  readonly results: Results
  readonly updates?: Updates
}
