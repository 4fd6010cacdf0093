// The entry dreampipe/driver: the ports, for those who write drivers.
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
export {
  decide,
  type Candidate,
  type Decision,
  type Head,
  type Mark,
  type Outcome,
} from './model/candidate.ts'
export {
  brokenDown,
  contention,
  invalidQuery,
  missingDependency,
  notProvisioned,
  notStarted,
  unavailable,
} from './model/errors.ts'
export type { EventInfo, EventKind, Moment, StoredEvent } from './model/event.ts'
export { eventIdOf, parseEventId } from './model/identity.ts'
export type { EntitySchema, PropertySchema, PropertySchemas, Rule } from './model/schema.ts'
export { growColumns, leafCount, type Addition, type Columns, type ColumnType } from './schema/columns.ts'
export { rowText } from './schema/row.ts'
