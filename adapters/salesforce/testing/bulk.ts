// Bulk 2.0 query jobs: created, polled until they are complete, and read as CSV pages behind locators that
// stay good.
import { idOf } from './ids.ts'
import { isCompound, type Values } from './objects.ts'
import { csvPage } from './render.ts'
import { json, refuse, type Backend, type Endpoint, type Request } from './request.ts'
import { find, type Found } from './select.ts'
import { parseSoql } from './soql.ts'
import { stampOf } from './store.ts'

interface Job {
  readonly id: string
  readonly operation: string
  readonly found: Found
  readonly key: string
  readonly ids: readonly string[]
  rows: readonly Values[] | undefined
  readonly base: string
  readonly createdDate: string
  polls: number
  aborted: boolean
}

const locatorOf = (row: number): string => Buffer.from(String(row)).toString('base64')

export interface Jobs {
  readonly endpoint: Endpoint
  readonly forget: () => void
}

export const jobs = ({ store, settings, rendered }: Backend): Jobs => {
  const all = new Map<string, Job>()
  let made = 0

  // Found when the job was made, read when it is complete: what changes meanwhile shows, as it does in a job
  // that takes its time.
  const rowsOf = (job: Job): readonly Values[] =>
    (job.rows ??= job.ids.map((id) => job.found.table.rows.get(id)).filter((values) => values !== undefined))
  const stateOf = (job: Job): string =>
    job.aborted
      ? 'Aborted'
      : job.polls >= settings.polls
        ? 'JobComplete'
        : job.polls === 0
          ? 'UploadComplete'
          : 'InProgress'
  const told = (job: Job, more: object = {}): object => ({
    id: job.id,
    operation: job.operation,
    object: job.found.table.object.name,
    createdById: '0055g000000LocalAAA',
    createdDate: job.createdDate,
    systemModstamp: job.createdDate,
    state: stateOf(job),
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(/v([\d.]+)$/.exec(job.base)?.[1]),
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
    ...more,
  })

  const create = ({ body, base }: Request): ReturnType<Endpoint> => {
    const { operation, query = '' } = JSON.parse(body) as {
      readonly operation?: string
      readonly query?: string
    }
    const soql = parseSoql(query)
    if ('errorCode' in soql) return refuse(400, soql.errorCode, soql.message)
    const found = rendered(`found ${operation} ${query}`, () => find(store, soql, operation === 'queryAll'))
    if ('errorCode' in found) return refuse(400, found.errorCode, found.message)
    if (found.table.object.bulk === false)
      return refuse(400, 'INVALIDENTITY', `Entity '${soql.object}' is not supported by the Bulk API.`)
    if (soql.count) return refuse(400, 'API_ERROR', 'Aggregate Relationship not supported in Bulk Query')
    if (found.selected.some(({ field }) => isCompound(field)))
      return refuse(400, 'API_ERROR', 'Selecting compound data not supported in Bulk Query')
    if (found.selected.some(({ field }) => field.type === 'base64'))
      return refuse(400, 'API_ERROR', 'Selecting binary data not supported in Bulk Query')
    // Chunked by primary key, so in no order that a client may rely on.
    const ids = soql.orderBy.length > 0 ? found.ids : [...found.ids].reverse()
    const job: Job = {
      id: idOf('750', ++made),
      operation: operation ?? 'query',
      found,
      key: `${operation} ${query}`,
      ids,
      rows: undefined,
      base,
      createdDate: stampOf(store.clock.now()),
      polls: 0,
      aborted: false,
    }
    all.set(job.id, job)
    return json(told(job))
  }

  const results = (job: Job, { query }: Request): ReturnType<Endpoint> => {
    if (stateOf(job) !== 'JobComplete') {
      return refuse(
        412,
        'JOB_NOT_COMPLETE',
        'can only download query results of successfully completed bulk job with status: JOB_COMPLETE. ' +
          'Current status: IN_PROGRESS',
      )
    }
    const locator = query.get('locator')
    const from = locator === null || locator === '' ? 0 : Number(Buffer.from(locator, 'base64').toString())
    if (!Number.isInteger(from)) return refuse(400, 'INVALID_LOCATOR', 'invalid locator')
    const rows = rowsOf(job)
    const to = Math.min(from + Number(query.get('maxRecords') ?? settings.bulkPageSize), rows.length)
    return {
      status: 200,
      body: rendered(`csv ${job.key} ${from} ${to}`, () => csvPage(store, job.found, rows.slice(from, to))),
      headers: {
        'Content-Type': 'text/csv',
        'Sforce-NumberOfRecords': String(to - from),
        'Sforce-Locator': to < rows.length ? locatorOf(to) : 'null',
      },
    }
  }

  // The addresses of all pages, for clients that read several at once.
  const resultPages = (job: Job): ReturnType<Endpoint> =>
    json({
      resultPages: Array.from(
        { length: Math.max(1, Math.ceil(rowsOf(job).length / settings.bulkPageSize)) },
        (_, n) => ({
          resultUrl:
            `${job.base}/jobs/query/${job.id}/results` +
            `${n === 0 ? '' : `?locator=${locatorOf(n * settings.bulkPageSize)}`}`,
        }),
      ),
      done: true,
    })

  const endpoint: Endpoint = (request) => {
    const { method, path, base } = request
    if (path === '/jobs/query' && method === 'POST') return create(request)
    const [, id = '', verb] = /^\/jobs\/query\/(\w+)(?:\/(results|resultPages))?$/.exec(path) ?? []
    if (id === '') return undefined
    const job = all.get(id)
    if (job === undefined) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist')
    if (job.base !== base)
      return refuse(409, 'API_ERROR', 'The API version of the job and of the request differ')
    if (verb !== undefined)
      return verb === 'results' || stateOf(job) !== 'JobComplete' ? results(job, request) : resultPages(job)
    if (method === 'DELETE') {
      all.delete(id)
      return { status: 204, body: '' }
    }
    if (method === 'PATCH') {
      job.aborted = true
      return json(told(job))
    }
    job.polls++
    const done = stateOf(job) === 'JobComplete'
    return json(
      told(job, {
        jobType: 'V2Query',
        retries: 0,
        totalProcessingTime: 334,
        isPkChunkingSupported: true,
        numberRecordsProcessed: done ? rowsOf(job).length : 0,
      }),
    )
  }
  return { endpoint, forget: () => all.clear() }
}
