// The demo's entities, and how a line of its sample becomes an update.
import { entity, y, type Update } from 'dreampipe'

export const Lead = entity('Lead', {
  properties: {
    id: y.string(),
    name: y.string(),
    email: y.optional(y.string()),
    account: y.optional(y.string()),
    stage: y.enum(['open', 'contacted', 'qualified', 'won', 'lost']),
    score: y.integer(),
    tags: y.list(y.string()),
    address: y.optional(y.object({ city: y.string(), country: y.string() })),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
  attributes: ['stage'],
  view: {
    properties: ['id', 'name', 'stage', 'score'],
    index: ['stage', 'hot'],
    calculated: { hot: y.boolean() },
    calculate: (lead) => ({ hot: lead.score >= 50 && lead.stage !== 'lost' }),
  },
})

export const Account = entity('Account', {
  properties: {
    id: y.string(),
    name: y.string(),
    industry: y.string(),
    revenue: y.decimal(),
    city: y.string(),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

// The record comes from a file: whatever is wrong with it, the builder carries along and submit reports.
const entities = { Lead, Account }

/** The update of one change; a type that the pipeline does not know is a bad line. */
export const toUpdate = (line: unknown): Update<'Lead' | 'Account'> => {
  const { type, change, record } = line as {
    readonly type: keyof typeof entities
    readonly change: string
    readonly record: never
  }
  const of = entities[type]
  if (of === undefined) throw new Error(`no entity for ${String(type)}`)
  return change === 'delete' ? of.toDelete(record, { source: 'crm' }) : of.toUpdate(record, { source: 'crm' })
}
