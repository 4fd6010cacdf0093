// Between SQLite's values and the model's: ids and digests as bytes, rows as events.
import { eventIdOf } from '../../model/identity.ts'
import type { EventKind, StoredEvent } from '../../model/event.ts'

export type Row = { readonly [column: string]: unknown }

/** A UUID as its 16 bytes. */
export const bytesOfId = (id: string): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

export const idOfBytes = (bytes: unknown): string => {
  const view = bytes as Uint8Array
  const hex = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const bytesOfDigest = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
export const digestOfBytes = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex')

/** The first 48 bits of a digest: a safe integer. */
export const markOf = (hex: string): number => Number.parseInt(hex.slice(0, 12), 16)

export const eventColumns = 'position, entity_id, sequence, kind, occurred_at, recorded_at, source, version, correlation_id, payload'

export const eventOfRow = (entity: string, row: Row): StoredEvent => {
  const entityId = idOfBytes(row['entity_id'])
  const sequence = row['sequence'] as number
  return {
    entity, entityId, eventId: eventIdOf(entityId, sequence), sequence, kind: row['kind'] as EventKind,
    occurredAt: row['occurred_at'] as string, recordedAt: row['recorded_at'] as string, source: row['source'] as string,
    ...(row['version'] === null ? {} : { version: row['version'] as string }),
    ...(row['correlation_id'] === null ? {} : { correlationId: row['correlation_id'] as string }),
    payload: row['payload'] as string,
  }
}
