// Rows that were written poorer than their columns, because BigQuery did not take the columns yet: found by
// what stands in their `_extra`, and written again in full.
import { inPlace, logTable, selectEvents } from '../../../schema/bigquery.ts'
import { eventOf } from '../../../schema/bigquery-row.ts'
import type { Rest } from './client.ts'
import { runQuery, type JobOptions } from './jobs.ts'
import { plainRow } from './result.ts'
import { insertRows, rowsOf, type Inserting } from './insert.ts'
import { writtenTo, type LiveTables, type Lives } from './live.ts'

export interface Lateness {
  /** Notes that rows recorded since then may be poorer than their columns. */
  readonly mark: (entity: string, recordedAt: string) => Promise<void>
  /** Writes poor rows again, in full as far as the columns are live; answers how many are still poor. */
  readonly mend: (entity: string) => Promise<number>
}

const unsafe = (): never => {
  throw new Error('every integer is read as a bigint here')
}

const earlier = (a: string, b: string): string => (a < b ? a : b)

export const lateness = (
  rest: Rest,
  lives: Lives,
  options: JobOptions,
  inserting: (entity: string, live: LiveTables) => Inserting,
): Lateness => {
  const marked = new Map<string, { readonly since: string; readonly at: number }>()
  // When this process first saw these marks: a writer that set one has long finished once they have stood
  // still for a while.
  const seen = new Map<string, { readonly marks: number; readonly at: number }>()

  const mark = async (entity: string, recordedAt: string): Promise<void> => {
    const last = marked.get(entity)
    if (last !== undefined && last.since <= recordedAt && performance.now() - last.at < rest.patience / 2)
      return
    const at = performance.now()
    const live = await lives.change(
      entity,
      (now) =>
        now && {
          ...now,
          late: {
            since: now.late === undefined ? recordedAt : earlier(now.late.since, recordedAt),
            marks: (now.late?.marks ?? 0) + 1,
          },
        },
    )
    marked.set(entity, { since: live?.late?.since ?? recordedAt, at })
  }

  const mendTable = async (
    entity: string,
    live: LiveTables,
    since: string,
    generation: number,
  ): Promise<number> => {
    const table = inPlace(await rest.place(), logTable(entity, generation))
    const selected = selectEvents(table, live.columns, '__log__._recorded_at >= TIMESTAMP(@since)')
    const text = `SELECT * FROM (${selected}) WHERE _extra IS NOT NULL`
    const { fields, rows } = await runQuery(
      rest,
      text,
      [{ name: 'since', parameterType: { type: 'STRING' }, parameterValue: { value: since } }],
      options,
    )
    const events = rows.map((row) =>
      eventOf(entity, plainRow(row, fields, { integers: 'bigint', unsafe }), live.columns),
    )
    const before = rows.map(
      (row) =>
        plainRow(row, fields, { integers: 'bigint', unsafe })['_extra'] as {
          readonly [name: string]: unknown
        },
    )
    // What stays in `_extra` for good (beyond the columns' number, below their depth) is no reason to write a
    // row again.
    const poor = rowsOf(entity, events, live.columns).filter(
      (row, i) => row.text !== undefined && kept(row.text) < Object.keys(before[i] ?? {}).length,
    )
    if (poor.length === 0) return 0
    let still = 0
    const late = inserting(entity, live)
    await insertRows(
      {
        ...late,
        notLive: new Map(),
        late: async (recordedAt) => {
          still++
          await mark(entity, recordedAt)
        },
      },
      generation,
      poor,
    )
    return still
  }

  const mend = async (entity: string): Promise<number> => {
    const live = await lives.reload(entity)
    if (live?.late === undefined) return 0
    const { since, marks } = live.late
    const first = seen.get(entity)
    if (first?.marks !== marks) seen.set(entity, { marks, at: performance.now() })
    let still = 0
    for (const generation of writtenTo(live)) still += await mendTable(entity, live, since, generation)
    const quiet = first?.marks === marks && performance.now() - first.at > rest.patience * 2
    if (still === 0 && quiet) {
      await lives.change(entity, (now) => {
        if (now?.late?.marks !== marks) return undefined
        const { late: _, ...mended } = now
        return mended
      })
    }
    return still
  }

  return { mark, mend }
}

// How many properties a row keeps in `_extra`.
const kept = (text: string): number => {
  const extra = (JSON.parse(`{${text}}`) as { readonly _extra: string | null })._extra
  return extra === null ? 0 : Object.keys(JSON.parse(extra) as object).length
}
