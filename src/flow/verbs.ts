// The typed surface: every verb once, for both faces.
import type { t, TaskEither, Either } from '../fp.ts'
import type { AnyEntity, EventOf, Identifier, Past, View } from '../model/entity.ts'
import type {
  Contention,
  Infra,
  NotStarted,
  ReadError,
  RunError,
  SchemaConflict,
  SourceFailed,
  SubmitError,
  UnknownEntity,
} from '../model/errors.ts'
import type { Receipt } from '../model/event.ts'
import type { Producer } from '../model/producer.ts'
import type { Update } from '../model/update.ts'
import type { Quarantined } from '../ports/checkpoint-store.ts'
import type { DeadLetter, SubmitResult } from '../ports/topic.ts'
import type { Letter } from './consume/dead-letters.ts'
import type { FindOptions, Found } from './query/views.ts'
import type { SubscriptionOptions } from './consume/subscriptions.ts'
import type { Proof, Target } from './prove/prove.ts'
import type { Provisioned, ProvisionOptions } from './provision.ts'
import type { Replayed } from './produce/quarantine.ts'
import type { Rebuilt, RebuildOptions } from './prove/rebuild.ts'
import type { Role } from './roles.ts'
import type { RunOptions, RunReport } from '../model/run.ts'
import type { ScheduleSettings } from './produce/schedule.ts'
import type { Status } from './status.ts'
import type { Counts, SubmitAllOptions } from './receive/submit-all.ts'
import type { VerifyOptions } from './prove/verify.ts'

/** Something to end: `await using`, or `close`. */
export interface Closable extends AsyncDisposable {
  readonly close: (options?: { readonly timeout?: number }) => Promise<void>
}

/**
 * A custom subscription of this process. Closing it ends the consuming; the subscription itself stays and
 * misses nothing.
 */
export interface Subscribed extends Closable {
  /** Resolves once it is registered durably: every event stored from then on reaches it. */
  readonly ready: Promise<void>
}

/** An update of a builder's, or one in raw wire form. */
export type Submittable<E extends AnyEntity> =
  Update<E['name']> | { readonly entity: E['name']; readonly yadto: unknown }

type Face = 'promise' | 'fp'
type Out<F extends Face, Er, A> = F extends 'fp' ? TaskEither<Er, A> : Promise<A>
type Stream<F extends Face, Er, A> = AsyncIterable<F extends 'fp' ? Either<Er, A> : A>

/** A producer's schedule, and whom to tell how each run ended. */
export interface ScheduleOptions<F extends Face> extends ScheduleSettings {
  readonly onRun?: (result: F extends 'fp' ? Either<RunError, RunReport> : RunReport | RunError) => void
}

/**
 * The verbs of a pipeline: as Promises that reject with a `DreampipeError`, or (`fp`) the same as lazy
 * TaskEithers.
 */
