// Calls a user's function: what it returns may be a value, a promise or a TaskEither, and what it throws says
// whether trying again may help.
import { E, type TaskEither } from '../fp.ts'
import { isDreampipeError, reasonOf } from '../model/errors.ts'

// What dreampipe itself cannot do now says nothing about the function: an outage or a shutdown rejects
// nothing and fills no dead letters.
const passing = [
  'Closed',
  'Unavailable',
  'NotStarted',
  'NotProvisioned',
  'MissingDependency',
  'Contention',
  'TimedOut',
] as const

/** Whether what was thrown says that trying again will not help (`retry: false`). */
export const isFinal = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'retry' in thrown && thrown.retry === false

/** Whether a user's function failed for good; what dreampipe itself throws inside it may pass. */
export const isPermanent = (thrown: unknown): boolean =>
  isFinal(thrown) && !isDreampipeError(thrown, ...passing)

/** What a function returned, once it is there; a left is thrown. A TaskEither is lazy: it runs here. */
export const valueOf = async (returned: unknown): Promise<unknown> => {
  const value = await returned
  const result = typeof value === 'function' ? await (value as TaskEither<unknown, unknown>)() : value
  if (typeof result !== 'object' || result === null || !('_tag' in result)) return result
  if (result._tag === 'Left') throw (result as E.Left<unknown>).left
  return result._tag === 'Right' ? (result as E.Right<unknown>).right : result
}

/** What a call came to: done, or the reason why not and whether to try again. */
export type Called =
  { readonly done: true } | { readonly done: false; readonly retry: boolean; readonly reason: string }

const done: Called = { done: true }

/** Calls a user's function with a value; it never throws. */
export const call = async <A>(handle: (value: A) => unknown, value: A): Promise<Called> => {
  try {
    await valueOf(handle(value))
    return done
  } catch (thrown) {
    return { done: false, reason: reasonOf(thrown), retry: !isPermanent(thrown) }
  }
}
