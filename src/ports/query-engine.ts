// The query engine port: a replica of the event store that speaks SQL.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra, InvalidQuery, NotStarted } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { EntitySchema } from '../model/schema.ts'
import type { ScanCursor } from './event-store.ts'
import type { Build, Generations } from './view-store.ts'

export type QueryEngineError = Infra | Contention
export type SqlError = QueryEngineError | InvalidQuery | NotStarted
export type SqlValue = string | number | bigint | boolean | Date | null
export type SqlParameters = { readonly [name: string]: SqlValue }
/**
 * Rows as plain values: int64 as bigint or safe number, NUMERIC, dates and instants as text, nested types as
 * objects and arrays.
 */
export type SqlRow = { readonly [column: string]: unknown }

/** Which events a position stands behind; stored in the same transaction as the rows where the engine can. */
export interface PositionStep {
  readonly before: string | undefined
  readonly after: string
}

export interface CheckedRange {
  readonly after: string | undefined
  readonly until: string | undefined
  readonly events: readonly StoredEvent[]
  /** The generation to look at; the one that serves, unless said. */
  readonly building?: true
}

/** Where rows and events disagree. */
export interface CheckedRows {
  readonly missing: readonly ScanCursor[]
  readonly surplus: readonly ScanCursor[]
  readonly different: readonly ScanCursor[]
}

export interface QueryEngine {
  /** Makes tables and SQL objects hold the schema; only adds. Repeatable. */
  readonly evolve: (entity: string, schema: EntitySchema) => TaskEither<QueryEngineError, void>
  /**
   * Appends events as rows. Repeating an append changes no answer; a value whose column is late is kept and
   * its row written again
   * later. With `step` the position moves in the same transaction; false, with nothing written, where it was
   * not at `before`.
   * An error with `retry: false` is the fault of an event that can never be a row; nothing was written.
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
   * `events` are those of
   * whole entities in (entityId, sequence) order; the range is the ids behind `after` up to `until`, open
   * where one is undefined.
   */
  readonly check: (
    entity: string,
    range: CheckedRange,
  ) => TaskEither<QueryEngineError | NotStarted, CheckedRows>
  /** Appends events to the generation being built only. */
  readonly fill: (
    entity: string,
    events: readonly StoredEvent[],
  ) => TaskEither<QueryEngineError | NotStarted, void>
  /** Generations of an entity's tables, as of its views; `append` writes to the one being built too. */
  readonly generations: {
    readonly of: (entity: string) => TaskEither<QueryEngineError | NotStarted, Generations>
    readonly begin: (entity: string, definition: string) => TaskEither<QueryEngineError | NotStarted, Build>
    readonly advance: (entity: string, build: Build) => TaskEither<QueryEngineError | NotStarted, void>
    readonly swap: (entity: string, generation: number) => TaskEither<QueryEngineError | NotStarted, boolean>
  }
  /** Runs one SELECT, read-only, with `$name` parameters. */
  readonly query: (
    text: string,
    parameters: SqlParameters,
    options: { readonly integers: 'number' | 'bigint' },
  ) => TaskEither<SqlError, readonly SqlRow[]>
}
