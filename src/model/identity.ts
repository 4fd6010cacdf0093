// Identity: an entity's id is a UUID v5 of its name and identifier values; an event's id adds the sequence.
import { createHash } from 'node:crypto'

// The fixed namespace: the UUID v5 of 'dreampipe' in the URL namespace (RFC 9562). Changing it would rename every entity.
const namespace = Buffer.from('300bff6311f55f828d239dcc6b8f98af', 'hex')

const hexOf = (bytes: Buffer): string => bytes.toString('hex')

/** The id of the entity that these (property, canonical text) pairs name; `pairs` are sorted by property. */
export const entityIdOf = (entity: string, pairs: readonly (readonly [property: string, text: string])[]): string => {
  const digest = createHash('sha1').update(namespace).update(JSON.stringify([entity, ...pairs]), 'utf8').digest()
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  const hex = hexOf(digest)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** `<entityId>.<sequence in 12 digits>`. */
export const eventIdOf = (entityId: string, sequence: number): string => `${entityId}.${String(sequence).padStart(12, '0')}`

const eventId = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.(\d{12})$/

/** The parts of an event id, or undefined where the text is none. */
export const parseEventId = (text: string): { readonly entityId: string; readonly sequence: number } | undefined => {
  const match = eventId.exec(text)
  return match === null ? undefined : { entityId: match[1] as string, sequence: Number(match[2]) }
}
