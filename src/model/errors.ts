// Every failure as one tagged union: real Errors made by functions, told apart by tag, never by class or
// message.
import { describeProblems, toldOf, type Problem } from './problem.ts'

/** A real `Error` with a tag. `retry` says whether the same call may succeed later. */
export type Failure<Tag extends string, Fields = {}> = Error & {
  readonly _tag: Tag
  readonly retry: boolean
  readonly toJSON: () => { readonly [key: string]: unknown }
} & Fields

type Problems = { readonly entity: string; readonly problems: readonly [Problem, ...Problem[]] }

/**
 * The technology behind the pipeline cannot do it now. `retry` is false where trying again cannot help: a
 * full disk, a read-only folder, a row that the engine refuses.
 */
export type Unavailable = Failure<'Unavailable'>
/**
 * Something that must be set up beforehand is missing, or access to it is denied; `remedy` says what mends
 * it.
 */
export type NotProvisioned = Failure<'NotProvisioned', { readonly remedy: string }>
/** A package is not installed; `install` is the command. */
export type MissingDependency = Failure<'MissingDependency', { readonly install: string }>
/** The pipeline is closed. */
export type Closed = Failure<'Closed'>
/**
 * What any verb can meet: the technology behind the pipeline is away, not set up, not installed, or the
 * pipeline is closed.
 */
export type Infra = Unavailable | NotProvisioned | MissingDependency | Closed

/** Everything wrong with one update, all problems together. */
export type InvalidUpdate = Failure<'InvalidUpdate', Problems>
/**
 * This process' definition of an entity contradicts the stored schema, or a source contradicts the fields
 * that its producer declares.
 */
export type SchemaConflict = Failure<'SchemaConflict', Problems>
/** The pipeline has no entity of that name. */
export type UnknownEntity = Failure<'UnknownEntity'>
/** A transformer failed: for good, or (`retry`) after six tries. */
export type TransformFailed = Failure<'TransformFailed'>
/** Other processes were in the way for too long, or moved what this one was about to move. */
export type Contention = Failure<'Contention'>
/** What `submit` can meet. */
export type SubmitError =
  Infra | InvalidUpdate | SchemaConflict | UnknownEntity | TransformFailed | Contention

/**
 * Whether an error says what is wrong with one update, so that it is rejected and its neighbours go on. Every
 * other error speaks of the pipeline around it, and nothing is rejected for that.
 */
export const isUpdatesFault = ({ _tag, retry }: DreampipeError): boolean =>
  !retry && (_tag === 'InvalidUpdate' || _tag === 'UnknownEntity' || _tag === 'TransformFailed')

/** A question that cannot be asked, or an answer that cannot be read as asked; `path` names the part. */
export type InvalidQuery = Failure<'InvalidQuery', { readonly path: string }>
/** It did not happen within the time given. */
export type TimedOut = Failure<'TimedOut'>
/** Nobody runs what the question needs. */
export type NotStarted = Failure<'NotStarted'>
/** What is waited for is a dead letter. */
export type Parked = Failure<'Parked'>
/** What reading can meet. */
export type ReadError = Infra | InvalidQuery | SchemaConflict | UnknownEntity | TimedOut | NotStarted | Parked

/**
 * What an update stream or a source was read from failed, or a callback of the caller's did. `retry` where
 * the source said so.
 */
export type SourceFailed = Failure<'SourceFailed'>
/** More records went to quarantine than the run tolerates. */
export type TooManyRejected = Failure<
  'TooManyRejected',
  { readonly quarantined: number; readonly records: number }
>
/** The producer runs already, here or on another replica. */
export type AlreadyRunning = Failure<'AlreadyRunning'>
/** What running a producer can meet. */
export type RunError = SubmitError | SourceFailed | SchemaConflict | TooManyRejected | AlreadyRunning
/** A bad definition, thrown at once; `path` names the option. */
export type InvalidDefinition = Failure<'InvalidDefinition', { readonly path: string }>

/** Every error that dreampipe makes. */
export type DreampipeError = RunError | ReadError | InvalidDefinition

const brand = Symbol.for('dreampipe.error')

type Details = { readonly retry?: boolean; readonly cause?: unknown; readonly [field: string]: unknown }

const make = <E extends DreampipeError>(
  tag: E['_tag'],
  message: string,
  { retry = false, cause, ...fields }: Details = {},
): E => {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  // The own `name` is what a stack trace and a log line show.
  Object.defineProperty(error, 'name', { value: tag, configurable: true })
  Object.defineProperty(error, brand, { value: true })
  Object.defineProperty(error, 'toJSON', { value: () => ({ _tag: tag, message, retry, ...fields }) })
  return Object.assign(error, { _tag: tag, retry, ...fields }) as unknown as E
}

const some = (problems: readonly Problem[]): readonly [Problem, ...Problem[]] =>
  problems as readonly [Problem, ...Problem[]]

export const invalidUpdate = (entity: string, all: readonly Problem[]): InvalidUpdate => {
  const problems = toldOf(all)
  return make('InvalidUpdate', `submit ${entity}: ${describeProblems(problems)}`, {
    entity,
    problems: some(problems),
  })
}
/** A definition that contradicts the stored one; `problems` name both sides, each with its path. */
export const schemaConflict = (
  entity: string,
  problems: readonly Problem[],
  why = 'its definition contradicts what is stored',
): SchemaConflict =>
  make('SchemaConflict', `${entity}: ${why}: ${describeProblems(problems)}`, {
    entity,
    problems: some(problems),
  })
