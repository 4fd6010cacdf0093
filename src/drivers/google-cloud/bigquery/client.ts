// BigQuery's REST API through Google's client: authenticated calls with bodies of our own, tried again while
// that can help.
import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery'
import { isDreampipeError, missingDependency } from '../../../model/errors.ts'
import type { Place } from '../../../schema/bigquery.ts'
import { isTransient, refusalOf } from './errors.ts'
import { backoff, pause } from '../../../waiting.ts'

/** Google's client, or what makes one on first use. */
export type BigQuerySource = BigQuery | (() => Promise<BigQuery>)

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Behind `projects/<project>/`. */
  readonly path: string
  readonly query?: { readonly [name: string]: string | number | boolean }
  /** JSON text. The client's own `json` would have every `{{projectId}}` in the data replaced. */
  readonly body?: string
  /** Only where the resource is in this state. */
  readonly etag?: string | undefined
}

export interface Rest {
  /** The answer's JSON. Throws what the client throws, once trying again does not help. */
  readonly call: <A>(call: Call) => Promise<A>
  readonly place: () => Promise<Place>
  /** Milliseconds for which a call is tried again. */
  readonly patience: number
}

const isMissing = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  (thrown.code === 'ERR_MODULE_NOT_FOUND' || thrown.code === 'MODULE_NOT_FOUND')

/**
 * A client made on first use, once; throws `MissingDependency` where the package is not installed. Its own
 * retries are off: a request can
 * only take out those that follow an answer, and those that follow none would hold up ours.
 */
export const bigQueryClient = (options: BigQueryOptions): (() => Promise<BigQuery>) => {
  let made: Promise<BigQuery> | undefined
  return () =>
    (made ??= import('@google-cloud/bigquery')
      .then(({ BigQuery: Client }) => new Client({ retryOptions: { autoRetry: false }, ...options }))
      .catch((thrown: unknown) => {
        made = undefined
        throw isMissing(thrown)
          ? missingDependency('open BigQuery', '@google-cloud/bigquery', thrown)
          : thrown
      }))
}

/** Waits before another try (1, 2, 3 …), longer each time. */
export const pauseBefore = (attempt: number, most = 8_000): Promise<void> => pause(backoff(attempt, 50, most))

const send = (client: BigQuery, { method, path, query, body, etag }: Call): Promise<unknown> =>
  new Promise((resolve, reject) => {
    // `maxRetries` takes an injected client's own retries out: they know neither our time nor which errors
    // pass.
    const request = {
      method,
      uri: `/${path}`,
      maxRetries: 0,
      headers: { 'Content-Type': 'application/json', ...(etag === undefined ? {} : { 'If-Match': etag }) },
      ...(query === undefined ? {} : { qs: query }),
      ...(body === undefined ? {} : { body }),
    }
    client.request(request, (error, answer) => {
      if (error === null || error === undefined) resolve(answer)
      else reject(error)
    })
  })

export const restOf = (source: BigQuerySource, dataset: string, patience: number): Rest => {
  const client = async (): Promise<BigQuery> => (typeof source === 'function' ? source() : source)
  const call = async <A>(asked: Call): Promise<A> => {
    const bigquery = await client()
    const start = performance.now()
    for (let attempt = 1; ; attempt++) {
      try {
        return (await send(bigquery, asked)) as A
      } catch (thrown) {
        if (
          isDreampipeError(thrown) ||
          !isTransient(refusalOf(thrown)) ||
          performance.now() - start > patience
        )
          throw thrown
        await pauseBefore(attempt)
      }
    }
  }
  let place: Promise<Place> | undefined
  return {
    call,
    patience,
    place: () =>
      (place ??= client()
        .then((bigquery) => bigquery.getProjectId())
        .then((project) => ({ project, dataset }))
        .catch((thrown: unknown) => {
          place = undefined
          throw thrown
        })),
  }
}
