// Entities that the laws share: every property type in every place, full, partial and learned.
import fc from 'fast-check'
import { admit, candidateOf, type Admitted } from '../../src/model/admit.ts'
import type { Candidate } from '../../src/model/candidate.ts'
import { declaredSchema } from '../../src/model/definition.ts'
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { y } from '../../src/model/property.ts'
import type { EntitySchema } from '../../src/model/schema.ts'
import type { Update } from '../../src/model/update.ts'
import { E } from '../../src/fp.ts'

const scalars = {
  string: y.string(),
  enum: y.enum(['open', 'won']),
  boolean: y.boolean(),
  integer: y.integer(),
  bigint: y.bigint(),
  double: y.double(),
  decimal: y.decimal(),
  dateTime: y.dateTime(),
  date: y.date(),
  time: y.time(),
  bytes: y.bytes(),
  json: y.json(),
}

/** Every property type: required, optional, as elements, as fields, nested. */
export const Everything = entity('Everything', {
  properties: {
    id: y.string(),
    at: y.dateTime(),
    ...scalars,
    object: y.object({
      ...scalars,
      inner: y.optional(y.object({ deep: y.list(y.integer()) })),
      maybe: y.optional(y.string()),
    }),
    strings: y.list(y.string()),
    integers: y.list(y.bigint()),
    objects: y.list(y.object({ name: y.string(), sizes: y.list(y.double()), at: y.optional(y.dateTime()) })),
    jsons: y.list(y.json()),
    maybe: y.optional(y.decimal()),
    maybeList: y.optional(y.list(y.string())),
    maybeObject: y.optional(y.object({ a: y.string() })),
    maybeJson: y.optional(y.json()),
    region: y.enriched(y.string()),
    constructor: y.optional(y.string()),
  },
  identifier: ['id'],
  timestamp: 'at',
})

export const Order = entity('Order', {
  properties: {
    tenant: y.string(),
    no: y.bigint(),
    at: y.dateTime(),
    amount: y.optional(y.decimal()),
    note: y.optional(y.string()),
  },
  identifier: ['tenant', 'no'],
  timestamp: 'at',
  deduplication: { by: 'history', ignore: ['note'] },
})

export const Patch = entity('Patch', {
  properties: { id: y.string(), at: y.string(), n: y.integer(), s: y.optional(y.string()) },
  identifier: ['id'],
  timestamp: 'at',
  updates: 'partial',
})

export const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at' })

/** An update that must be admitted. */
export const admitted = (
  of: AnyEntity,
  update: Update | { readonly entity: string; readonly yadto: unknown },
): Admitted => {
  const result = admit(of.definition, update, undefined, 86_400_000)
  if (E.isLeft(result)) throw result.left
  return result.right
}

/** An update's candidate under a schema; the entity's own where none is given. */
export const candidate = (
  of: AnyEntity,
  update: Update | { readonly entity: string; readonly yadto: unknown },
  schema: EntitySchema = declaredSchema(of.definition),
): Candidate => {
  const result = candidateOf(admitted(of, update), schema)
  if (E.isLeft(result)) throw result.left
  return result.right
}

/** What is wrong with an update, as `code path`. */
export const refusals = (
  of: AnyEntity,
  update: { readonly entity: string; readonly yadto: unknown },
  known?: EntitySchema,
): readonly string[] => {
  const result = admit(of.definition, update, known?.properties, 86_400_000)
  return E.isLeft(result) ? result.left.problems.map(({ code, path }) => `${code} ${path}`) : []
}

/** Instants as ISO texts, none ahead of the clock. */
export const instants = fc.integer({ min: 0, max: Date.UTC(2025, 0) }).map((ms) => new Date(ms).toISOString())
