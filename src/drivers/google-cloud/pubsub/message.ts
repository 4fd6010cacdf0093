// An event as a Pub/Sub message: JSON that any language reads, and attributes that subscriptions filter by.
import type { EventKind, StoredEvent } from '../../../model/event.ts'
import { eventIdOf } from '../../../model/identity.ts'

/** A message as it is published. */
export interface Message {
  readonly data: Buffer
  readonly attributes: { readonly [name: string]: string }
  readonly orderingKey?: string
}

/** Messages and bytes of one publish request; Pub/Sub takes 1,000 and 10 MB. */
const publishSize = 1_000
const publishBytes = 4_000_000

const sizeOf = ({ data, attributes }: Message): number => {
  let size = data.length + 200
  for (const name in attributes)
    size += name.length + Buffer.byteLength(attributes[name] as string, 'utf8') + 10
  return size
}

/** Messages as the publish requests that take them, in order. */
export const pieces = (messages: readonly Message[]): readonly (readonly Message[])[] => {
  const all: Message[][] = []
  let bytes = Infinity
  for (const message of messages) {
    const size = sizeOf(message)
    if (bytes + size > publishBytes || (all.at(-1)?.length ?? 0) >= publishSize) {
      all.push([])
      bytes = 0
    }
    all.at(-1)?.push(message)
    bytes += size
  }
  return all
}

/** Attributes a filter can ask for beside the entity's own: no property can bear these names. */
export const attributesOf = (
  { entity, entityId, eventId, sequence, kind }: StoredEvent,
  own: { readonly [name: string]: string },
): { readonly [name: string]: string } => ({
  ...own,
  _entity: entity,
  _entity_id: entityId,
  _event_id: eventId,
  _sequence: String(sequence),
  _operation: kind,
})

/**
 * `{ entity, entityId, eventId, sequence, operation, occurredAt, recordedAt, source, version?,
 * correlationId?, yadto }`.
 */
export const dataOf = ({ payload, kind, ...event }: StoredEvent): Buffer => {
  const head = JSON.stringify({ ...event, operation: kind })
  return Buffer.from(`${head.slice(0, -1)},"yadto":${payload === '' ? 'null' : payload}}`, 'utf8')
}

interface Wire extends Omit<StoredEvent, 'kind' | 'payload'> {
  readonly operation: EventKind
}

const marker = ',"yadto":'

/**
 * The event of a message, or undefined where it is none. The payload is taken as it stands: it is canonical
 * text.
 */
export const eventOfData = (data: Buffer): StoredEvent | undefined => {
  try {
    const text = data.toString('utf8')
    // Metadata holds no such text outside a string, where the quote would be escaped.
    const at = text.indexOf(marker)
    const { operation, ...event } = JSON.parse(`${text.slice(0, at)}}`) as Wire
    const payload = text.slice(at + marker.length, -1)
    if (
      at < 0 ||
      typeof event.entityId !== 'string' ||
      !Number.isInteger(event.sequence) ||
      event.eventId !== eventIdOf(event.entityId, event.sequence)
    )
      return undefined
    return { ...event, kind: operation, payload: payload === 'null' ? '' : payload }
  } catch {
    return undefined
  }
}
