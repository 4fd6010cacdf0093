// A scan: all records of a condition, by REST or by Bulk as their number asks for, from where it was left.
import { bulkPages, createJob, isUnsupported } from './bulk.ts'
import type { Position } from '../cursor.ts'
import type { Extraction } from '../extraction.ts'
import { isRefused, refused } from '../org/failure.ts'
import type { Plan } from '../object/nodes.ts'
import { selectOf, soqlInstant, type Meta, type Row } from '../object/read.ts'
import { fitsUri, restPages, type Query } from './rest.ts'

export interface Scan {
  /** The condition; the empty text is all records. */
  readonly where: string
  /** By stamp and Id, or by Id alone and then in pieces of `limit` records. */
  readonly by: 'stamp' | 'id'
  readonly limit?: number
  /** Records in the recycle bin too. */
  readonly all: boolean
  readonly plan: Plan
  readonly meta: Meta
  /** Rows stamped later than this belong to a later window: they changed while they were read. */
  readonly before?: string
}
export interface Scanned {
  readonly rows: readonly Row[]
  readonly position: Position
  readonly expected?: number
}

/** Records that are there now: `queryAll` without the bin's, because `query` leaves out archived ones. */
export const alive = (
  { described, meta }: Extraction,
  before: string | null,
): Pick<Scan, 'where' | 'all'> => {
  const bin = described.fields.get('IsDeleted')?.filterable === true
  return {
    where: [
      ...(bin ? ['IsDeleted = false'] : []),
      ...(before === null || meta.stamp === undefined ? [] : [`${meta.stamp} < ${before}`]),
    ].join(' AND '),
    all: bin,
  }
}

