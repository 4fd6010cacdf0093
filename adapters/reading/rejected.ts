// Rows and lines that are no update: yielded as updates that are refused, so that nothing is in no count.
import type { Problem } from 'dreampipe'

/** An update that every pipeline refuses, naming the line and the reason. */
export interface Rejected {
  readonly entity: never
  readonly operation: 'upsert'
  readonly yadto: undefined
  readonly problems: readonly [Problem]
}

/** The line that cannot become updates; `entity` is left out where nobody knows which one it is of. */
export const rejected = (line: number, reason: string, entity?: string): Rejected => ({
  entity: entity as never,
  operation: 'upsert',
  yadto: undefined,
  problems: [{ code: 'WrongType', path: `line ${line}`, message: reason }],
})

/** A short text of what was thrown. */
export const reasonOf = (thrown: unknown): string => {
  try {
    return String((thrown as { readonly message?: unknown } | undefined)?.message ?? thrown)
  } catch {
    return 'it threw what cannot be read'
  }
}

/** The update with the line that it stands on, which a later rejection names; anything else as it is. */
export const placed = <U>(update: U, line: number): U =>
  typeof update === 'object' && update !== null && 'yadto' in update && !('at' in update)
    ? { ...update, at: `line ${line}` }
    : update

/** Why what a `normalise` answered cannot be updates: what a JavaScript user may forget. */
export const wrongAnswer = (made: unknown): string | undefined =>
  made === undefined || made === null
    ? 'normalise answered nothing: an update, or [] to leave the row out'
    : typeof made === 'object' && 'then' in made
      ? 'normalise answered a promise: it gives its updates at once'
      : undefined
