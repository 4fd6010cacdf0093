// The topic port: one persisted topic per entity, durable named subscriptions, and what they put aside.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Receipt, StoredEvent } from '../model/event.ts'
import type { Problem } from '../model/problem.ts'

/** What a topic can meet. */
export type TopicError = Infra | Contention

/** A durable consumer of one entity's events: name and entity together are its identity. */
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

/** A running consumer. */
export interface Consumer {
  /** Resolves once it consumes, or knows why it does not yet (another holds it, a first failure). */
  readonly ready: Promise<void>
  /** Waits for the delivery in hand; nothing is delivered behind it. A second call is the first one. */
  readonly stop: () => Promise<void>
}

/** What a consumer tells about itself. */
export interface ConsumerEvents {
  /** Told of a failed delivery, the `attempt`th in a row (1, 2, 3 …); it comes again after a pause. */
  readonly onFailure: (error: TopicError, attempt: number) => void
}

/** How far a subscription is, and which connection holds it (where one holds it alone). */
export interface Progress {
  readonly registered: boolean
  /** Events it has yet to take: exact where the topic is a log, elsewhere as good as the server tells. */
  readonly behind: number
  /** How many of the entity's events it has passed; only where the topic is a log. */
  readonly passed?: number
  /** When the oldest of those was recorded, as an instant. */
  readonly oldest?: string
  /** Who holds it, as `host:pid`, for people. */
  readonly holder?: string
  /** Whether the holder is this connection. */
  readonly mine: boolean
}

/** An entity whose events wait: the handler failed at `from`, and events up to `through` queue behind it. */
export interface Deferral {
  readonly subscription: string
  readonly entity: string
  readonly entityId: string
  readonly from: number
  readonly through: number
  /** How often it was tried. */
  readonly attempts: number
  /** When it is tried again, in milliseconds since 1970. */
  readonly nextAttempt: number
  /** What the handler said, for people. */
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
  /** When, as an instant. */
  readonly parkedAt: string
}

/**
 * Entities whose events wait for another try, one deferral per subscription and entity. They are durable: a
 * process that dies leaves them to the next.
 */
export interface Deferrals {
  /**
   * Milliseconds between looks for what is due while nothing was; 250 unless said. More where a look costs
   * something.
   */
  readonly lookEach?: number
  /**
   * The deferrals and parkings (`gated` dead letters) of these entities, for one subscription; asked before
   * every delivery, with thousands of ids, so that where nothing waits it should cost little.
   */
  readonly of: (
    subscription: string,
    entity: string,
    entityIds: readonly string[],
  ) => TaskEither<
    TopicError,
    { readonly deferrals: readonly Deferral[]; readonly parked: readonly DeadLetter[] }
  >
  /** Writes a deferral; of one that is there, the smaller `from` and the greater `through` stay. */
  readonly put: (deferral: Deferral) => TaskEither<TopicError, void>
  /** At most `limit` deferrals of one subscription with `nextAttempt` up to `now`, earliest first. */
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
  /** How many entities of a subscription wait. */
  readonly count: (subscription: string, entity: string) => TaskEither<TopicError, number>
}

/** What waits for a person: told apart by subscription, entity and sequence. */
export interface DeadLetters {
  /** Writes a letter, once however often it is put; a parked entity (`gated`) has one, its first. */
  readonly put: (letter: DeadLetter) => TaskEither<TopicError, void>
  /** At most `limit` letters that fit all of the filter, the oldest first. */
  readonly list: (
    filter: { readonly entity?: string; readonly subscription?: string; readonly entityId?: string },
    limit: number,
  ) => TaskEither<TopicError, readonly DeadLetter[]>
  /** Takes a letter out; false where it is not there (any more). */
  readonly remove: (letter: DeadLetter) => TaskEither<TopicError, boolean>
  /** How many letters a subscription has. */
  readonly count: (subscription: string, entity: string) => TaskEither<TopicError, number>
}

/** What became of one submitted update: its receipt, or the error as plain data. */
export interface SubmitResult {
  readonly entity: string
  /** When it became so, as an instant. */
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
  /** Keeps results for every registered subscription. */
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
  /** The technology's own id of the message, for people. */
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

/**
 * One persisted topic per entity: every stored event reaches every registered subscription at least once,
 * also those that were stored while nobody consumed, and those whose publisher died.
 */
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
  /**
   * Registers a subscription durably, once; from then on it misses nothing. Again, it changes nothing: it
   * goes on where it was.
   */
  readonly register: (subscription: Subscription) => TaskEither<TopicError, void>
  /**
   * Delivers a registered subscription's events to the handler, one delivery at a time, until stopped. Every
   * stored event reaches it at least once. What fails, also the position's own reading, is told by
   * `onFailure` and tried again without limit. On a log one consumer at a time holds the subscription; the
   * others wait.
   */
  readonly subscribe: (subscription: Subscription, handler: Handler, events: ConsumerEvents) => Consumer
  /** Where a subscription stands; one that is not registered is behind by nothing. */
  readonly progress: (subscription: Subscription) => TaskEither<TopicError, Progress>
  /** What subscriptions put aside for another try. */
  readonly deferrals: Deferrals
  /** What they put aside for good. */
  readonly deadLetters: DeadLetters
  /** The result topic. */
  readonly results: Results
  /** Left out where producers cannot publish to the driver. */
  readonly updates?: Updates
}
