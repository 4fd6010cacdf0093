// A run: describe, check, read what changed, go on with the first load, and look after hard deletes and
// formulas when they are due.
import type { AnyEntity, PageContext, Properties } from 'dreampipe'
import { instant, nowhere, type Cursor } from '../cursor.ts'
import { describe, stampFieldOf, type Described } from '../org/describe.ts'
import { letGo, type Extraction, type Reading } from '../extraction.ts'
import { isRefused, isStop, refused } from '../org/failure.ts'
import type { Call, Org } from '../org/org.ts'
import { parentsOf, planOf } from '../object/plan.ts'
import { reconcile, type Guard } from './reconcile.ts'
import { backfill, refresh } from './whole.ts'
import { horizon, increments, type CursorPage } from './windows.ts'

export interface Source {
  readonly org: Org
  readonly entity: AnyEntity
  readonly object: string
  readonly fields: Properties | undefined
  readonly deletes: boolean
  readonly reading: Reading
  readonly reconcile: (Guard & { readonly hours: number }) | undefined
  readonly formulas: { readonly hours: number } | undefined
  readonly newFields: 'all-records' | 'changed-records'
}

const extractionOf = async (
  { org, entity, object, fields, deletes, formulas, reading }: Source,
  cursor: Cursor,
  context: PageContext,
): Promise<Extraction> => {
  let at = NaN
  const call = async (request: Call) => {
    const reply = await org.call(request, context)
    if (!Number.isNaN(reply.at)) at = Math.max(reply.at, Number.isNaN(at) ? 0 : at)
    return reply
  }
  const asking: Org = { ...org, call }
  const described = await describe(asking, object, context)
  if (!described.queryable)
    throw refused(`describe ${object}`, `${object} cannot be queried`, {
      code: 'NOT_QUERYABLE',
      retry: false,
    })
  // A parent that this user may not see is told by the fields that are missing.
  const unseen = (thrown: unknown): readonly Described[] => {
    if (
      isRefused(thrown) &&
      (thrown.status === 404 || thrown.status === 403) &&
      !thrown.retry &&
      thrown.code !== 'DAILY_LIMIT'
    )
      return []
    throw thrown
  }
  const parents = (
    await Promise.all(
      [...new Set(parentsOf(described, fields))].map((parent) =>
        describe(asking, parent, context).then((each) => [each], unseen),
      ),
    )
  ).flat()
  const plan = planOf(entity, described, parents, fields, cursor.fields)
  for (const warning of plan.warnings) context.warn(`${object}: ${warning}`)
  const bin = deletes && described.fields.has('IsDeleted')
  const meta = {
    stamp: stampFieldOf(described),
    deleted: bin,
    master: bin && described.fields.has('MasterRecordId'),
  }
  const late = new Set([...(cursor.late ?? []), ...plan.grown].filter((column) => column in plan.fields))
  return {
    org,
    entity,
    object,
    described,
    plan,
    meta,
    reading,
    context,
    deletes: bin,
    refreshes: formulas !== undefined,
    late,
    call,
    now: () => at,
    bulk: { usable: reading.via !== 'rest' && plan.bulk },
  }
}

const isDue = (last: string | null, hours: number, now: number): boolean =>
  last !== null && now - Date.parse(last) >= hours * 3_600_000
const bin = 15 * 24 * 3_600_000
const some = (names: readonly string[]): string =>
  `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`

// What this reading will never see by itself is told with the first run.
const shortcomings = (
  { object, formulas }: Source,
  { meta: { stamp }, plan: { unstamped }, described, context }: Extraction,
): void => {
  if (stamp === undefined) return
  if (stamp !== 'SystemModstamp' && stamp !== 'LastModifiedDate')
    context.warn(
      `${object}: ${stamp} does not move when a record ` +
        `changes${described.fields.has('IsDeleted') ? ' or is deleted' : ''}: only reconcile finds deletes`,
    )
  if (formulas === undefined && unstamped.length > 0)
    context.warn(
      `${object}: ${some(unstamped)} change${unstamped.length === 1 ? 's' : ''} without ` +
        `${unstamped.length === 1 ? 'its' : 'their'} record changing: without formulas that is seen only ` +
        `when the record changes`,
    )
}

