// Between SQLite's values and the model's: ids and digests as bytes, rows as events.
import type { StatementSync } from 'node:sqlite'
import { eventIdOf } from '../../../model/identity.ts'
import type { EventKind, StoredEvent } from '../../../model/event.ts'

export type Row = { readonly [column: string]: unknown }

/** A UUID as its 16 bytes. */
export const bytesOfId = (id: string): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

export const idOfBytes = (bytes: unknown): string => {
  const view = bytes as Uint8Array
  const hex = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const bytesOfDigest = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

/** The first 48 bits of a digest: a safe integer. */
export const markOf = (hex: string): number => Number.parseInt(hex.slice(0, 12), 16)

export const eventColumns =
  'position, entity_id, sequence, kind, occurred_at, recorded_at, source, version, correlation_id, payload'

/** A row of `eventColumns`, as an array: an object with names would cost more than the read itself. */
export type EventRow = readonly [
  position: number,
  entityId: Uint8Array,
  sequence: number,
  kind: EventKind,
  occurredAt: string,
  recordedAt: string,
  source: string,
  version: string | null,
  correlationId: string | null,
  payload: string,
]

/** A statement that answers rows as arrays. */
export const arrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true)
  return statement
}

export const eventOfRow = (
  entity: string,
  [, bytes, sequence, kind, occurredAt, recordedAt, source, version, correlationId, payload]: EventRow,
): StoredEvent => {
  const entityId = idOfBytes(bytes)
  return {
    entity,
    entityId,
    eventId: eventIdOf(entityId, sequence),
    sequence,
    kind,
    occurredAt,
    recordedAt,
    source,
    ...(version === null ? undefined : { version }),
    ...(correlationId === null ? undefined : { correlationId }),
    payload,
  }
}
