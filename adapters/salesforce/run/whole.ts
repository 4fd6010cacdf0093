// Reading a whole object: the first load beside increments, and the refresh of formulas whose changes touch
// no stamp.
import { instant, nowhere, positionOf, type Cursor } from '../cursor.ts'
import { recordsOf, type Extraction } from '../extraction.ts'
import { alive, scanned, type Scan } from '../scan/scan.ts'
import { horizon, increments, type CursorPage } from './windows.ts'

/**
 * Records of a REST query by Id: few enough to be planned quickly; one that takes too long is asked in
 * smaller pieces.
 */
const piece = 200_000
/** Milliseconds of the server's time after which a long load lets increments pass. */
const incrementsEach = 5 * 60_000

const wholeScan = (extraction: Extraction, before: string | null): Scan => ({
  ...alive(extraction, before),
  by: 'id',
  limit: piece,
  plan: extraction.plan,
  meta: { ...extraction.meta, deleted: false, master: false },
  ...(before === null ? {} : { before }),
})

// Lets increments pass beside a long reading, every few minutes of the server's time.
const beside = (extraction: Extraction) => {
  let passed = extraction.now()
  return async function* (cursor: Cursor): AsyncGenerator<CursorPage, Cursor> {
    if (extraction.now() - passed < incrementsEach) return cursor
    const next = yield* increments(extraction, cursor, await horizon(extraction))
    passed = extraction.now()
    return next
  }
}

/**
 * The first load, by Id, of what last changed before its cutoff; what changes meanwhile is read beside it. An
 * object without a stamp is loaded anew each run.
 */
export const backfill = async function* (
  extraction: Extraction,
  start: Cursor,
): AsyncGenerator<CursorPage, Cursor> {
  let cursor = start
  if (cursor.backfill === null) return cursor
  const { cutoff } = cursor.backfill
  const increment = beside(extraction)
  for await (const { rows, position, expected } of scanned(
    extraction,
    wholeScan(extraction, cutoff),
    positionOf(cursor.backfill),
  )) {
    cursor = { ...cursor, backfill: { cutoff, ...position } }
    yield { records: recordsOf(extraction, rows), cursor, ...(expected === undefined ? {} : { expected }) }
    cursor = yield* increment(cursor)
  }
  // What is there now has just been read, formulas and all.
  const at = instant(extraction.now())
  cursor = {
    ...cursor,
    backfill: null,
    reconciled: cursor.reconciled ?? at,
    refreshed: cursor.refreshed ?? cutoff ?? at,
  }
  yield { records: [], cursor }
  return cursor
}

/**
 * Reads every record again for its formulas, as of the instant up to which increments are complete: whatever
 * changes later has a later stamp. Records that
 * changed since are left out, because their increments bring them, formulas included.
 */
export const refresh = async function* (
  extraction: Extraction,
  start: Cursor,
): AsyncGenerator<CursorPage, Cursor> {
  let cursor = start
  const asOf = cursor.refresh?.asOf ?? cursor.from
  if (asOf === null) return cursor
  const increment = beside(extraction)
  for await (const { rows, position, expected } of scanned(
    extraction,
    wholeScan(extraction, asOf),
    positionOf(cursor.refresh ?? nowhere),
  )) {
    cursor = { ...cursor, refresh: { asOf, ...position } }
    yield {
      records: recordsOf(extraction, rows, asOf),
      cursor,
      ...(expected === undefined ? {} : { expected }),
    }
    cursor = yield* increment(cursor)
  }
  cursor = { ...cursor, refresh: null, refreshed: instant(extraction.now()) }
  yield { records: [], cursor }
  return cursor
}
