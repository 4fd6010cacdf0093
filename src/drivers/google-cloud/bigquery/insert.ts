// Rows into BigQuery by insertAll: exact, repeatable, answered row by row; a column that is not live yet
// waits in `_extra`.
import { createHash } from 'node:crypto'
import { brokenDown, unavailable } from '../../../model/errors.ts'
import type { StoredEvent } from '../../../model/event.ts'
import { logTable } from '../../../schema/bigquery.ts'
import { rowOf, withoutColumn, writtenNumber, type Row } from '../../../schema/bigquery-row.ts'
import type { Columns } from '../../../schema/columns.ts'
import { pauseBefore, type Rest } from './client.ts'
import { isNotFound, isPassing, refusalOf } from './errors.ts'

/** What one request takes at most; BigQuery's limits are 50,000 rows and 10 MB. */
const most = { rows: 500, bytes: 8_000_000, atOnce: 4 }

/**
 * Columns that the servers which take rows do not know yet, and until when they are not asked again
 * (`performance.now()`).
 */
export interface NotLive {
  readonly paths: readonly (readonly string[])[]
  readonly until: number
}

export interface Inserting {
  readonly rest: Rest
  readonly entity: string
  readonly columns: Columns
  /** What this process knows of columns that are not live; kept between inserts. */
  readonly notLive: Map<string, NotLive>
  /**
   * Called before rows are written poorer than their columns: notes, durably, that they are to be written
   * again.
   */
  readonly late: (recordedAt: string) => Promise<void>
  /** Milliseconds for which a column that was refused is taken for not live. */
  readonly retryLate: number
}

interface RowError {
  readonly index?: number | string
  readonly errors?: readonly {
    readonly reason?: string
    readonly message?: string
    readonly location?: string
  }[]
}
interface InsertAnswer {
  readonly insertErrors?: readonly RowError[]
}

let lastWritten = 0n

// Microseconds since 1970, never the same twice in this process.
const nowMicros = (): bigint => {
  const now = BigInt(Date.now()) * 1_000n
  lastWritten = now > lastWritten ? now : lastWritten + 1n
  return lastWritten
}

// Same event, same row: same id, so that BigQuery drops what is sent twice. A fuller row of the event has
// another.
const insertId = ({ event, text }: Row): string =>
  `${event.eventId}.${createHash('sha1').update(text).digest('hex').slice(0, 16)}`

/** The events as rows; throws, with nothing written, where one can never be a row. */
export const rowsOf = (entity: string, events: readonly StoredEvent[], columns: Columns): readonly Row[] =>
  events.map((event) => {
    const row = rowOf(event, columns)
    if ('why' in row)
      throw brokenDown(
        `query engine ${entity}`,
        `event ${event.eventId} can never be a row: ${row.path}: ${row.why}`,
      )
    return row
  })

interface Chunk {
  readonly rows: readonly Row[]
}

const chunked = (rows: readonly Row[]): readonly Chunk[] => {
  const chunks: Chunk[] = []
  let [from, bytes] = [0, 0]
  rows.forEach(({ text }, i) => {
    const size = Buffer.byteLength(text) + 200
    if (i > from && (i - from >= most.rows || bytes + size > most.bytes)) {
      chunks.push({ rows: rows.slice(from, i) })
      from = i
      bytes = 0
    }
    bytes += size
  })
  if (from < rows.length) chunks.push({ rows: rows.slice(from) })
  return chunks
}

// One request: none of its rows is written where one is refused.
const send = async (rest: Rest, table: string, rows: readonly Row[]): Promise<readonly RowError[]> => {
  const { dataset } = await rest.place()
  const body = rows.map(
    (row) =>
      `{"insertId":"${insertId(row)}","json":{${row.text},"_written":"${writtenNumber(row, nowMicros())}"}}`,
  )
  const answer = await rest.call<InsertAnswer>({
    method: 'POST',
    path: `datasets/${dataset}/tables/${table}/insertAll`,
    body: `{"skipInvalidRows":false,"ignoreUnknownValues":false,"rows":[${body.join(',')}]}`,
  })
  return answer.insertErrors ?? []
}

