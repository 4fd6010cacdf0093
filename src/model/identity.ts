// Identity: an entity's id is a UUID v5 of its name and identifier values; an event's id adds the sequence.
import { hash } from 'node:crypto'

// The fixed namespace: the UUID v5 of 'dreampipe' in the URL namespace (RFC 9562). Changing it would rename
// every entity.
const namespace = Buffer.from('300bff6311f55f828d239dcc6b8f98af', 'hex')
const variants = ['8', '9', 'a', 'b'] as const

/** The id of the entity that these (property, canonical text) pairs name; `pairs` are sorted by property. */
export const entityIdOf = (
  entity: string,
  pairs: readonly (readonly [property: string, text: string])[],
): string => {
  const name = JSON.stringify([entity, ...pairs])
  const bytes = Buffer.allocUnsafe(namespace.length + Buffer.byteLength(name, 'utf8'))
  bytes.set(namespace)
  bytes.write(name, namespace.length, 'utf8')
  const hex = hash('sha1', bytes, 'hex')
  // Version 5, and the variant in the two bits behind it.
  return (
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-` +
    `${variants[Number.parseInt(hex.charAt(16), 16) & 3] as string}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  )
}

/** `<entityId>.<sequence in 12 digits>`. */
export const eventIdOf = (entityId: string, sequence: number): string =>
  `${entityId}.${String(sequence).padStart(12, '0')}`

const eventId = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.(\d{12})$/

/** The parts of an event id, or undefined where the text is none. */
export const parseEventId = (
  text: string,
): { readonly entityId: string; readonly sequence: number } | undefined => {
  const match = eventId.exec(text)
  return match === null ? undefined : { entityId: match[1] as string, sequence: Number(match[2]) }
}
