// Hard deletes leave no trace: what is stored is compared with the Ids that are there, and a guard stands before a mass delete.
import { instant, nowhere, type Cursor } from './cursor.ts'
import { goneOf, type Extraction } from './extraction.ts'
import { refused } from './failure.ts'
import type { Plan } from './plan.ts'
import { restPages } from './rest.ts'
import { scanned } from './scan.ts'
import { alive } from './whole.ts'
import type { CursorPage } from './windows.ts'

export interface Guard {
  /** Share of the known records that may vanish at once: 0.1 unless said. */
  readonly share: number
  /** So many may always vanish: 10 unless said. */
  readonly records: number
}

const idOnly: Plan = { nodes: [], columns: ['Id'], bulk: true, formulas: false, fields: {}, warnings: [] }
const noMeta = { stamp: undefined, deleted: false, master: false }
// A copy of its own: a piece of a page's text would keep the whole page alive.
const short = (id: string): string => Buffer.from(id.slice(0, 15), 'latin1').toString('latin1')

const idsThere = async (extraction: Extraction): Promise<ReadonlySet<string>> => {
  const ids = new Set<string>()
  for await (const { rows } of scanned(extraction, { ...alive(extraction, null), by: 'id', limit: 200_000, plan: idOnly, meta: noMeta }, nowhere)) for (const { id } of rows) ids.add(short(id))
  return ids
}

// Asked again one by one: what was in the bin, or came back, is not gone.
const stillThere = async (extraction: Extraction, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (let at = 0; at < ids.length; at += 200) {
    const soql = `SELECT Id FROM ${extraction.object} WHERE Id IN (${ids.slice(at, at + 200).map((id) => `'${id}'`).join(', ')})`
    for await (const { rows } of restPages(extraction, { soql, all: true, plan: idOnly, meta: noMeta })) for (const { id } of rows) found.add(short(id))
  }
  return found
}

/** Deletes what Salesforce no longer has. `identifier` is the entity's property that holds the Id. */
export const reconcile = async function* (extraction: Extraction, cursor: Cursor, identifier: string, guard: Guard): AsyncGenerator<CursorPage, Cursor> {
  const { context, described: { keyPrefix }, object, now } = extraction
  const there = await idsThere(extraction)
  const missing: string[] = []
  let known = 0
  for await (const page of context.live()) {
    for (const values of page) {
      const id = values[identifier] ?? ''
      // Whatever else feeds this entity has other identifiers, and is none of ours.
      if (!/^\w{15}(\w{3})?$/.test(id) || (keyPrefix !== undefined && !id.startsWith(keyPrefix))) continue
      known++
      if (!there.has(id.slice(0, 15))) missing.push(id)
    }
  }
  if (missing.length > Math.max(guard.records, known * guard.share)) {
    throw refused(`reconcile ${object}`, `${missing.length} of ${known} records would be deleted: more than the guard allows, so none is. Where this is right, raise reconcile.share`, { code: 'MASS_DELETE', retry: false })
  }
  const back = missing.length === 0 ? new Set<string>() : await stillThere(extraction, missing)
  const gone = missing.filter((id) => !back.has(id.slice(0, 15)))
  const at = instant(now())
  const done = { ...cursor, reconciled: at }
  for (let from = 0; from < gone.length; from += 2_000) yield { records: gone.slice(from, from + 2_000).map((id) => goneOf(id, at)), cursor }
  yield { records: [], cursor: done }
  return done
}
