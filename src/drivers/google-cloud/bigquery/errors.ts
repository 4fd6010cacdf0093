// What BigQuery refuses, and what that means: try again, set it up, mend the query, or give up.
import {
  brokenDown,
  invalidQuery,
  isDreampipeError,
  notProvisioned,
  reasonOf,
  unavailable,
} from '../../../model/errors.ts'
import type { QueryEngineError, SqlError } from '../../../ports/query-engine.ts'

/** A refusal as far as it can be read: `code` is the HTTP status, undefined where there was no answer. */
export interface Refusal {
  readonly code: number | undefined
  readonly reason: string
  readonly message: string
}

type Thrown = {
  readonly code?: unknown
  readonly errors?: readonly { readonly reason?: unknown; readonly message?: unknown }[]
}

export const refusalOf = (thrown: unknown): Refusal => {
  const { code, errors } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown
  return {
    code: typeof code === 'number' ? code : undefined,
    reason: String(errors?.[0]?.reason ?? ''),
    message: reasonOf(thrown),
  }
}

// https://cloud.google.com/bigquery/docs/error-messages
const passing = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'rateLimitExceeded',
  'jobRateLimitExceeded',
  'quotaExceeded',
  'tableUnavailable',
  'timeout',
])
const passingCodes = new Set([408, 429, 500, 502, 503, 504])

/** Credentials and programming errors have no status either, and trying again does not help them. */
const lasting =
  /could not load the default credentials|unable to detect a project id|invalid_grant|project id/i

/** Whether the same call may succeed later. */
export const isTransient = ({ code, reason, message }: Refusal): boolean =>
  code === undefined ? !lasting.test(message) : passingCodes.has(code) || passing.has(reason)

/** Reasons of a row's error that pass. */
export const isPassing = (reason: string): boolean => passing.has(reason)

export const isNotFound = ({ code }: Refusal): boolean => code === 404
export const isConflict = ({ code }: Refusal): boolean => code === 409
export const isOutdated = ({ code }: Refusal): boolean => code === 412

/** Whether the dataset itself is what is missing. */
const lacksDataset = ({ code, message }: Refusal): boolean =>
  code === 404 && /not found: dataset\b/i.test(message)

const remedy = 'pipeline.provision()'

/** The tagged error of anything thrown while working on an entity's tables. */
export const engineError = (verb: string, thrown: unknown): QueryEngineError => {
  if (isDreampipeError(thrown, 'Unavailable', 'NotProvisioned', 'MissingDependency', 'Closed', 'Contention'))
    return thrown
  const refusal = refusalOf(thrown)
  const why = `BigQuery: ${refusal.message}`
  if (isTransient(refusal)) return unavailable(verb, why, thrown)
  if (lacksDataset(refusal) || refusal.code === 401 || refusal.code === 403)
    return notProvisioned(verb, why, remedy, thrown)
  // A table that is gone, or not seen yet by the servers that take rows.
  return refusal.code === 404 || refusal.code === 409 || refusal.code === 412
    ? unavailable(verb, why, thrown)
    : brokenDown(verb, why, thrown)
}

/** The tagged error of anything thrown while a query of the user's was asked. */
export const queryError = (thrown: unknown): SqlError => {
  if (isDreampipeError(thrown, 'InvalidQuery')) return thrown
  if (isDreampipeError(thrown)) return engineError('sql', thrown)
  const refusal = refusalOf(thrown)
  // A table that is not there, or that the query may not see, is the query's fault; the right to ask at all
  // is not.
  const itself =
    refusal.code === 400 ||
    (refusal.code === 404 && !lacksDataset(refusal)) ||
    (refusal.code === 403 && /access denied: table\b/i.test(refusal.message))
  return itself && !isTransient(refusal)
    ? invalidQuery('sql', '', refusal.message, thrown)
    : engineError('sql', thrown)
}
