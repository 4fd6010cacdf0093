// Increments: windows of time that follow each other without a gap, each closed only when nothing can appear
// in it any more.
import type { Page } from 'dreampipe'
import { instant, nowhere, positionOf, type Cursor } from '../cursor.ts'
import { jsonOf } from '../org/describe.ts'
import { recordsOf, type Extraction } from '../extraction.ts'
import { isRefused, refused } from '../org/failure.ts'
import { alive, scanned } from '../scan/scan.ts'

export type CursorPage = Page<unknown, Cursor>

const minute = 60_000
/** What a transaction may take: its records carry stamps of its beginning, and are seen at its end. */
const longestTransaction = 10 * minute

/**
 * Until when everything is visible, as SOQL takes it. `updated` says so exactly: a transaction that is still
 * open holds it back. Where an object has no
 * `updated`, ten minutes are left out. By the server's clock alone.
 */
export const horizon = async (extraction: Extraction): Promise<string> => {
  const { call, object, described, meta, now } = extraction
  if (Number.isNaN(now()))
    throw refused(`describe ${object}`, 'the answer has no Date header, and no other clock will do', {
      code: 'NO_DATE',
      retry: false,
    })
  if (described.replicateable && meta.stamp === 'SystemModstamp') {
    const verb = `updated ${object}`
    try {
      const range = new URLSearchParams({
        start: instant(now() - 3 * longestTransaction),
        end: instant(now()),
      })
      const { latestDateCovered } = jsonOf(
        verb,
        await (await call({ verb, path: `/sobjects/${object}/updated/?${range}` })).text(),
      ) as { readonly latestDateCovered?: unknown }
      const covered = typeof latestDateCovered === 'string' ? Date.parse(latestDateCovered) : NaN
      if (!Number.isNaN(covered)) return instant(Math.min(covered, now()))
    } catch (thrown) {
      if (
        !isRefused(thrown) ||
        thrown.retry ||
        thrown.code === 'DAILY_LIMIT' ||
        ![400, 403, 404, 405].includes(thrown.status)
      )
        throw thrown
    }
  }
  return instant(now() - longestTransaction)
}

const halfway = (from: string, to: string): string | undefined => {
  const seconds = Math.floor((Date.parse(to) - Date.parse(from)) / 2000)
  return seconds < 1 ? undefined : instant(Date.parse(from) + seconds * 1000)
}

/** Everything that changed up to `until`. A window that is too much for one query is halved. */
export const increments = async function* (
  extraction: Extraction,
  start: Cursor,
  until: string,
): AsyncGenerator<CursorPage, Cursor> {
  const { meta, plan, deletes, object, bulk } = extraction
  let cursor = start
  while (cursor.from !== null && meta.stamp !== undefined) {
    const { from } = cursor
    const to = cursor.to ?? until
    if (from >= to) return cursor
    // Where deletes are ignored, as what is there now: `query` would leave out what was archived, too.
    const there = deletes ? { where: '', all: true } : alive(extraction, null)
    const where =
      `${meta.stamp} >= ${from} AND ${meta.stamp} < ` +
      `${to}${there.where === '' ? '' : ` AND ${there.where}`}`
    try {
      for await (const { rows, position, expected } of scanned(
        extraction,
        { where, by: 'stamp', all: there.all, plan, meta, before: to },
        positionOf(cursor),
      )) {
        cursor = { ...cursor, to, ...position }
        yield {
          records: recordsOf(extraction, rows),
          cursor,
          ...(expected === undefined ? {} : { expected }),
        }
      }
    } catch (thrown) {
      const half = isRefused(thrown, 'QUERY_TIMEOUT') ? halfway(cursor.lastStamp ?? from, to) : undefined
      if (half === undefined) {
        if (!isRefused(thrown, 'QUERY_TIMEOUT') || !bulk.usable) throw thrown
        throw refused(
          `query ${object}`,
          "one second of changes takes too long to query: read it with { via: 'bulk' }",
          { code: 'QUERY_TIMEOUT', retry: false },
        )
      }
      cursor = { ...cursor, to: half }
      continue
    }
    cursor = { ...cursor, from: to, to: null, ...nowhere }
    yield { records: [], cursor }
  }
  return cursor
}
