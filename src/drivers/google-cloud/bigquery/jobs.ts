// Runs SQL on BigQuery: one job, waited for, its answer read whole, page by page.
import { randomUUID } from 'node:crypto'
import type { TableField } from '../../../schema/bigquery.ts'
import type { Rest } from './client.ts'
import type { RawRow } from './result.ts'

export interface QueryParameter {
  readonly name: string
  readonly parameterType: { readonly type: string }
  readonly parameterValue: { readonly value: string | null }
}

export interface JobOptions {
  /** BigQuery's region of the dataset; found by BigQuery where it is left out. */
  readonly location?: string | undefined
  /** Refuses a query that would read more. */
  readonly maximumBytesBilled?: bigint | number | undefined
  readonly labels?: { readonly [name: string]: string } | undefined
}

export interface Answer {
  readonly fields: readonly TableField[]
  readonly rows: readonly RawRow[]
}

interface Page {
  readonly jobComplete?: boolean
  readonly jobReference?: { readonly jobId: string; readonly location?: string }
  readonly schema?: { readonly fields?: readonly TableField[] }
  readonly rows?: readonly RawRow[]
  readonly pageToken?: string
}

const formatOptions = { useInt64Timestamp: true }

const settings = async (
  { place }: Rest,
  text: string,
  parameters: readonly QueryParameter[],
  { maximumBytesBilled }: JobOptions,
): Promise<{ readonly [name: string]: unknown }> => {
  const { project, dataset } = await place()
  return {
    query: text,
    useLegacySql: false,
    defaultDataset: { projectId: project, datasetId: dataset },
    ...(parameters.length === 0 ? {} : { parameterMode: 'NAMED', queryParameters: parameters }),
    ...(maximumBytesBilled === undefined ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
  }
}

/** What kind of statement it is, as BigQuery says, without running it. Throws where it cannot be run. */
export const statementType = async (
  rest: Rest,
  text: string,
  parameters: readonly QueryParameter[],
  options: JobOptions,
): Promise<string | undefined> => {
  const { project } = await rest.place()
  const job = await rest.call<{
    readonly statistics?: { readonly query?: { readonly statementType?: string } }
  }>({
    method: 'POST',
    path: 'jobs',
    body: JSON.stringify({
      jobReference: {
        projectId: project,
        jobId: randomUUID(),
        ...(options.location === undefined ? {} : { location: options.location }),
      },
      configuration: { dryRun: true, query: await settings(rest, text, parameters, options) },
    }),
  })
  return job.statistics?.query?.statementType
}

/** Runs one query and reads its whole answer. */
export const runQuery = async (
  rest: Rest,
  text: string,
  parameters: readonly QueryParameter[],
  options: JobOptions,
): Promise<Answer> => {
  const { location, labels } = options
  let page = await rest.call<Page>({
    method: 'POST',
    path: 'queries',
    // The request id makes one job of it, however often the call is tried again. A cached answer would be one
    // from before the last append.
    body: JSON.stringify({
      ...(await settings(rest, text, parameters, options)),
      requestId: randomUUID(),
      useQueryCache: false,
      formatOptions,
      timeoutMs: 30_000,
      ...(location === undefined ? {} : { location }),
      ...(labels === undefined ? {} : { labels }),
    }),
  })
  const job = page.jobReference
  const rows: RawRow[] = []
  let fields: readonly TableField[] = []
  for (;;) {
    if (page.jobComplete !== false) {
      fields = page.schema?.fields ?? fields
      for (const row of page.rows ?? []) rows.push(row)
      if (page.pageToken === undefined) return { fields, rows }
    }
    page = await rest.call<Page>({
      method: 'GET',
      path: `queries/${job?.jobId}`,
      query: {
        timeoutMs: 30_000,
        'formatOptions.useInt64Timestamp': true,
        ...(job?.location === undefined ? {} : { location: job.location }),
        ...(page.pageToken === undefined ? {} : { pageToken: page.pageToken }),
      },
    })
  }
}
