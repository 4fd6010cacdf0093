// From a row to updates: the user's own normalise for what is there, deletes for what is not, and the right
// time for both.
import type { AnyEntity, Change, EntityPropertyValue, Properties, Property, Update } from 'dreampipe'
import { isEnvelope, recordOfRow, type Envelope } from '../extraction.ts'
import { describedBy, FactsCodec } from '../object/facts.ts'
import { planOf } from '../object/plan.ts'
import { readAgain } from '../object/read.ts'

type Normalise = (record: never, to: Change<AnyEntity>) => Update | readonly Update[]

const listed = (made: Update | readonly Update[]): readonly Update[] =>
  Array.isArray(made) ? (made as readonly Update[]) : [made as Update]

const timeOf = (
  { definition: { timestamp, properties } }: AnyEntity,
  update: Update | undefined,
  at: string,
): EntityPropertyValue => ({
  propertyType: update?.yadto[timestamp]?.propertyType ?? properties?.[timestamp]?.type ?? 'DateTime',
  value: at,
})

// The same update at another time.
const dated = (entity: AnyEntity, update: Update, at: string): Update => ({
  ...update,
  yadto: { ...update.yadto, [entity.definition.timestamp]: timeOf(entity, update, at) },
})

const kept = ['eventSource', 'eventVersion', 'correlationId']
// The delete of what an update would have written: the same thing by the same names.
const deletion = (entity: AnyEntity, update: Update, at: string): Update => ({
  entity: update.entity,
  operation: 'delete',
  yadto: {
    ...Object.fromEntries(
      [...entity.definition.identifier, ...kept].flatMap((name) => {
        const value = update.yadto[name]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
    [entity.definition.timestamp]: timeOf(entity, update, at),
    eventOperation: { propertyType: 'String', value: 'delete' },
  },
})

// Read again with the fields as they are declared now: what quarantine kept may fit a definition that was
// mended since.
const again = (
  entity: AnyEntity,
  fields: Properties | undefined,
  { why, row, of, id, stamp, master, deleted, observed }: Envelope & { readonly $: 'unreadable' },
): unknown => {
  if (!FactsCodec.is(of)) throw new TypeError(why)
  const { described, parents } = describedBy(of)
  const { record, wrong } = readAgain(planOf(entity, described, parents, fields, {}), row)
  if (wrong !== undefined) throw new TypeError(wrong)
  return recordOfRow(
    { id, stamp: stamp ?? undefined, master: master ?? undefined, deleted, record, wrong },
    of,
    observed ?? undefined,
  )
}

type Specs = { readonly [name: string]: Property['spec'] }
// JSON has no bigint, and quarantine keeps JSON: a record that comes back has texts in their place.
const revived = (specs: Specs, record: unknown): unknown => {
  if (typeof record !== 'object' || record === null) return record
  const found = Object.entries(specs).flatMap(
    ([name, { bigint, fields }]): readonly (readonly [string, unknown])[] => {
      const value = (record as { readonly [name: string]: unknown })[name]
      return bigint === true && typeof value === 'string'
        ? [[name, BigInt(value)]]
        : fields !== undefined
          ? [[name, revived(fields, value)]]
          : []
    },
  )
  return found.every(([name, value]) => (record as { readonly [name: string]: unknown })[name] === value)
    ? record
    : { ...record, ...Object.fromEntries(found) }
}
const hasBigints = (specs: Specs): boolean =>
  Object.values(specs).some(
    ({ bigint, fields }) => bigint === true || (fields !== undefined && hasBigints(fields)),
  )

/**
 * The producer's `normalise`: takes records and envelopes, and throws at what cannot be read, which then goes
 * into quarantine with what came.
 */
export const normaliseOf = (entity: AnyEntity, own: Normalise, fields: Properties | undefined) => {
  const specs: Specs = Object.fromEntries(
    Object.entries(fields ?? {}).map(([name, { spec }]) => [name, spec]),
  )
  const normalise: Normalise = hasBigints(specs)
    ? (record, to) => own(revived(specs, record) as never, to)
    : own
  const made = (record: unknown, to: Change<AnyEntity>): Update | readonly Update[] =>
    isEnvelope(record)
      ? ofEnvelope(entity, normalise, fields, record, to, made)
      : normalise(record as never, to)
  return made
}

const ofEnvelope = (
  entity: AnyEntity,
  normalise: Normalise,
  fields: Properties | undefined,
  record: Envelope,
  to: Change<AnyEntity>,
  made: (record: unknown, to: Change<AnyEntity>) => Update | readonly Update[],
): Update | readonly Update[] => {
  switch (record.$) {
    case 'unreadable':
      return made(again(entity, fields, record), to)
    case 'observed':
      return listed(normalise(record.row as never, to)).map((update) => dated(entity, update, record.at))
    case 'deleted': {
      const updates = listed(normalise(record.row as never, to))
      // A merged record says which one it went into, where that is read, and ends then.
      return [
        ...(record.merged ? updates : []),
        ...updates.map((update) => deletion(entity, update, record.at)),
      ]
    }
    case 'gone': {
      const {
        identifier: [name = ''],
        timestamp,
        properties,
      } = entity.definition
      // A learned entity's builder takes wire values.
      const learned = properties === undefined
      return to.delete({
        [name]: learned ? { propertyType: 'String', value: record.id } : record.id,
        [timestamp]: learned ? timeOf(entity, undefined, record.at) : record.at,
      } as never)
    }
  }
}