const noSuchField = /no such field:? *"?([\w.[\]]+?)"?\.?$/i

// The paths of the columns that the answer says it does not know.
const unknownFields = (errors: readonly RowError[]): readonly (readonly string[])[] => {
  const paths = new Map<string, readonly string[]>()
  for (const { errors: reasons = [] } of errors) {
    for (const { message = '', location = '' } of reasons) {
      const match = noSuchField.exec(message.trim())
      if (match === null) continue
      const named = match[1] as string
      const path = (location.includes('.') && !named.includes('.') ? location : named)
        .replace(/\[\d*\]/g, '')
        .split('.')
      paths.set(path.join('.'), path)
    }
  }
  return [...paths.values()]
}

// The first refusal that is the row's own: its neighbours are only told that they were stopped.
const refusedRow = (errors: readonly RowError[], rows: readonly Row[]): string | undefined => {
  for (const { index = 0, errors: reasons = [] } of errors) {
    const found = reasons.find(({ reason = '' }) => reason !== 'stopped' && !isPassing(reason))
    if (found !== undefined)
      return (
        `event ${rows[Number(index)]?.event.eventId}: ${found.location ?? ''}: ` +
        `${found.message ?? found.reason ?? 'refused'}`
      )
  }
  return undefined
}

/**
 * Rounds of refusals after which a chunk is written without any column of its own: BigQuery may name one
 * unknown column at a time.
 */
const mostRounds = 8

const insertChunk = async (inserting: Inserting, table: string, chunk: Chunk): Promise<void> => {
  const { rest, entity, columns, notLive } = inserting
  const start = performance.now()
  const remembered = notLive.get(entity)
  let paths = remembered !== undefined && remembered.until > start ? remembered.paths : []
  let rounds = 0
  for (let attempt = 1; ;) {
    const live = rounds > mostRounds ? {} : paths.reduce(withoutColumn, columns)
    const rows =
      live === columns
        ? chunk.rows
        : rowsOf(
            entity,
            chunk.rows.map(({ event }) => event),
            live,
          )
    const poorer = rows.filter(({ late }, i) => late > (chunk.rows[i]?.late ?? 0))
    if (poorer.length > 0)
      await inserting.late(poorer.map(({ event }) => event.recordedAt).reduce((a, b) => (a < b ? a : b)))
    const errors = await send(rest, table, rows)
    if (errors.length === 0) return
    const unknown = unknownFields(errors)
    const refused = unknown.length > 0 ? undefined : refusedRow(errors, rows)
    if (refused !== undefined)
      throw brokenDown(`query engine ${entity}`, `BigQuery refuses a row: ${refused}`)
    if (unknown.length > 0) {
      if (rounds++ > mostRounds)
        throw unavailable(`query engine ${entity}`, `BigQuery does not know the columns of ${table} yet`)
      paths = [...paths, ...unknown]
      notLive.set(entity, { paths, until: performance.now() + inserting.retryLate })
    } else {
      if (performance.now() - start > rest.patience)
        throw unavailable(
          `query engine ${entity}`,
          `BigQuery does not take rows: ` +
            `${errors[0]?.errors?.[0]?.message ?? errors[0]?.errors?.[0]?.reason ?? ''}`,
        )
      await pauseBefore(attempt++)
    }
  }
}

/** Writes rows to one table. Throws once it is known which of them cannot be written now, or ever. */
export const insertRows = async (
  inserting: Inserting,
  generation: number,
  rows: readonly Row[],
): Promise<void> => {
  const chunks = chunked(rows)
  for (let i = 0; i < chunks.length; i += most.atOnce) {
    const ended = await Promise.allSettled(
      chunks
        .slice(i, i + most.atOnce)
        .map((chunk) => insertChunk(inserting, logTable(inserting.entity, generation), chunk)),
    )
    const failed = ended.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  }
}

/** Whether an insert failed because its table is not there. */
export const isTableGone = (thrown: unknown): boolean => isNotFound(refusalOf(thrown))
