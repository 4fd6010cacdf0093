// From a row to updates: the user's own normalise for what is there, deletes for what is not, and the right time for both.
import type { AnyEntity, Change, EntityPropertyValue, Update } from 'dreampipe'
import { isEnvelope } from './extraction.ts'

type Normalise = (record: never, to: Change<AnyEntity>) => Update | readonly Update[]

const listed = (made: Update | readonly Update[]): readonly Update[] => (Array.isArray(made) ? made as readonly Update[] : [made as Update])

const timeOf = ({ definition: { timestamp, properties } }: AnyEntity, update: Update | undefined, at: string): EntityPropertyValue =>
  ({ propertyType: update?.yadto[timestamp]?.propertyType ?? properties?.[timestamp]?.type ?? 'DateTime', value: at })

// The same update at another time.
const dated = (entity: AnyEntity, update: Update, at: string): Update => ({ ...update, yadto: { ...update.yadto, [entity.definition.timestamp]: timeOf(entity, update, at) } })

const kept = ['eventSource', 'eventVersion', 'correlationId']
// The delete of what an update would have written: the same thing by the same names.
const deletion = (entity: AnyEntity, update: Update, at: string): Update => ({
  entity: update.entity,
  operation: 'delete',
  yadto: {
    ...Object.fromEntries([...entity.definition.identifier, ...kept].flatMap((name) => { const value = update.yadto[name]; return value === undefined ? [] : [[name, value]] })),
    [entity.definition.timestamp]: timeOf(entity, update, at),
    eventOperation: { propertyType: 'String', value: 'delete' },
  },
})

/** The producer's `normalise`: takes records and envelopes, and throws at what cannot be read, which then goes into quarantine with what came. */
export const normaliseOf = (entity: AnyEntity, normalise: Normalise) => (record: unknown, to: Change<AnyEntity>): Update | readonly Update[] => {
  if (!isEnvelope(record)) return normalise(record as never, to)
  switch (record.$) {
    case 'unreadable': throw new TypeError(record.why)
    case 'observed': return listed(normalise(record.row as never, to)).map((update) => dated(entity, update, record.at))
    case 'deleted': {
      const updates = listed(normalise(record.row as never, to))
      // A merged record says which one it went into, where that is read, and ends then.
      return [...(record.merged ? updates : []), ...updates.map((update) => deletion(entity, update, record.at))]
    }
    case 'gone': {
      const { identifier: [name = ''], timestamp, properties } = entity.definition
      // A learned entity's builder takes wire values.
      const learned = properties === undefined
      return to.delete({ [name]: learned ? { propertyType: 'String', value: record.id } : record.id, [timestamp]: learned ? timeOf(entity, undefined, record.at) : record.at } as never)
    }
  }
}
