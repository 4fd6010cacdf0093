// Bulk 2.0 query jobs: created once, waited for, and read page by page in flat memory; a page counts once its
// last row has come.
import { StringDecoder } from 'node:string_decoder'
import { pause, turn } from 'dreampipe/waiting'
import { csvReader, type Cells } from '../csv.ts'
import type { Job } from '../cursor.ts'
import { jsonOf } from '../org/describe.ts'
import { letGo, type Extraction } from '../extraction.ts'
import { isRefused, refused, stop } from '../org/failure.ts'
import type { Call, Reply } from '../org/org.ts'
import { csvRowReader, selectOf, type Row } from '../object/read.ts'
import type { Query } from './rest.ts'

/**
 * Rows of a result page, a chunk at a time. `job` is where to go on: it moves only with the last chunk of a
 * page, because only then the page is known to be whole.
 */
export interface BulkPage {
  readonly rows: readonly Row[]
  readonly job: Job
  readonly total: number | undefined
}

/** Cells of a chunk: what is alive at once, and so the memory it takes. */
const cells = 25_000
/** What Salesforce writes for the locator behind the last page. */
const end = 'null'

/** Salesforce's ways of saying that Bulk cannot do this, or not today. */
export const isUnsupported = (thrown: unknown): boolean =>
  isRefused(thrown, 'INVALIDENTITY', 'LIMIT_EXCEEDED', 'FEATURENOTENABLED') ||
  (isRefused(thrown) && /not supported (in|by)|compound data|Max bulk v2 query jobs/i.test(thrown.message))

interface State {
  readonly id: string
  readonly state: string
  readonly numberRecordsProcessed?: number
  readonly errorMessage?: string
}

// A job that is not there any more, or is another version's, is made anew; one that failed says why.
const ofJob = async (call: Extraction['call'], request: Call): Promise<Reply> => {
  try {
    return await call(request)
  } catch (thrown) {
    throw isRefused(thrown) && (thrown.status === 404 || thrown.status === 409)
      ? refused(request.verb, 'the job is gone', { code: 'JOB_GONE', retry: true })
      : thrown
  }
}

const finished = async (
  { call, object, reading, context: { signal } }: Extraction,
  { id }: Job,
): Promise<number | undefined> => {
  const verb = `bulk query ${object}`
  const latest = performance.now() + reading.jobTimeout
  for (let wait = reading.poll; ; wait = Math.min(30_000, wait * 1.5)) {
    const { state, numberRecordsProcessed, errorMessage } = jsonOf(
      verb,
      await (await ofJob(call, { verb, path: `/jobs/query/${id}` })).text(),
    ) as State
    if (state === 'JobComplete') return numberRecordsProcessed
    if (state === 'Failed' || state === 'Aborted')
      throw refused(
        verb,
        `the job ${id} has ${state === 'Failed' ? 'failed' : 'been aborted'}` +
          (errorMessage === undefined ? '' : `: ${errorMessage}`),
        { code: 'JOB_FAILED', retry: true },
      )
    if (performance.now() > latest) {
      await call({
        verb,
        method: 'PATCH',
        path: `/jobs/query/${id}`,
        headers: { 'Content-Type': 'application/json' },
        body: '{"state":"Aborted"}',
      })
        .then((reply) => reply.text())
        .catch(() => undefined)
      throw refused(verb, `the job ${id} was not complete after ${reading.jobTimeout} ms`, {
        code: 'JOB_FAILED',
        retry: true,
      })
    }
    await pause(wait, signal)
    if (signal.aborted) stop('the run is to end')
  }
}

/** Creates a job. */
export const createJob = async ({ call, object }: Extraction, { soql, all }: Query): Promise<Job> => {
  const verb = `bulk query ${object}`
  const body = JSON.stringify({
    operation: all ? 'queryAll' : 'query',
    query: soql,
    contentType: 'CSV',
    columnDelimiter: 'COMMA',
    lineEnding: 'LF',
  })
  const { id } = jsonOf(
    verb,
    await (
      await call({
        verb,
        method: 'POST',
        path: '/jobs/query',
        headers: { 'Content-Type': 'application/json' },
        body,
      })
    ).text(),
  ) as State
  if (typeof id !== 'string')
    throw refused(verb, 'the answer names no job', { code: 'NOT_JSON', retry: true })
  return { id, locator: null, read: 0 }
}

