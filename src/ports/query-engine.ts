// The query engine port: a replica of the event store that speaks SQL.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra, InvalidQuery, NotStarted } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { EntitySchema } from '../model/schema.ts'

export type QueryEngineError = Infra | Contention
export type SqlError = QueryEngineError | InvalidQuery | NotStarted
export type SqlValue = string | number | bigint | boolean | Date | null
export type SqlParameters = { readonly [name: string]: SqlValue }
/** Rows as plain values: int64 as bigint or safe number, NUMERIC, dates and instants as text, nested types as objects and arrays. */
export type SqlRow = { readonly [column: string]: unknown }

/** Which events a position stands behind; stored in the same transaction as the rows where the engine can. */
export interface PositionStep {
  readonly before: string | undefined
  readonly after: string
}

export interface QueryEngine {
  /** Makes tables and SQL objects hold the schema; only adds. Repeatable. */
  readonly evolve: (entity: string, schema: EntitySchema) => TaskEither<QueryEngineError, void>
  /**
   * Appends events as rows. Repeating an append changes no answer; a value whose column is late is kept and its row written again
   * later. With `step` the position moves in the same transaction; false, with nothing written, where it was not at `before`.
   */
  readonly append: (entity: string, events: readonly StoredEvent[], step?: PositionStep) => TaskEither<QueryEngineError, boolean>
  /** The position stored with the rows; undefined at the start, or where the engine keeps none. */
  readonly position: (entity: string) => TaskEither<QueryEngineError, string | undefined>
  /** Whether the engine holds this event. */
  readonly holds: (entity: string, entityId: string, sequence: number) => TaskEither<QueryEngineError, boolean>
  /** Runs one SELECT, read-only, with `$name` parameters. */
  readonly query: (text: string, parameters: SqlParameters, options: { readonly integers: 'number' | 'bigint' }) => TaskEither<SqlError, readonly SqlRow[]>
}
