// What can be wrong with one update: problems with a code and a path, collected all at once.

/** What kind of thing is wrong. */
export type ProblemCode =
  /** A required property, a part of the identifier, the timestamp or the source is missing or null. */
  | 'Missing'
  /** The value is none of its type, or not what the declaration allows; or the wire form is broken. */
  | 'WrongType'
  /** The property is not declared (in a builder, or where others are rejected), or is a transformer's. */
  | 'UnknownProperty'
  /** The name cannot be a property's, differs only in case from another, or is a calculated value's. */
  | 'BadName'
  /** `eventOperation` is neither `upsert` nor `delete`. */
  | 'BadOperation'
  /** The timestamp is no instant, or lies further ahead of the clock than allowed. */
  | 'BadTimestamp'
  /** The property's type, or what the definition says of it, contradicts the stored schema. */
  | 'SchemaConflict'
  /** The value is nested deeper than the limit. */
  | 'TooDeep'
  /** Something is larger than its limit, or the update has more problems than are told. */
  | 'TooLarge'
  /** A List holds Lists. */
  | 'ListOfLists'

/** One thing wrong, at `path`: `address.street`, `tags[3]`; the empty path is the update itself. */
export interface Problem {
  readonly code: ProblemCode
  readonly path: string
  readonly message: string
}

// Names from outside may be of any length, and paths are many times as long.
const longest = 400

export const problem = (code: ProblemCode, path: string, message: string): Problem => ({
  code,
  path: path.length > longest ? `${path.slice(0, longest)}…` : path,
  message,
})

/** Problems that one update tells of. */
const most = 100

/** The first hundred problems; what is left out is counted by one more. */
export const toldOf = (problems: readonly Problem[]): readonly Problem[] =>
  problems.length <= most
    ? problems
    : [
        ...problems.slice(0, most),
        problem('TooLarge', '', `has ${problems.length - most} more problems, which are not told`),
      ]

/** The path of a property inside `parent`. */
export const child = (parent: string, name: string): string =>
  parent === '' ? printable(name) : `${parent}.${printable(name)}`

/** The path of an element inside the List at `parent`. */
export const element = (parent: string, index: number): string => `${parent}[${index}]`

/** A path and those of all that it lies in: `a.b[2]`, `a.b`, `a`. */
export const pathAndAround = (path: string): readonly string[] => {
  const paths: string[] = []
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.'), at.lastIndexOf('['))))
    paths.push(at)
  return paths
}

// A name comes from outside: a path stays one short line whatever it holds.
const printable = (name: string): string =>
  /^[\w$-]{1,300}$/.test(name) ? name : JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)

/** One line that names every problem (at most ten), for an error's message. */
export const describeProblems = (problems: readonly Problem[]): string => {
  const shown = problems
    .slice(0, 10)
    .map(({ code, path, message }) => `${path === '' ? '(update)' : path}: ${message} [${code}]`)
  return problems.length > 10 ? `${shown.join('; ')}; and ${problems.length - 10} more` : shown.join('; ')
}
