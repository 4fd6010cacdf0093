// Hard deletes leave no trace: what is stored is compared with the Ids that are there, and a guard stands
// before a mass delete.
import { instant, nowhere, type Cursor } from '../cursor.ts'
import { goneOf, recordsOf, type Extraction } from '../extraction.ts'
import { refused } from '../org/failure.ts'
import type { Plan } from '../object/nodes.ts'
import { selectOf } from '../object/read.ts'
import { fitsUri, restPages, type Query } from '../scan/rest.ts'
import { alive, scanned } from '../scan/scan.ts'
import { backfill } from './whole.ts'
import type { CursorPage } from './windows.ts'

export interface Guard {
  /** Share of the known records that may vanish at once: 0.1 unless said. */
  readonly share: number
  /** So many may always vanish: 10 unless said. */
  readonly records: number
}

const idOnly: Plan = {
  nodes: [],
  columns: ['Id'],
  bulk: true,
  unstamped: [],
  fields: {},
  grown: [],
  facts: { object: '', fields: {} },
  warnings: [],
}
const noMeta = { stamp: undefined, deleted: false, master: false }
// A copy of its own: a piece of a page's text would keep the whole page alive.
const short = (id: string): string => Buffer.from(id.slice(0, 15), 'latin1').toString('latin1')

// Every Id that is there, and whether increments have passed it: one that they have, and that the store does
// not hold, was never seen.
const idsThere = async (extraction: Extraction, from: string | null): Promise<Map<string, boolean>> => {
  const {
    meta: { stamp },
  } = extraction
  const ids = new Map<string, boolean>()
  const passed = from?.slice(0, 19) ?? ''
  const scan = {
    ...alive(extraction, null),
    by: 'id',
    limit: 200_000,
    plan: idOnly,
    meta: { ...noMeta, stamp },
  } as const
  for await (const { rows } of scanned(extraction, scan, nowhere))
    for (const row of rows) ids.set(short(row.id), row.stamp !== undefined && row.stamp < passed)
  return ids
}

const inIds = (ids: readonly string[]): string => `Id IN (${ids.map((id) => `'${id}'`).join(', ')})`

// Asked again one by one: what is in the bin, or came back, is not gone. Ends where more is gone than may be.
const goneOnes = async (
  extraction: Extraction,
  ids: readonly string[],
  most: number,
): Promise<readonly string[]> => {
  const gone: string[] = []
  for (let at = 0; at < ids.length && gone.length <= most; at += 200) {
    const asked = ids.slice(at, at + 200)
    const found = new Set<string>()
    const soql = `SELECT Id FROM ${extraction.object} WHERE ${inIds(asked)}`
    for await (const { rows } of restPages(extraction, { soql, all: true, plan: idOnly, meta: noMeta }))
      for (const { id } of rows) found.add(short(id))
    gone.push(...asked.filter((id) => !found.has(id.slice(0, 15))))
  }
  return gone
}

/** So many records that were never seen are asked for by their Ids; more of them by reading all again. */
const few = 2_000

// Records that are there, and were not to be seen when they were due: shared with this user later, or left
// out by somebody else's mistake.
const unseenOnes = async function* (
  extraction: Extraction,
  start: Cursor,
  ids: readonly string[],
): AsyncGenerator<CursorPage, Cursor> {
  const { plan, meta, object, context } = extraction
  const done = { ...start, reconciled: instant(extraction.now()) }
  if (ids.length === 0 || start.from === null) return done
  context.warn(
    `${object}: ${ids.length} records are there and not stored (not visible before, left out by ` +
      `normalise, or in quarantine): they are read`,
  )
  const { where, all } = alive(extraction, start.from)
  const queryOf = (asked: readonly string[]): Query => ({
    soql:
      `SELECT ${selectOf(plan, { ...meta, deleted: false, master: false }).join(', ')} FROM ` +
      `${object} WHERE ${where === '' ? '' : `${where} AND `}${inIds(asked)}`,
    all,
    plan,
    meta: { ...meta, deleted: false, master: false },
  })
  if (ids.length > few || !fitsUri(queryOf(ids.slice(0, 100))))
    return yield* backfill(extraction, { ...done, backfill: { cutoff: start.from, ...nowhere } })
  for (let at = 0; at < ids.length; at += 100)
    for await (const { rows } of restPages(extraction, queryOf(ids.slice(at, at + 100))))
      yield { records: recordsOf(extraction, rows), cursor: start }
  return done
}

/**
 * Deletes what Salesforce no longer has, and reads what it has and the store has not. `identifier` is the
 * entity's property that holds the Id.
 */
export const reconcile = async function* (
  extraction: Extraction,
  cursor: Cursor,
  identifier: string,
  guard: Guard,
): AsyncGenerator<CursorPage, Cursor> {
  const {
    context,
    described: { keyPrefix },
    object,
    now,
  } = extraction
  const there = await idsThere(extraction, cursor.from)
  const missing: string[] = []
  let [known, others] = [0, 0]
  for await (const page of context.live()) {
    for (const values of page) {
      const id = values[identifier] ?? ''
      // Whatever else feeds this entity has other identifiers, and is none of ours.
      if (!/^\w{15}(\w{3})?$/.test(id) || (keyPrefix !== undefined && !id.startsWith(keyPrefix))) {
        others++
        continue
      }
      known++
      const key = id.slice(0, 15)
      if (there.has(key)) there.set(key, false)
      else missing.push(id)
    }
  }
  const at = instant(now())
  if (known === 0 && others > 0)
    context.warn(
      `reconcile ${object}: none of the ${others} entities has an Id of ${object} for its identifier, so ` +
        `nothing was compared`,
    )
  const most = Math.max(guard.records, known * guard.share)
  const gone = await goneOnes(extraction, missing, most)
  if (gone.length > most) {
    throw refused(
      `reconcile ${object}`,
      `${gone.length}${missing.length > 200 ? ' or more' : ''} of ${known} records would be deleted: ` +
        `more than the guard allows, so none is. Where this is right, raise reconcile.share`,
      { code: 'MASS_DELETE', retry: false },
    )
  }
  for (let from = 0; from < gone.length; from += 2_000)
    yield { records: gone.slice(from, from + 2_000).map((id) => goneOf(id, at)), cursor }
  const done = yield* unseenOnes(
    extraction,
    cursor,
    known === 0 && others > 0 ? [] : [...there].flatMap(([id, unseen]) => (unseen ? [id] : [])),
  )
  yield { records: [], cursor: done }
  return done
}
