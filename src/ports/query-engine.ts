// The query engine port: a replica of the event store that speaks SQL.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra, InvalidQuery, NotStarted } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { EntitySchema } from '../model/schema.ts'
import type { ScanCursor } from './event-store.ts'
import type { Build, Generations } from './view-store.ts'

/** What writing to a query engine can meet. */
export type QueryEngineError = Infra | Contention
/**
 * What `query` can meet. `InvalidQuery` is the asker's fault: what does not only read, a syntax error, a
 * parameter too many or too few (`path` is `$name`), an integer that no number holds (`path` is its column).
 */
export type SqlError = QueryEngineError | InvalidQuery | NotStarted
/** A parameter's value; a Date is an instant, a number that is a safe integer an int64. */
export type SqlValue = string | number | bigint | boolean | Date | null
/** Parameters by name, as `$name` in the text. */
export type SqlParameters = { readonly [name: string]: SqlValue }
/**
 * Rows as plain values: int64 as bigint or safe number, NUMERIC, dates and instants as text, nested types as
 * objects and arrays.
 */
export type SqlRow = { readonly [column: string]: unknown }

/** Which events a position stands behind; stored in the same transaction as the rows where the engine can. */
export interface PositionStep {
  /** Where the engine must stand now; undefined at the start. */
  readonly before: string | undefined
  readonly after: string
}

/** What `check` compares: a range of entity ids, and all events that should stand behind its rows. */
export interface CheckedRange {
  readonly after: string | undefined
  readonly until: string | undefined
  readonly events: readonly StoredEvent[]
  /** Looks at the generation being built; at the one that serves, unless said. */
  readonly building?: true
}

/** Where rows and events disagree. */
export interface CheckedRows {
  /** Events without a row. */
  readonly missing: readonly ScanCursor[]
  /** Rows without an event. */
  readonly surplus: readonly ScanCursor[]
  /** Rows that read back otherwise than their event says. */
  readonly different: readonly ScanCursor[]
}

/**
 * A disposable replica of the event store: whatever it is told twice, or out of order, its answers are those
 * of the events. Per entity it shows `<Entity>`, `<Entity>_events`, `<Entity>_as_of(instant)` and
 * `<Entity>_log`.
 */
export interface QueryEngine {
  /**
   * Makes tables and SQL objects hold the schema; only adds columns, never changes or takes one. Repeatable,
   * and called before every `append`, so that a schema that is held already should cost nothing.
   */
  readonly evolve: (entity: string, schema: EntitySchema) => TaskEither<QueryEngineError, void>
  /**
   * Appends events as rows. Repeating an append changes no answer; a value whose column is late is kept and
   * its row written again later. With `step` the position moves in the same transaction; false, with nothing
   * written, where it was not at `before`. An error with `retry: false` is the fault of an event that can
   * never be a row; nothing was written.
   */
  readonly append: (
    entity: string,
    events: readonly StoredEvent[],
    step?: PositionStep,
  ) => TaskEither<QueryEngineError, boolean>
  /** The position stored with the rows; undefined at the start, or where the engine keeps none. */
  readonly position: (entity: string) => TaskEither<QueryEngineError, string | undefined>
  /** Those of these events that the engine does not hold, in their order; one question, however many. */
  readonly lacking: (
    entity: string,
    events: readonly ScanCursor[],
  ) => TaskEither<QueryEngineError, readonly ScanCursor[]>
  /**
   * Compares all that it holds of a range of entities with their events, recomputed from what it reads back.
   * `events` are those of whole entities in (entityId, sequence) order; the range is the ids behind `after`
   * up to `until`, open where one is undefined.
   */
  readonly check: (
    entity: string,
    range: CheckedRange,
  ) => TaskEither<QueryEngineError | NotStarted, CheckedRows>
  /** Appends events to the generation being built only; nothing where none is. Repeatable as `append` is. */
  readonly fill: (
    entity: string,
    events: readonly StoredEvent[],
  ) => TaskEither<QueryEngineError | NotStarted, void>
  /** Generations of an entity's tables, as of its views; `append` writes to the one being built too. */
  readonly generations: {
    /** Which generation serves, and which one is being built. */
    readonly of: (entity: string) => TaskEither<QueryEngineError | NotStarted, Generations>
    /** Begins a build, or goes on with the one of this definition; what an abandoned one left is dropped. */
    readonly begin: (entity: string, definition: string) => TaskEither<QueryEngineError | NotStarted, Build>
    /** Keeps how far the scan is; nothing where this build was abandoned. */
    readonly advance: (entity: string, build: Build) => TaskEither<QueryEngineError | NotStarted, void>
    /** The build serves from now on, at once for every query; false where it is not being built. */
    readonly swap: (entity: string, generation: number) => TaskEither<QueryEngineError | NotStarted, boolean>
  }
  /**
   * Runs one SELECT, read-only, with `$name` parameters, on what is appended by then. Anything that does not
   * only read is refused as `InvalidQuery` before it acts; `NotStarted` where nobody projects yet.
   * `integers`: whether int64 comes as bigint, or as number where it is safe.
   */
  readonly query: (
    text: string,
    parameters: SqlParameters,
    options: { readonly integers: 'number' | 'bigint' },
  ) => TaskEither<SqlError, readonly SqlRow[]>
}
