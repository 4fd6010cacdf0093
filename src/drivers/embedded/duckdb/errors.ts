// DuckDB's failures as ours: a package that is missing, an engine that is being closed, and its own reasons.
import {
  brokenDown,
  isDreampipeError,
  missingDependency,
  reasonOf,
  unavailable,
  type MissingDependency,
  type Unavailable,
} from '../../../model/errors.ts'

const isMissing = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  (thrown.code === 'ERR_MODULE_NOT_FOUND' || thrown.code === 'MODULE_NOT_FOUND')

/** DuckDB's message without the stack of its own that an internal error carries. */
export const engineReason = (thrown: unknown): string =>
  reasonOf(thrown).split('\n\nStack Trace')[0] as string

export const duckDbError = (verb: string, thrown: unknown): Unavailable | MissingDependency => {
  if (isDreampipeError(thrown, 'Unavailable', 'MissingDependency')) return thrown
  if (isMissing(thrown)) return missingDependency(verb, '@duckdb/node-api', thrown)
  const why = engineReason(thrown)
  // What the data itself causes will not go away by trying again.
  if (/^(Conversion|Invalid Input|Out of Range|Constraint) Error/.test(why))
    return brokenDown(verb, `DuckDB: ${why}`, thrown)
  return unavailable(
    verb,
    /Conflicting lock|Could not set lock/.test(why)
      ? `another process holds the query engine's file: ${why}`
      : `DuckDB: ${why}`,
    thrown,
  )
}

/**
 * Said to what comes behind the closing. To be tried again, so that nobody takes it for a fault of the
 * events.
 */
export const isClosing = (): Unavailable => unavailable('query engine', 'it is being closed')