const anded = (...conditions: readonly string[]): string => {
  const all = conditions.filter((condition) => condition !== '')
  const several = all.length > 1
  const terms = all.map((each) => (several && / (AND|OR) /.test(each) ? `(${each})` : each))
  return all.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`
}

// What lies behind a position: ids are compared by the server alone, and ties of one second by their ids.
const behind = ({ by, meta: { stamp } }: Scan, { lastStamp, lastId }: Position): string => {
  if (lastId === null) return ''
  return by === 'id'
    ? `Id > '${lastId}'`
    : `(${stamp} = ${lastStamp} AND Id > '${lastId}') OR ${stamp} > ${lastStamp}`
}

const queryOf = (
  { object }: Extraction,
  scan: Scan,
  position: Position,
  limit: number | undefined,
): Query => {
  const order = scan.by === 'id' ? 'Id' : `${scan.meta.stamp}, Id`
  const soql =
    `SELECT ${selectOf(scan.plan, scan.meta).join(', ')} FROM ` +
    `${object}${anded(scan.where, behind(scan, position))} ORDER BY ` +
    `${order}${limit === undefined ? '' : ` LIMIT ${limit}`}`
  return { soql, all: scan.all, plan: scan.plan, meta: scan.meta }
}
// No ORDER BY: it would switch off the chunking by primary key that lets Bulk read large objects.
const bulkQueryOf = ({ object }: Extraction, scan: Scan): Query => ({
  soql: `SELECT ${selectOf(scan.plan, scan.meta).join(', ')} FROM ${object}${anded(scan.where)}`,
  all: scan.all,
  plan: scan.plan,
  meta: scan.meta,
})

// By whole seconds: the first 19 characters, which are digits at fixed places. (`<` on texts takes many times
// as long.)
const isBefore = (stamp: string, limit: string): boolean => {
  for (let i = 0; i < 19; i++) {
    const by = stamp.charCodeAt(i) - limit.charCodeAt(i)
    if (by !== 0) return !(by > 0)
  }
  return false
}

const inTime = (rows: readonly Row[], { before }: Scan): readonly Row[] => {
  if (before === undefined) return rows
  const isIn = ({ stamp }: Row): boolean => stamp === undefined || isBefore(stamp, before)
  return rows.every(isIn) ? rows : rows.filter(isIn)
}

const jobsTried = 3

// By a job. It answers where to go on by REST, where Salesforce cannot do it by Bulk.
const byBulk = async function* (
  extraction: Extraction,
  scan: Scan,
  from: Position,
): AsyncGenerator<Scanned, Position | undefined> {
  const query = bulkQueryOf(extraction, scan)
  for (let position = from; ;) {
    try {
      let { job } = position
      if (job === null) {
        job = await createJob(extraction, query)
        position = { ...position, lastStamp: null, lastId: null, job }
        // Kept before it is waited for: whoever goes on here goes on with this job.
        yield { rows: [], position }
      }
      for await (const page of bulkPages(extraction, query, job)) {
        position = { ...position, job: page.job }
        yield {
          rows: inTime(page.rows, scan),
          position,
          ...(page.total === undefined ? {} : { expected: page.total }),
        }
      }
      return undefined
    } catch (thrown) {
      const anew: Position = { ...position, job: null }
      const failed = isRefused(thrown, 'JOB_FAILED', 'JOB_GONE')
      if (
        (isUnsupported(thrown) || (failed && position.failures + 1 >= jobsTried)) &&
        extraction.reading.via !== 'bulk'
      ) {
        extraction.bulk.usable = false
        extraction.context.warn(
          `Bulk cannot read ${extraction.object}, so REST does: ${(thrown as Error).message}`,
        )
        return { ...anew, failures: 0 }
      }
      if (!failed) throw thrown
      position = { ...anew, failures: position.failures + 1 }
      yield { rows: [], position: position.failures < jobsTried ? position : { ...position, failures: 0 } }
      if (position.failures >= jobsTried)
        throw refused(
          `bulk query ${extraction.object}`,
          `${jobsTried} jobs came to nothing: ${thrown.message}`,
          { code: 'JOB_FAILED', retry: false },
        )
    }
  }
}

// By REST; answers where it went over to Bulk.
const byRest = async function* (
  extraction: Extraction,
  scan: Scan,
  from: Position,
): AsyncGenerator<Scanned, Position | undefined> {
  const { reading, bulk } = extraction
  let position = from
  let limit = scan.limit
  for (let stuck = 0; ;) {
    let total = 0
    try {
      const query = queryOf(extraction, scan, position, limit)
      if (!fitsUri(query)) {
        if (bulk.usable) return position
        throw refused(
          `query ${extraction.object}`,
          'its fields make the address longer than Salesforce takes, and Bulk cannot read it: declare fewer',
          { code: 'URI_TOO_LONG', retry: false },
        )
      }
      for await (const { rows, total: all, first } of restPages(extraction, query)) {
        if (first && all > reading.bulkAbove && bulk.usable) return position
        total = all
        stuck = 0
        const kept = inTime(rows, scan)
        const last = (scan.by === 'id' ? rows : kept).at(-1)
        if (last !== undefined)
          position = {
            ...position,
            lastStamp: last.stamp === undefined ? null : soqlInstant(last.stamp),
            lastId: last.id,
          }
        yield { rows: kept, position, expected: all }
      }
    } catch (thrown) {
      // The server forgot the query: asked again from here. Too slow: in smaller pieces.
      if (isRefused(thrown, 'INVALID_QUERY_LOCATOR') && stuck++ < 3) continue
      if (isRefused(thrown, 'QUERY_TIMEOUT') && limit !== undefined && (limit > 2_000 || bulk.usable)) {
        if (limit <= 2_000) return position
        limit = Math.max(2_000, Math.floor(limit / 4))
        continue
      }
      throw thrown
    }
    if (limit === undefined || total < limit) return undefined
  }
}

/** All records of a scan from a position on. Each yield says where to go on behind its rows. */
export const scanned = async function* (
  extraction: Extraction,
  scan: Scan,
  from: Position,
): AsyncGenerator<Scanned> {
  const { reading, bulk } = extraction
  let position: Position | undefined = from
  let jobs = from.job !== null || reading.via === 'bulk'
  while (position !== undefined) {
    position = yield* jobs && bulk.usable
      ? byBulk(extraction, scan, position)
      : byRest(extraction, scan, { ...position, job: null })
    jobs = !jobs
  }
}
