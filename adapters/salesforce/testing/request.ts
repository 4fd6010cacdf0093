// A request as the local Salesforce's endpoints see it, and the answers they give.
import type { Answered } from './faults.ts'
import type { Store } from './store.ts'

export interface Request {
  readonly method: string
  /** Below `/services/data/vNN.0`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
  /** `/services/data/vNN.0`. */
  readonly base: string
}

export interface ServerSettings {
  /**
   * Records of a REST page at most; Salesforce's own 2,000 by default. A real server gives fewer when rows
   * are wide.
   */
  pageSize: number
  /** Records of a Bulk result page where the client names no number. */
  bulkPageSize: number
  /** How often a Bulk job's state is asked for until it is complete. */
  polls: number
  /** API calls of a day. */
  dailyCalls: number
  /** Whether answers come packed where the client takes gzip, as real ones do. */
  gzip: boolean
}

export interface Backend {
  readonly store: Store
  readonly settings: ServerSettings
  readonly rendered: <A>(key: string, render: () => A) => A
}
export type Endpoint = (request: Request) => Answered | undefined

export const json = (value: unknown, status = 200): Answered => ({
  status,
  body: typeof value === 'string' ? value : JSON.stringify(value),
})
export const refuse = (status: number, errorCode: string, message: string): Answered =>
  json([{ message, errorCode }], status)
