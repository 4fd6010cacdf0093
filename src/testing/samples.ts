// Samples for contract cases: wire values, candidates as the receiver makes them, stored events, schemas.
import assert from 'node:assert/strict'
import { admit, candidateOf } from '../model/admit.ts'
import type { Candidate } from '../model/candidate.ts'
import { checkedDefinition } from '../model/definition.ts'
import { payloadOf, type StoredEvent } from '../model/event.ts'
import { entityIdOf, eventIdOf } from '../model/identity.ts'
import { instantOfDate } from '../model/instant.ts'
import type { Problem } from '../model/problem.ts'
import { growAll, type EntitySchema, type PropertySchemas, type Rule } from '../model/schema.ts'
import type { EntityPropertyValue, PropertyType, ScalarType, Yadto } from '../model/yadto.ts'

/** A scalar wire value. */
export const scalar = (propertyType: ScalarType, value: string): EntityPropertyValue => ({
  propertyType,
  value,
})
export const string = (value: string): EntityPropertyValue => scalar('String', value)
export const integer = (value: number | bigint): EntityPropertyValue => scalar('Integer', String(value))
/** The null of a type. */
export const nullOf = (propertyType: PropertyType): EntityPropertyValue => ({ propertyType, value: null })
export const list = (...values: readonly EntityPropertyValue[]): EntityPropertyValue => ({
  propertyType: 'List',
  values,
})
export const object = (embeddedEntity: Yadto): EntityPropertyValue => ({
  propertyType: 'EmbeddedObject',
  embeddedEntity,
})

/** The instant so many seconds after the start of 2024. */
export const at = (seconds: number): string =>
  instantOfDate(new Date(Date.UTC(2024, 0, 1) + seconds * 1000)) as string

/** The entity id of a sample. */
export const idOf = (id: string, entity = 'Lead'): string => entityIdOf(entity, [['id', id]])

export const history: Rule = { by: 'history', ignore: [], format: 1 }
export const latest: Rule = { by: 'latest', ignore: [], format: 1 }

/** What makes a candidate; only `id` and `at` are never the same for all. */
export interface Sample {
  readonly id: string
  /** Seconds after the start of 2024, or an instant. */
  readonly at: number | string
  /** Beside identifier and timestamp. */
  readonly content?: Yadto
  readonly entity?: string
  readonly kind?: 'full' | 'partial' | 'delete'
  /** The rule in force, then those that were. */
  readonly rules?: readonly [Rule, ...Rule[]]
  readonly source?: string
  readonly version?: string
  readonly correlationId?: string
}

/** A schema of these properties. */
export const schemaOf = (
  properties: PropertySchemas = {},
  more: Partial<EntitySchema> = {},
): EntitySchema => ({
  properties,
  identifier: ['id'],
  timestamp: 'updatedAt',
  required: ['id', 'updatedAt'],
  rules: [history],
  updates: ['full'],
  ...more,
})

/** The schema that these events need. */
export const schemaFor = (
  events: readonly Pick<StoredEvent, 'payload'>[],
  more: Partial<EntitySchema> = {},
): EntitySchema => {
  const problems: Problem[] = []
  const properties = events.reduce<PropertySchemas>(
    (known, event) => growAll(known, payloadOf(event), '', problems),
    {},
  )
  assert.deepEqual(problems, [])
  return schemaOf(properties, more)
}

const metadata = (name: string, text: string | undefined): Yadto =>
  text === undefined ? {} : { [name]: string(text) }

/** A candidate as the receiver makes it. */
export const candidate = ({
  id,
  at: when,
  content = {},
  entity = 'Lead',
  kind = 'full',
  rules = [history],
  source = 'test',
  version,
  correlationId,
}: Sample): Candidate => {
  const [{ by, ignore }] = rules
  const definition = checkedDefinition(entity, {
    identifier: ['id'],
    timestamp: 'updatedAt',
    updates: kind === 'partial' ? 'partial' : 'full',
    deduplication: { by, ignore },
  })
  const yadto: Yadto = {
    id: string(id),
    updatedAt: scalar('DateTime', typeof when === 'string' ? when : at(when)),
    ...content,
    ...metadata('eventSource', source),
    ...metadata('eventVersion', version),
    ...metadata('correlationId', correlationId),
    ...metadata('eventOperation', kind === 'delete' ? 'delete' : undefined),
  }
  const admitted = admit(definition, { entity, yadto }, undefined, Infinity)
  if (admitted._tag === 'Left') throw admitted.left
  const made = candidateOf(admitted.right, schemaOf({}, { rules }))
  if (made._tag === 'Left') throw made.left
  return made.right
}

/** A candidate that no driver can store: reading its payload throws. */
export const poisoned = (sample: Sample): Candidate => ({
  ...candidate(sample),
  get payload(): string {
    throw new Error('this payload cannot be read')
  },
})

/** An event as an event store holds it. */
export const storedEvent = ({
  sequence,
  recordedAt = at(1_000_000 + sequence),
  ...sample
}: Sample & { readonly sequence: number; readonly recordedAt?: string }): StoredEvent => {
  const { entity, entityId, kind, occurredAt, source, version, correlationId, payload } = candidate(sample)
  return {
    entity,
    entityId,
    eventId: eventIdOf(entityId, sequence),
    sequence,
    kind,
    occurredAt,
    recordedAt,
    source,
    payload,
    ...(version === undefined ? {} : { version }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}

/**
 * Text that breaks what does not keep it byte for byte: quotes, controls, NUL, every plane of Unicode,
 * separators.
 */
export const awkwardText =
  `'"\`\\\n\r\t\0\u0001\u001f\u007f\u0085\u00a0\u2028\u2029\ufeff\ufffd\uffff é ` +
  `e\u0301 ß İ 日本 \u{1f600}\u{10ffff} %_$x :y ?1 {"a":[1]} -- ; /* null`

/** The same for metadata, which holds no NUL. */
export const awkwardSource = awkwardText.replaceAll('\0', '')