// Where the cursor stands when columns came to what is read: all records are read again for them. Under
// `history` each by its own stamp, so that one in which
// nothing came is a duplicate; under `latest` as of now, because their stamps may lie behind what was last
// seen. A window in hand begins again.
const widened = (
  { object, entity, newFields }: Source,
  { plan: { grown }, meta, context }: Extraction,
  cursor: Cursor,
): Cursor => {
  if (grown.length === 0 || meta.stamp === undefined || cursor.from === null) return cursor
  if (newFields === 'changed-records') {
    context.warn(`${object}: ${some(grown)} new: records bring it when they next change`)
    return cursor
  }
  context.warn(`${object}: ${some(grown)} new: all records are read again for it`)
  const whole = entity.definition.by === 'history' || cursor.backfill !== null
  const anew = { asOf: cursor.from, ...nowhere }
  return {
    ...cursor,
    ...nowhere,
    ...(whole ? { backfill: { cutoff: cursor.from, ...nowhere } } : { refresh: anew }),
    ...(cursor.refresh === null ? {} : { refresh: anew }),
  }
}

const parts = async function* (
  source: Source,
  start: Cursor,
  context: PageContext,
): AsyncGenerator<CursorPage> {
  const extraction = await extractionOf(source, start, context)
  const { meta, now, plan, late } = extraction
  if (start.from === null && start.backfill === null) shortcomings(source, extraction)
  let cursor: Cursor = {
    ...widened(source, extraction, start),
    fields: plan.fields,
    ...(late.size === 0 ? {} : { late: [...late] }),
  }
  if (meta.stamp === undefined) {
    if (cursor.backfill === null)
      context.warn(`${source.object} has no stamp that can be queried: every run reads all of it`)
    cursor = { ...cursor, backfill: cursor.backfill ?? { cutoff: null, ...nowhere } }
  } else {
    const until = await horizon(extraction)
    if (cursor.from === null) {
      cursor = { ...cursor, from: until, backfill: { cutoff: until, ...nowhere } }
      yield { records: [], cursor }
    } else if (extraction.deletes && now() - Date.parse(cursor.from) > bin) {
      context.warn(
        `${source.object} was last read ${cursor.from}: what left the recycle bin since then shows only ` +
          `by reconcile`,
      )
      // Due at once, and still so should this run end before.
      cursor = { ...cursor, reconciled: instant(0) }
    }
    if (plan.grown.length > 0) yield { records: [], cursor }
    cursor = yield* increments(extraction, cursor, until)
  }
  cursor = yield* backfill(extraction, cursor)
  if (source.reconcile !== undefined && isDue(cursor.reconciled, source.reconcile.hours, now())) {
    cursor = yield* reconcile(
      extraction,
      cursor,
      source.entity.definition.identifier[0] as string,
      source.reconcile,
    )
  }
  if (
    meta.stamp !== undefined &&
    (cursor.refresh !== null ||
      (source.formulas !== undefined && isDue(cursor.refreshed, source.formulas.hours, now())))
  )
    cursor = yield* refresh(extraction, cursor)
}

// A spent budget ends them in good order: the last cursor comes once more, and the next run goes on there.
const ended = async function* (
  source: Source,
  start: Cursor,
  context: PageContext,
): AsyncGenerator<CursorPage> {
  let reached = start
  try {
    for await (const page of parts(source, start, context)) {
      reached = page.cursor
      yield page
    }
  } catch (thrown) {
    if (!isStop(thrown)) throw thrown
    context.warn(
      `${source.object}: ${thrown.why}; the next run goes on at ` +
        `${reached.to ?? reached.from ?? 'the beginning'}`,
    )
    yield { records: [], cursor: reached, spent: true }
  }
}

/**
 * Pages behind a cursor. Whoever takes one has the records for himself: no generator below holds them while
 * the next page comes.
 */
export const pagesOf =
  (source: Source) =>
  (start: Cursor, context: PageContext): AsyncIterable<CursorPage> => ({
    [Symbol.asyncIterator]: () => {
      const pages = ended(source, start, context)
      let before: readonly unknown[] = []
      return {
        next: async () => {
          letGo(before)
          const next = await pages.next()
          if (next.done === true) return next
          before = next.value.records
          return { done: false, value: { ...next.value, records: before.slice() } }
        },
        return: () => pages.return(undefined),
      }
    },
  })
