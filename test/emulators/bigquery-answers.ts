// What the front of the BigQuery emulator is asked, and how it answers: refusals as BigQuery writes them.
import type { Json } from './bigquery-sql.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly etag: string | undefined
}
export interface Answered {
  readonly status: number
  readonly body: Json
}
/**
 * What a fault does to a request: an answer in place of the real one, none at all, or none though the work is
 * done.
 */
export type Fault = (
  asked: Asked,
) => Answered | 'cut' | 'lose' | undefined | Promise<Answered | 'cut' | 'lose' | undefined>

export const refusal = (status: number, reason: string, message: string): Answered => ({
  status,
  body: { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } },
})
export const ok = (body: Json = {}): Answered => ({ status: 200, body })
