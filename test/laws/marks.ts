// Leads under any rule of de-duplication, and the mark that an update bears under its own.
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { y } from '../../src/model/property.ts'
import { candidate } from './entities.ts'

export const mark = (of: AnyEntity, update: Parameters<typeof candidate>[1]) => candidate(of, update).marks[0]
const properties = { id: y.string(), at: y.dateTime(), a: y.optional(y.string()), b: y.optional(y.integer()) }
export const lead = (deduplication?: {
  readonly by: 'history' | 'latest'
  readonly ignore?: readonly ('a' | 'b')[]
}) =>
  entity('Lead', {
    properties,
    identifier: ['id'],
    timestamp: 'at',
    ...(deduplication === undefined ? {} : { deduplication }),
  })
