// What an update carries beside its content: what is wrong with it already, and where in its source it stood.
import { E } from '../fp.ts'
import { invalidUpdate, type DreampipeError, type InvalidUpdate } from './errors.ts'
import type { Problem } from './problem.ts'

/** Anything that was submitted; it may come from anywhere. */
interface Carrying {
  readonly entity?: unknown
  readonly problems?: unknown
  readonly at?: unknown
}

const isProblem = (u: unknown): u is Problem =>
  typeof u === 'object' &&
  u !== null &&
  ['code', 'path', 'message'].every(
    (field) => typeof (u as { readonly [field: string]: unknown })[field] === 'string',
  )

/**
 * What its builder, or the file that it was read from, found wrong. An update is data, its problems with it:
 * what are none is passed over.
 */
export const carriedBy = ({ problems }: Carrying): readonly Problem[] =>
  Array.isArray(problems) ? (problems as readonly unknown[]).filter(isProblem) : []

// What is submitted may throw where it is read.
const read = <A>(work: () => A): A | undefined => {
  try {
    return work()
  } catch {
    return undefined
  }
}

/**
 * Why an update is refused that names no entity but carries problems: a line of a file that could not be read
 * is of none. Undefined for every other one.
 */
export const refusedUnnamed = (submitted: Carrying): E.Either<InvalidUpdate, never> | undefined => {
  const problems = read(() => (submitted.entity === undefined ? carriedBy(submitted) : []))
  return problems === undefined || problems.length === 0
    ? undefined
    : E.left(invalidUpdate('(of no entity)', problems))
}

/** Where an update stands in its source, where it says so in a short text. */
export const placeOf = (submitted: Carrying): string | undefined =>
  read(() => {
    const { at } = submitted
    return typeof at === 'string' && at.length <= 60 ? at : undefined
  })

/** What becomes of an update that stood at `at`: where it is invalid, each problem says so. */
export const placed =
  <Er extends DreampipeError, A>(at: string, done: (result: E.Either<Er | InvalidUpdate, A>) => void) =>
  (result: E.Either<Er | InvalidUpdate, A>): void => {
    if (result._tag === 'Right' || result.left._tag !== 'InvalidUpdate') return done(result)
    const { entity, problems } = result.left
    // The last one counts those that are left out: it stays the last of a hundred.
    const shown = problems.length > 100 ? [...problems.slice(0, 99), ...problems.slice(-1)] : problems
    const told = shown.map((each) => ({ ...each, message: `${each.message} (${at})` }))
    done(E.left(invalidUpdate(entity, told)))
  }
