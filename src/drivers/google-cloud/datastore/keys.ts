// Where things stand in Datastore: kinds and key names. Entity ids are uniform already, so keys need no hash
// prefix.
import { eventIdOf } from '../../../model/identity.ts'
import type { Key } from './datastore.ts'

// Entity names hold letters, digits and _: a point keeps these kinds apart from the views', which bear the
// entity's name.
export const eventKind = (entity: string): string => `${entity}.event`
const headKind = (entity: string): string => `${entity}.head`
const markKind = (entity: string): string => `${entity}.mark`
export const outboxKind = (entity: string): string => `${entity}.outbox`
const schemaKind = 'dreampipe.schema'
export const registryKind = 'dreampipe.registry'
export const deferralKind = 'dreampipe.deferral'
export const quarantineKind = 'dreampipe.quarantine'
export const deadLetterKind = 'dreampipe.dead-letter'

export const eventKey = (entity: string, entityId: string, sequence: number): Key => ({
  kind: eventKind(entity),
  name: eventIdOf(entityId, sequence),
})
export const headKey = (entity: string, entityId: string): Key => ({ kind: headKind(entity), name: entityId })
export const markKey = (entity: string, entityId: string, fingerprint: string): Key => ({
  kind: markKind(entity),
  name: `${entityId}.${fingerprint}`,
})
/** Names are unique without regard to case. */
export const schemaKey = (entity: string): Key => ({ kind: schemaKind, name: entity.toLowerCase() })
/** Behind every sequence of an entity. */
export const behindAll = (entityId: string): string => `${entityId}.~`
