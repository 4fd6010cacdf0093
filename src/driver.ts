// The entry dreampipe/driver: the ports, for those who write drivers, and what every driver does alike.

// The driver and its five ports.
export type { Driver, Ports, ProvisionStep, Wanted } from './ports/driver.ts'
export type {
  Appended,
  Batch,
  EventStore,
  ScanCursor,
  SchemaGuard,
  StoreError,
  Versioned,
} from './ports/event-store.ts'
export type {
  Consumer,
  ConsumerEvents,
  DeadLetter,
  DeadLetters,
  Deferral,
  Deferrals,
  Delivery,
  Handler,
  Progress,
  Results,
  Subscription,
  SubmitResult,
  Topic,
  TopicError,
  UpdateMessage,
  Updates,
} from './ports/topic.ts'
export type {
  Build,
  DocumentFold,
  FindQuery,
  Generations,
  ViewDocument,
  ViewError,
  ViewStore,
  ViewTable,
} from './ports/view-store.ts'
export type {
  Checkpoint,
  CheckpointError,
  CheckpointStore,
  Held,
  Quarantined,
} from './ports/checkpoint-store.ts'
export type {
  CheckedRange,
  CheckedRows,
  PositionStep,
  QueryEngine,
  QueryEngineError,
  SqlError,
  SqlParameters,
  SqlRow,
  SqlValue,
} from './ports/query-engine.ts'

// Append: the one decision that every event store makes inside its transaction, and what it decides on.
export {
  decide,
  type Candidate,
  type Decision,
  type Head,
  type Mark,
  type Outcome,
} from './model/candidate.ts'

// Events: what is stored, and its parts.
export {
  infoOf,
  payloadOf,
  type EventInfo,
  type EventKind,
  type Moment,
  type Receipt,
  type StoredEvent,
} from './model/event.ts'
export { eventIdOf, parseEventId } from './model/identity.ts'
export type { Fold } from './model/state.ts'

// Values and schemas, as events and documents carry them.
export { isNull, type EntityPropertyValue, type PropertyType, type Yadto } from './model/yadto.ts'
export type { EntitySchema, PropertySchema, PropertySchemas, Rule } from './model/schema.ts'

// Canonical texts: of instants that a driver makes, of decimals that an engine reads back.
export { instantOfDate, millisOf } from './model/instant.ts'
export { canonicalDecimal } from './model/number.ts'

// Errors: the tags that ports answer, who makes them, and how a thrown value is read.
export {
  brokenDown,
  closed,
  contention,
  invalidQuery,
  isDreampipeError,
  missingDependency,
  notProvisioned,
  notStarted,
  reasonOf,
  unavailable,
  type Closed,
  type Contention,
  type Infra,
  type InvalidQuery,
  type MissingDependency,
  type NotProvisioned,
  type NotStarted,
  type Unavailable,
} from './model/errors.ts'
export type { Problem } from './model/problem.ts'

// A query engine's columns: which ones a schema asks for, and an event as a row for them.
export { growColumns, leafCount, type Addition, type Columns, type ColumnType } from './schema/columns.ts'
export { rowText } from './schema/row.ts'

// A query engine's check: what a row must read back as, and where rows and events disagree.
export { comparable, disagreements, expectedRow, rowKey } from './schema/expected.ts'

// SQL of a query engine that speaks DuckDB's dialect: tables, inserts, and the objects that users ask.
export {
  addColumn,
  createLog,
  dropLog,
  insertRows,
  logTable,
  selectEvents,
  sqlObjects,
} from './schema/duckdb.ts'