export interface Verbs<E extends AnyEntity, F extends Face> {
  /**
   * Runs relay, projections and subscriptions in this process (or the given roles); not needed to submit
   * only.
   */
  readonly start: (options?: {
    readonly roles?: readonly Role[]
  }) => Out<F, Infra | Contention | SchemaConflict, void>
  /** Stores one update if it is new. The receipt says what it was, and means stored. */
  readonly submit: (update: Submittable<E>) => Out<F, SubmitError, Receipt>
  /** Submits a stream with flat memory. A rejected update is told and counted; an outage ends the stream. */
  readonly submitAll: (
    updates: Iterable<Submittable<E>> | AsyncIterable<Submittable<E>>,
    options?: SubmitAllOptions,
  ) => Out<F, SubmitError | SourceFailed, Counts>
  /**
   * Runs a producer once, from its saved cursor: pages are stored, then their cursor is saved. One run at a
   * time on all replicas (`AlreadyRunning`).
   */
  readonly run: <L extends E, R, C>(
    producer: Producer<L, R, C>,
    options?: RunOptions,
  ) => Out<F, RunError, RunReport>
  /**
   * Runs a producer by a cron expression, on one replica at a time, until closed. Throws `InvalidDefinition`
   * where the expression is none.
   */
  readonly schedule: <L extends E, R, C>(
    producer: Producer<L, R, C>,
    cron: string,
    options?: ScheduleOptions<F>,
  ) => Closable
  readonly quarantine: {
    /** A producer's records that could not become updates, at most a thousand. */
    readonly list: <L extends E, R, C>(
      producer: Producer<L, R, C>,
    ) => Out<F, Infra | Contention, readonly Quarantined[]>
    /** Normalises and submits them again, or one of them: after a fix. */
    readonly replay: <L extends E, R, C>(
      producer: Producer<L, R, C>,
      entry?: Quarantined,
    ) => Out<F, RunError, Replayed>
    /** Gives one up; false where it is gone. */
    readonly drop: (entry: Quarantined) => Out<F, Infra | Contention, boolean>
  }
  /**
   * Waits until both projections hold the receipt's event, or all that was acknowledged before the call.
   * `timeout` in ms, 30,000 by default.
   */
  readonly settled: (
    receipt?: Receipt,
    options?: { readonly timeout?: number },
  ) => Out<F, ReadError | Contention, void>
  /** The view of one entity, or undefined. */
  readonly current: <L extends E>(
    entity: L,
    id: Identifier<L>,
  ) => Out<F, ReadError | Contention, View<L> | undefined>
  /** All properties and calculated values as of an instant, as known now, or undefined. */
  readonly asOf: <L extends E>(
    entity: L,
    id: Identifier<L>,
    instant: string | Date,
  ) => Out<F, ReadError | Contention, Past<L> | undefined>
  /**
   * A page of views by indexed properties; `limit` 1 to 1,000, by default 100; `next` is the next page's
   * cursor.
   */
  readonly find: <L extends E>(entity: L, query?: FindOptions<L>) => Out<F, ReadError | Contention, Found<L>>
  /** Every event of one entity, in sequence. */
  readonly history: <L extends E>(
    entity: L,
    id: Identifier<L>,
  ) => Stream<F, ReadError | Contention, EventOf<L>>
  /** One SELECT over `<Entity>`, `<Entity>_events` and `<Entity>_as_of(instant)`, with `$name` parameters. */
  readonly sql: <A = { readonly [column: string]: unknown }>(
    text: string,
    parameters?: { readonly [name: string]: string | number | bigint | boolean | Date | null },
    options?: { readonly row?: t.Type<A, unknown, unknown>; readonly integers?: 'number' | 'bigint' },
  ) => Out<F, ReadError | Contention, readonly A[]>
  /**
   * Compares both projections of an entity with the event store, event by event; `repair` mends. In the
   * process that projects.
   */
  readonly verify: (
    entity: E,
    options?: VerifyOptions,
  ) => Out<F, Infra | Contention | NotStarted | UnknownEntity, Proof>
  /**
   * Makes a projection anew beside the one that serves and swaps them at once; resumable after a kill,
   * repeatable.
   */
  readonly rebuild: (
    entity: E,
    options: RebuildOptions & { readonly target: Target },
  ) => Out<F, Infra | Contention | NotStarted | UnknownEntity, Rebuilt>
  /**
   * Plans what must be there beforehand (topics, subscriptions, a dataset), and with `apply` makes what is
   * missing. Repeatable; deletes and changes nothing.
   */
  readonly provision: (options?: ProvisionOptions) => Out<F, Infra | Contention, Provisioned>
  /** Lag, deferred entities and dead letters, per subscription. */
  readonly status: () => Out<F, Infra | Contention, Status>
  readonly deadLetters: {
    /** Oldest first, at most a thousand, each with its entity's identifier where the event can be read. */
    readonly list: (entity?: E) => Out<F, Infra | Contention, readonly Letter[]>
    /** Tries again; false where the letter is gone. */
    readonly retry: (letter: DeadLetter) => Out<F, Infra | Contention, boolean>
    /** Passes over it; false where the letter is gone. */
    readonly drop: (letter: DeadLetter) => Out<F, Infra | Contention, boolean>
  }
}

/** A pipeline over the entities `E`. */
export interface Pipeline<E extends AnyEntity> extends Verbs<E, 'promise'>, Closable {
  /** The same verbs as lazy, lawful TaskEithers. */
  readonly fp: Verbs<E, 'fp'>
  /**
   * Registers a durable subscription at once; consumes once the pipeline is started. Throws
   * `InvalidDefinition` where the name or filter is bad.
   */
  readonly subscribe: <L extends E>(entity: L, subscription: SubscriptionOptions<L>) => Subscribed
  /**
   * A durable subscription to what became of submitted updates, by correlation id; with `{ results: true }`.
   * One after the other, at least once; a failure is tried again.
   */
  readonly subscribeResults: (subscription: {
    readonly name: string
    readonly handle: (result: SubmitResult) => unknown
  }) => Subscribed
}

/** Any pipeline, for code that needs none of its entities. */
export type AnyPipeline = Pipeline<never>
