// Between Datastore's entities and the model's: events, heads and fingerprint markers as they are stored.
import type { Candidate, Head } from '../../../model/candidate.ts'
import { payloadOf, type EventInfo, type EventKind, type StoredEvent } from '../../../model/event.ts'
import { eventIdOf } from '../../../model/identity.ts'
import type { Found } from './datastore.ts'
import { nativeOf } from './native.ts'
import {
  given,
  indexed,
  instant,
  instantOfValue,
  integer,
  numberOf,
  optionalText,
  text,
  textOf,
  type Properties,
  type Value,
} from './value.ts'

/**
 * An event's metadata as a marker or a head keeps it, so that a receipt needs no look at the event itself.
 */
const infoProperties = ({
  sequence,
  occurredAt,
  recordedAt,
  source,
  version,
  correlationId,
}: Omit<EventInfo, 'entityId' | 'eventId'>): Properties =>
  given({
    _sequence: integer(sequence),
    _occurred_at: instant(occurredAt),
    _recorded_at: instant(recordedAt),
    _source: text(source),
    _version: version === undefined ? undefined : text(version),
    _correlation_id: correlationId === undefined ? undefined : text(correlationId),
  })

const required = (properties: Properties, name: string): Value => properties[name] ?? {}

export const infoOfProperties = (entityId: string, properties: Properties): EventInfo => {
  const sequence = numberOf(properties['_sequence'])
  const version = optionalText(properties['_version'])
  const correlationId = optionalText(properties['_correlation_id'])
  return {
    entityId,
    eventId: eventIdOf(entityId, sequence),
    sequence,
    occurredAt: instantOfValue(required(properties, '_occurred_at')),
    recordedAt: instantOfValue(required(properties, '_recorded_at')),
    source: textOf(properties['_source']),
    ...(version === undefined ? {} : { version }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}

/**
 * Bytes that an event's typed copies may take beside its payload, so that no entity passes Datastore's
 * 1,048,572.
 */
const copiesBytes = 30_000

// Copies of chosen properties for readers with Datastore's own tools; they bear no truth, so those that would
// not fit are left out.
const copies = (event: Pick<StoredEvent, 'payload'>, names: readonly string[]): Properties => {
  if (names.length === 0) return {}
  const yadto = payloadOf(event)
  const properties: { [name: string]: Value } = {}
  let room = copiesBytes
  for (const name of names) {
    const value = Object.hasOwn(yadto, name) ? yadto[name] : undefined
    if (
      value === undefined ||
      value.propertyType === 'List' ||
      value.propertyType === 'EmbeddedObject' ||
      value.propertyType === 'Json'
    )
      continue
    const length = Buffer.byteLength(value.value ?? '', 'utf8')
    if (length > 1_500 || (room -= length + name.length) < 0) continue
    properties[name] = indexed(nativeOf(value).value)
  }
  return properties
}

/** `write` names the append that wrote it: who lost the answer to a commit finds its own event by it. */
export const eventProperties = (
  candidate: Candidate,
  info: EventInfo,
  write: string,
  index: readonly string[],
): Properties => ({
  ...copies(candidate, index),
  ...infoProperties(info),
  _operation: text(candidate.kind),
  _write: text(write),
  _payload: text(candidate.payload),
})

export const eventOf = (entity: string, { name, properties }: Found): StoredEvent => ({
  ...infoOfProperties(name.slice(0, 36), properties),
  entity,
  kind: textOf(properties['_operation']) as EventKind,
  payload: textOf(properties['_payload']),
})

export const writeOf = ({ properties }: Found): string => textOf(properties['_write'])

export const markProperties = infoProperties

/** A head, and the metadata of the event that is the latest state. */
export interface HeadAndInfo {
  readonly head: Head
  readonly latest: EventInfo
}

export const headProperties = ({ head, latest }: HeadAndInfo): Properties => ({
  ...infoProperties(latest),
  _last_sequence: integer(head.sequence),
  _rule: text(head.latest.rule),
  _content: text(head.latest.content),
  _seen_at: instant(head.seenAt),
  _seen: text(JSON.stringify(head.seen)),
})

export const headOf = ({ name, properties }: Found): HeadAndInfo => {
  const latest = infoOfProperties(name, properties)
  return {
    latest,
    head: {
      sequence: numberOf(properties['_last_sequence']),
      seenAt: instantOfValue(required(properties, '_seen_at')),
      seen: JSON.parse(textOf(properties['_seen'])) as string[],
      latest: {
        occurredAt: latest.occurredAt,
        sequence: latest.sequence,
        rule: textOf(properties['_rule']),
        content: textOf(properties['_content']),
      },
    },
  }
}
