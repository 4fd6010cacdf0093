// An append on its way: what is asked, what came of it so far, and what it works with.
import { E } from '../../../fp.ts'
import type { Outcome } from '../../../model/candidate.ts'
import type { EventInfo } from '../../../model/event.ts'
import type { Appended, StoreError } from '../../../ports/event-store.ts'
import type { Datastore } from './datastore.ts'
import type { Outbox } from './outbox.ts'

export interface Appending {
  readonly store: Datastore
  readonly outbox: Outbox
  readonly options: EventStoreOptions
  /** Names this append in the events that it writes. */
  readonly write: string
  readonly outcomes: (Outcome | undefined)[]
  /** Commits that were not answered: where the event would stand. */
  readonly attempted: Map<number, EventInfo>
  /** Entities a commit takes now, and candidates of one entity: halved when one is refused or conflicts. */
  size: number
  most: number
}

export type AppendResult = E.Either<StoreError, Appended>

/** What an event store is told. */
export interface EventStoreOptions {
  /** Per entity, properties that events also bear as typed indexed values. */
  readonly index: { readonly [entity: string]: readonly string[] }
  /** Milliseconds between tries of a commit that met another; grows. */
  readonly pause: number
}