// Chunks of rows of one result page; answers how many there were.
const rowsOf = async function* (reply: Reply, query: Query): AsyncGenerator<readonly Row[], number> {
  const csv = csvReader()
  const chunk = Math.min(2_000, Math.max(200, Math.floor(cells / query.plan.columns.length)))
  const decoder = new StringDecoder('utf8')
  let read: ((cells: Cells) => Row) | undefined
  let width = 0
  let count = 0
  let rows: Row[] = []
  const take = (all: readonly Cells[]): void => {
    for (const row of all) {
      if (read === undefined) {
        width = row.length
        const names = new Set(row.map((name) => (name ?? '').toLowerCase()))
        // Created by an earlier run, which read other fields.
        const missing = selectOf(query.plan, query.meta).find((column) => !names.has(column.toLowerCase()))
        if (missing !== undefined)
          throw refused('bulk query', `the job has no ${missing}`, { code: 'JOB_GONE', retry: true })
        read = csvRowReader(query.plan, query.meta, row)
      } else if (row.length !== width)
        throw new SyntaxError(`a row has ${row.length} cells instead of ${width}`)
      else {
        rows.push(read(row))
        count++
      }
    }
  }
  let begun = false
  for await (const bytes of reply.chunks()) {
    const text = decoder.write(bytes as Buffer)
    take(csv.push(begun || text.charCodeAt(0) !== 0xfe_ff ? text : text.slice(1)))
    begun ||= text !== ''
    if (rows.length >= chunk) {
      const full = rows
      rows = []
      yield full
      // A body that is there already would be read without a pause: the event loop, and the garbage
      // collector's own tasks, have their turn.
      await turn()
    }
  }
  take(csv.push(decoder.end()))
  take(csv.end())
  yield rows
  return count
}

/** The rows of a job from where it stands, once it is complete. */
export const bulkPages = async function* (
  extraction: Extraction,
  query: Query,
  from: Job,
): AsyncGenerator<BulkPage> {
  const { call, object, reading } = extraction
  const verb = `bulk query ${object}`
  // Read to its end before.
  if (from.locator === end) return
  const total = await finished(extraction, from)
  let firstId: string | undefined
  for (let job = from; ;) {
    const search = new URLSearchParams({
      maxRecords: String(reading.bulkPage),
      ...(job.locator === null ? {} : { locator: job.locator }),
    })
    const reply = await ofJob(call, {
      verb,
      path: `/jobs/query/${job.id}/results?${search}`,
      headers: { Accept: 'text/csv' },
    })
    const said = reply.headers.get('sforce-numberofrecords')
    const chunks = rowsOf(reply, query)
    let held: readonly Row[] = []
    let isFirst = true
    let count = 0
    try {
      for (;;) {
        const next = await chunks.next()
        if (next.done) {
          count = next.value
          break
        }
        if (isFirst && next.value.length > 0) {
          // Its count alone would not tell, where something in between answers with the page before.
          if (next.value[0]?.id === firstId)
            throw refused(verb, 'the same result page came twice', { code: 'WRONG_COUNT', retry: true })
          firstId = next.value[0]?.id
          isFirst = false
        }
        if (held.length > 0) yield { rows: held, job, total }
        letGo(held)
        held = next.value
      }
    } catch (thrown) {
      throw isRefused(thrown) || (thrown as { readonly name?: string }).name !== 'SyntaxError'
        ? thrown
        : refused(verb, `a result page is broken: ${(thrown as Error).message}`, {
            code: 'WRONG_COUNT',
            retry: true,
          })
    } finally {
      await chunks.return(0)
    }
    if (said !== null && Number(said) !== count)
      throw refused(verb, `a result page was to hold ${said} records, and holds ${count}`, {
        code: 'WRONG_COUNT',
        retry: true,
      })
    const read = job.read + count
    const locator = reply.headers.get('sforce-locator')
    // Without the header only the count can say whether this was the last page.
    if (locator === null && read !== total)
      throw refused(verb, 'a result page does not say which one follows', {
        code: 'WRONG_COUNT',
        retry: true,
      })
    if (locator !== null && locator !== end && locator === job.locator)
      throw refused(verb, 'a result page names itself as the next', { code: 'WRONG_COUNT', retry: true })
    const last = locator === null || locator === end
    // More than there are: pages that lead in a circle end here.
    if (total !== undefined && (last ? read !== total : read > total))
      throw refused(verb, `the job was to have ${total} records, and has ${read}`, {
        code: 'JOB_FAILED',
        retry: true,
      })
    job = { ...job, locator: last ? end : locator, read }
    yield { rows: held, job, total }
    letGo(held)
    if (last) return
  }
}
