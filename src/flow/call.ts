// Calls a user's function: a value, a promise or a TaskEither, and what came of it.
import { E, type TaskEither } from '../fp.ts'
import { isDreampipeError, reasonOf } from '../model/errors.ts'

// What a call came to: done, or the reason why not and whether to try again.
export type Called =
  { readonly done: true } | { readonly done: false; readonly retry: boolean; readonly reason: string }

const done: Called = { done: true }

// What dreampipe itself cannot do now says nothing about the event: an outage or a shutdown never fills the
// dead letters.
const passing = [
  'Closed',
  'Unavailable',
  'NotStarted',
  'NotProvisioned',
  'MissingDependency',
  'Contention',
  'TimedOut',
] as const

const isPermanent = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'retry' in thrown &&
  thrown.retry === false &&
  !isDreampipeError(thrown, ...passing)

const failure = (thrown: unknown): Called => ({
  done: false,
  reason: reasonOf(thrown),
  retry: !isPermanent(thrown),
})

/** Calls a user's function with a value, whatever it returns. */
export const call = async <A>(handle: (value: A) => unknown, value: A): Promise<Called> => {
  try {
    const returned = await handle(value)
    // A TaskEither is lazy: it has done nothing until it is called.
    const result: unknown =
      typeof returned === 'function' ? await (returned as TaskEither<unknown, unknown>)() : returned
    return typeof result === 'object' && result !== null && '_tag' in result && result._tag === 'Left'
      ? failure((result as E.Left<unknown>).left)
      : done
  } catch (thrown) {
    return failure(thrown)
  }
}
