// The endpoints around records: describe, updated and deleted with what they cover, limits and record counts.
import { described } from './objects.ts'
import { json, refuse, type Backend, type Endpoint, type Request } from './request.ts'
import { stampOf, type Store, type Table } from './store.ts'

const day = 86_400_000
const minute = (millis: number): number => Math.floor(millis / 60_000) * 60_000

// Start and end of a replication range, whole minutes, or why there is none.
const rangeOf = (
  { query }: Request,
  now: number,
  days: number,
): { readonly start: number; readonly end: number } | string => {
  const [start, end] = [
    minute(Date.parse(query.get('start') ?? '')),
    minute(Date.parse(query.get('end') ?? '')),
  ]
  if (Number.isNaN(start) || Number.isNaN(end)) return 'startDate and endDate are required'
  if (start >= end) return 'endDate must be at least one minute greater than startDate'
  if (start < now - days * day) return `startDate cannot be more than ${days} days ago`
  return { start, end }
}

// A transaction that is still open holds back what is covered: its changes will carry stamps from its
// beginning on.
const coveredOf = (store: Store, end: number): string =>
  stampOf(Math.min(end, minute(store.clock.now()), store.oldestOpen() ?? Infinity))

const updated = (store: Store, table: Table, request: Request): ReturnType<Endpoint> => {
  const range = rangeOf(request, store.clock.now(), 30)
  if (typeof range === 'string') return refuse(400, 'INVALID_REPLICATION_DATE', range)
  const ids: string[] = []
  // Stamps are all of one form, so their texts order as they do.
  const [start, end] = [stampOf(range.start), stampOf(range.end)]
  for (const [id, values] of table.rows) {
    const at = String(values['SystemModstamp'] ?? values['CreatedDate'])
    if (values['IsDeleted'] !== true && at >= start && at < end) ids.push(id)
  }
  return ids.length > 600_000
    ? refuse(400, 'EXCEEDED_ID_LIMIT', 'too many ids')
    : json({ ids, latestDateCovered: coveredOf(store, range.end) })
}

const deleted = (store: Store, table: Table, request: Request): ReturnType<Endpoint> => {
  const now = store.clock.now()
  const range = rangeOf(request, now, 15)
  if (typeof range === 'string') return refuse(400, 'INVALID_REPLICATION_DATE', range)
  const deletedRecords: { id: string; deletedDate: string }[] = []
  for (const [id, values] of table.rows) {
    const at = Date.parse(String(values['SystemModstamp']))
    if (values['IsDeleted'] === true && at >= range.start && at < range.end)
      deletedRecords.push({ id, deletedDate: stampOf(at) })
  }
  return json({
    deletedRecords,
    earliestDateAvailable: stampOf(now - 15 * day),
    latestDateCovered: coveredOf(store, range.end),
  })
}

/** Describe, replication, limits; `used` is how many API calls have been spent. */
export const replication =
  ({ store, settings }: Backend, used: () => number): Endpoint =>
  (request) => {
    const { method, path, query, base } = request
    if (method !== 'GET') return undefined
    if (path === '/limits') {
      const of = (Max: number, spent = 0): object => ({ Max, Remaining: Max - spent })
      return json({
        DailyApiRequests: of(settings.dailyCalls, used()),
        DailyBulkApiBatches: of(15_000),
        DailyBulkV2QueryFileStorageMB: of(976_562),
        DailyBulkV2QueryJobs: of(10_000),
      })
    }
    if (path === '/limits/recordCount') {
      const names = (query.get('sObjects') ?? '').split(',')
      return json({
        sObjects: names.flatMap((name) => {
          const table = store.tables.get(name)
          return table === undefined ? [] : [{ count: table.rows.size, name }]
        }),
      })
    }
    if (path === '/sobjects') {
      return json({
        encoding: 'UTF-8',
        maxBatchSize: 200,
        sobjects: [...store.tables.values()].map(({ object }) => ({
          ...described({ ...object, fields: [] }, base),
          fields: undefined,
        })),
      })
    }
    const [, name = '', verb] = /^\/sobjects\/(\w+)\/(describe|updated|deleted)\/?$/.exec(path) ?? []
    if (verb === undefined) return undefined
    const table = store.tables.get(name)
    if (table === undefined) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist')
    if (verb === 'describe') return json(described(table.object, base))
    if (table.object.replicateable === false)
      return refuse(
        400,
        'INVALID_TYPE_FOR_OPERATION',
        `entity type ${name} does not support ${verb === 'updated' ? 'getUpdated' : 'getDeleted'}`,
      )
    return verb === 'updated' ? updated(store, table, request) : deleted(store, table, request)
  }