export const unknownEntity = (verb: string, entity: string, known: readonly string[]): UnknownEntity =>
  make(
    'UnknownEntity',
    entity === 'undefined'
      ? `${verb}: names no entity: take Lead.toUpdate({ … }) or { entity: 'Lead', yadto }`
      : `${verb}: this pipeline has no entity ${JSON.stringify(entity)}; it has ${known.join(', ')}`,
  )
/** The technology cannot do it now, and the same call may succeed later: a timeout, a lost connection. */
export const unavailable = (verb: string, why: string, cause?: unknown): Unavailable =>
  make('Unavailable', `${verb}: ${why}`, { retry: true, cause })
/** Unavailable, and trying again will not help: a full disk, a read-only folder. */
export const brokenDown = (verb: string, why: string, cause?: unknown): Unavailable =>
  make('Unavailable', `${verb}: ${why}`, { retry: false, cause })
/** Something is missing that `remedy`, a call, sets up. */
export const notProvisioned = (verb: string, why: string, remedy: string, cause?: unknown): NotProvisioned =>
  make('NotProvisioned', `${verb}: ${why}: call ${remedy}`, { remedy, cause })
/** Others were in the way for too long; the same call may succeed later. */
export const contention = (verb: string, why: string, cause?: unknown): Contention =>
  make('Contention', `${verb}: ${why}`, { retry: true, cause })
export const transformFailed = (
  entity: string,
  why: string,
  retry: boolean,
  cause?: unknown,
): TransformFailed => make('TransformFailed', `submit ${entity}: transform: ${why}`, { retry, cause })
/** Nobody runs what the question needs; `why` says what to call. Not to be tried again by itself. */
export const notStarted = (verb: string, why: string): NotStarted => make('NotStarted', `${verb}: ${why}`)
export const timedOut = (verb: string, why: string): TimedOut =>
  make('TimedOut', `${verb}: ${why}`, { retry: true })
/** What a source met. `retry`: the same may work later. */
export const sourceFailed = (verb: string, why: string, cause?: unknown, retry = false): SourceFailed =>
  make('SourceFailed', `${verb}: ${why}${cause === undefined ? '' : `: ${reasonOf(cause)}`}`, {
    retry,
    cause,
  })
export const tooManyRejected = (
  producer: string,
  quarantined: number,
  records: number,
  first: string,
): TooManyRejected =>
  make(
    'TooManyRejected',
    `run ${producer}: ${quarantined} of ${records} records went to quarantine, the first because ${first}`,
    { quarantined, records },
  )
export const alreadyRunning = (producer: string): AlreadyRunning =>
  make('AlreadyRunning', `run ${producer}: it runs already`, { retry: true })
/** What comes behind the closing of a pipeline or a connection is answered this. Not to be tried again. */
export const closed = (verb: string): Closed => make('Closed', `${verb}: the pipeline is closed`)
export const parked = (verb: string, why: string): Parked => make('Parked', `${verb}: ${why}`)
/** The asker's fault; `path` names the part (`$name`, a column; empty: the whole). Not to be tried again. */
export const invalidQuery = (verb: string, path: string, why: string, cause?: unknown): InvalidQuery =>
  make('InvalidQuery', `${verb}: ${path === '' ? '' : `${path}: `}${why}`, { path, cause })
/** A definition that cannot be: `path` names the option within `entity`, `why` says how to mend it. */
export const invalidDefinition = (entity: string, path: string, why: string): InvalidDefinition =>
  make('InvalidDefinition', `entity ${entity}: ${path === '' ? '' : `${path}: `}${why}`, { path })
/**
 * A call or a definition with an option that cannot be: `of` names what takes it (`find`, `embedded`), `path`
 * the option.
 */
export const invalidOption = (of: string, path: string, why: string): InvalidDefinition =>
  make('InvalidDefinition', `${of}: ${path === '' ? '' : `${path}: `}${why}`, { path })
/** The package `name` is not installed; the message ends with the command that installs it. */
export const missingDependency = (verb: string, name: string, cause?: unknown): MissingDependency =>
  make(
    'MissingDependency',
    `${verb}: needs the package ${name}, which is not installed: npm install ${name}`,
    { install: `npm install ${name}`, cause },
  )

/** Whether a value is one of dreampipe's errors, of one of these tags when any are given. */
export const isDreampipeError = <T extends DreampipeError['_tag'] = DreampipeError['_tag']>(
  u: unknown,
  ...tags: T[]
): u is Extract<DreampipeError, { _tag: T }> =>
  typeof u === 'object' &&
  u !== null &&
  brand in u &&
  '_tag' in u &&
  (tags.length === 0 || tags.some((tag) => tag === u._tag))

/** A short text of any thrown value, for a message; never its stack. */
export const reasonOf = (thrown: unknown): string => {
  try {
    return typeof thrown === 'object' && thrown !== null && 'message' in thrown
      ? String(thrown.message)
      : String(thrown)
  } catch {
    return 'a value that cannot be read'
  }
}
