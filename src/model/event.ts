// Events: stored updates, immutable and numbered per entity.
import type { Yadto } from './yadto.ts'

/**
 * What an event does to its entity's state: replace it, merge into it, end it, or nothing because its payload
 * was erased.
 */
export type EventKind = 'full' | 'partial' | 'delete' | 'erased'

/** An event's metadata. Instants are ISO 8601 UTC texts of 27 characters. */
export interface EventInfo {
  readonly entityId: string
  readonly eventId: string
  /** 1, 2, 3 … per entity, in commit order. */
  readonly sequence: number
  /** When it happened, as the source says. */
  readonly occurredAt: string
  /** When it was stored. */
  readonly recordedAt: string
  readonly source: string
  /** The producer's own schema version. */
  readonly version?: string
  readonly correlationId?: string
}

/**
 * An event as the event store holds it. `payload` is the canonical JSON text of the YADTO map, without
 * metadata.
 */
export interface StoredEvent extends EventInfo {
  readonly entity: string
  readonly kind: EventKind
  readonly payload: string
}

/** The content of an event: its payload, parsed. */
export const payloadOf = (event: Pick<StoredEvent, 'payload'>): Yadto => JSON.parse(event.payload) as Yadto

/** The parts of an event that are metadata; what is undefined is left out. */
export const infoOf = ({
  entityId,
  eventId,
  sequence,
  occurredAt,
  recordedAt,
  source,
  version,
  correlationId,
}: EventInfo): EventInfo => ({
  entityId,
  eventId,
  sequence,
  occurredAt,
  recordedAt,
  source,
  ...(version === undefined ? {} : { version }),
  ...(correlationId === undefined ? {} : { correlationId }),
})

/**
 * What an update turned out to be: the event that holds its content (`duplicate`: the first one; `outdated`:
 * the newer one).
 */
export type Receipt = EventInfo & {
  readonly status: 'stored' | 'duplicate' | 'outdated'
  readonly entity: string
}

/** Where an event stands in the order of an entity's states. */
export interface Moment {
  readonly occurredAt: string
  readonly sequence: number
}

/** State is ordered by (occurredAt, sequence), never by arrival. */
export const isBefore = (a: Moment, b: Moment): boolean =>
  a.occurredAt < b.occurredAt || (a.occurredAt === b.occurredAt && a.sequence < b.sequence)
