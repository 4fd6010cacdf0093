// The event store port: immutable events numbered per entity, found duplicates, and the schema beside them.
import type { TaskEither } from '../fp.ts'
import type { Candidate, Outcome } from '../model/candidate.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { EntitySchema } from '../model/schema.ts'

/** What an event store can meet: the technology is away, or others were in the way for too long. */
export type StoreError = Infra | Contention

/** A stored schema and its version (1, 2, 3 …); version 0 stands for none. */
export interface Versioned {
  readonly schema: EntitySchema
  readonly version: number
}

/**
 * What a batch relies on: the version of the entity's schema it was checked against, and the schema to put in
 * its place first.
 */
export interface SchemaGuard {
  readonly entity: string
  readonly version: number
  readonly next?: EntitySchema
}

/** What one append is asked to store. */
export interface Batch {
  /** In the order in which they were submitted, of any number of entities and kinds. */
  readonly candidates: readonly Candidate[]
  /** One for each entity in the batch. */
  readonly guards: readonly SchemaGuard[]
}

/**
 * `appended`: one outcome a candidate, in their order. `schema-moved`: nothing was written; load these
 * entities' schemas and try again.
 */
export type Appended =
  | { readonly _tag: 'appended'; readonly outcomes: readonly Outcome[] }
  | { readonly _tag: 'schema-moved'; readonly entities: readonly string[] }

/** Where a scan stands: behind this event. */
export interface ScanCursor {
  readonly entityId: string
  readonly sequence: number
}

/**
 * The truth: events are immutable, numbered 1, 2, 3 … per entity without a gap, and never lost once `append`
 * has answered. Whether a candidate is new is `decide`'s to say, called inside the transaction that appends.
 */
export interface EventStore {
  /**
   * Atomic and idempotent: identical candidates, from any number of processes at once, store one event.
   * Candidates of one entity are taken in their order. A driver may commit in chunks, but an entity's events
   * are never split by a failure before its outcome is known: what failed is an error for the whole batch,
   * and appending it again changes nothing that was stored. `recordedAt` is the driver's own clock. A right
   * means durable.
   */
  readonly append: (batch: Batch) => TaskEither<StoreError, Appended>
  /**
   * Whether each candidate is known, in their order, without writing: true where `append` would find it
   * duplicate or outdated now.
   */
  readonly lookup: (candidates: readonly Candidate[]) => TaskEither<StoreError, readonly boolean[]>
  /**
   * One page of an entity's events in sequence, behind the sequence `after` (0: from the first), at most
   * `limit`; erased ones included. A page that is not full is the last.
   */
  readonly history: (
    entity: string,
    entityId: string,
    page: { readonly after: number; readonly limit: number },
  ) => TaskEither<StoreError, readonly StoredEvent[]>
  /**
   * One page of all events of an entity kind in (entityId, sequence) order, behind the cursor. Sees at least
   * what was committed before the scan began; holds nothing open between pages.
   */
  readonly scan: (
    entity: string,
    after: ScanCursor | undefined,
    limit: number,
  ) => TaskEither<StoreError, readonly StoredEvent[]>
  /**
   * At most `limit` stored events that may not have been published, in any order; always empty where the log
   * itself is the topic. They are published again: a crash between store and topic loses nothing.
   */
  readonly pending: (entity: string, limit: number) => TaskEither<StoreError, readonly StoredEvent[]>
  /** Clears events from `pending`; repeatable. */
  readonly published: (events: readonly StoredEvent[]) => TaskEither<StoreError, void>
  /** The stored schema, or undefined before the first. */
  readonly schema: (entity: string) => TaskEither<StoreError, Versioned | undefined>
  /**
   * Puts a schema in place of the expected version (0: none): the new version, or undefined where another was
   * faster (no error: the caller loads it and merges).
   */
  readonly saveSchema: (
    entity: string,
    schema: EntitySchema,
    expected: number,
  ) => TaskEither<StoreError, number | undefined>
}
