// What Salesforce refuses, as tagged errors: which may be tried again, and never a secret in a message.
import { sourceFailed, type SourceFailed } from 'dreampipe'

/**
 * A `SourceFailed` with Salesforce's own error code (`HTTP_503` where it sent none, `NETWORK` where nothing
 * came) and the HTTP status.
 */
export type Refused = SourceFailed & { readonly code: string; readonly status: number }

/** An error of this adapter; `retry` decides whether the run goes on. */
export const refused = (
  verb: string,
  why: string,
  { code, status = 0, retry }: { readonly code: string; readonly status?: number; readonly retry: boolean },
): Refused => Object.assign(sourceFailed(verb, why, undefined, retry), { code, status })

/** Whether a thrown value is a refusal with one of these codes (any, when none are named). */
export const isRefused = (thrown: unknown, ...codes: readonly string[]): thrown is Refused =>
  typeof thrown === 'object' &&
  thrown !== null &&
  '_tag' in thrown &&
  thrown._tag === 'SourceFailed' &&
  'code' in thrown &&
  (codes.length === 0 || codes.includes(String(thrown.code)))

/** Statuses that pass by themselves; 406 and 420 come from the edge when it is busy. */
const passing = new Set([406, 408, 420, 429])
const passingCodes = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'UNKNOWN_EXCEPTION',
  'QUERY_TIMEOUT',
  'INVALID_QUERY_LOCATOR',
  'JOB_NOT_COMPLETE',
  'INVALID_SESSION_ID',
  'APEX_ERROR',
])

interface Said {
  readonly code: string
  readonly message: string
}

// Errors are arrays of one; the edge in front of Salesforce answers in HTML.
const saidIn = (status: number, text: string): Said => {
  try {
    const parsed = JSON.parse(text) as unknown
    const first = (Array.isArray(parsed) ? parsed[0] : parsed) as
      | {
          readonly errorCode?: unknown
          readonly message?: unknown
          readonly error?: unknown
          readonly error_description?: unknown
        }
      | undefined
    const code = first?.errorCode ?? first?.error
    if (typeof code === 'string')
      return { code, message: String(first?.message ?? first?.error_description ?? '') }
  } catch {
    // No JSON: told by its status.
  }
  return { code: `HTTP_${status}`, message: '' }
}

/** The error of an answer that is none of ours. */
export const refusalOf = (verb: string, status: number, text: string): Refused => {
  const { code, message } = saidIn(status, text)
  const why = [code, message.replace(/\s+/g, ' ').trim()].filter((part) => part !== '').join(': ')
  // One code, two meanings: too many calls today, which passes tomorrow, and too many at once, which passes
  // in seconds.
  if (code === 'REQUEST_LIMIT_EXCEEDED') {
    const concurrent = /concurrent/i.test(message)
    return refused(
      verb,
      concurrent
        ? `${why} (too many requests at once)`
        : `${why} (the day's API calls are used up: the next run goes on here)`,
      { code: concurrent ? 'CONCURRENT_LIMIT' : 'DAILY_LIMIT', status, retry: concurrent },
    )
  }
  return refused(verb, why, {
    code,
    status,
    retry: passing.has(status) || status >= 500 || passingCodes.has(code),
  })
}

/** A text without these secrets in it. */
export const scrubbed = (text: string, secrets: readonly string[]): string =>
  secrets.reduce(
    (clean, secret) =>
      secret.length < 4 ? clean : clean.replaceAll(secret, '…').replaceAll(encodeURIComponent(secret), '…'),
    text,
  )

/** A short text of what was thrown by the network: `fetch failed: ECONNREFUSED`, never a request. */
export const networkReason = (thrown: unknown): string => {
  const { message, cause } = (
    typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) }
  ) as {
    readonly message?: unknown
    readonly cause?: { readonly code?: unknown; readonly message?: unknown }
  }
  return [message, cause?.code ?? cause?.message]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(': ')
}

/** Ends a run in good order: what was read is kept, and the next run goes on. */
export interface Stop {
  readonly _tag: 'Stop'
  readonly why: string
}
export const isStop = (thrown: unknown): thrown is Stop =>
  typeof thrown === 'object' && thrown !== null && '_tag' in thrown && thrown._tag === 'Stop'
/** Throws what ends a run in good order. */
export const stop = (why: string): never => {
  throw Object.assign(new Error(why), { _tag: 'Stop' as const, why })
}
