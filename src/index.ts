// The entry dreampipe: the whole public surface on one page.
export { createPipeline, type PipelineOptions } from './pipeline.ts'
export type {
  AnyPipeline,
  Closable,
  Pipeline,
  ScheduleOptions,
  Submittable,
  Subscribed,
  Verbs,
} from './flow/verbs.ts'
export type { Letter } from './flow/consume/dead-letters.ts'
export type { SubscriptionOptions } from './flow/consume/subscriptions.ts'
export type { FindOptions, Found } from './flow/query/views.ts'
export type { Finding, Verified, VerifyOptions } from './flow/prove/verify.ts'
export type { Counts, SubmitAllOptions } from './flow/receive/submit-all.ts'
export type { Proof, Target } from './flow/prove/prove.ts'
export type { Provisioned, ProvisionOptions } from './flow/provision.ts'
export type { Replayed } from './flow/produce/quarantine.ts'
export type { RunOptions, RunProgress, RunReport } from './model/run.ts'
export type { Rebuilt, RebuildOptions, RebuildProgress } from './flow/prove/rebuild.ts'
export type { Role } from './flow/roles.ts'
export type { Observe, Signal } from './flow/signal.ts'
export type { Status, SubscriptionStatus } from './flow/status.ts'
export { entity } from './model/entity.ts'
export type {
  AnyEntity,
  Delete,
  Entity,
  EventOf,
  Identifier,
  IdentifierOf,
  MaybeTask,
  Past,
  Shape,
  State,
  TransformContext,
  Upsert,
  View,
  Where,
} from './model/entity.ts'
export { producer } from './model/producer.ts'
export type { Budget, Change, Page, PageContext, Producer, ProducerDefinition } from './model/producer.ts'
export type { Meta, Update } from './model/update.ts'
export { entitiesFrom, entityFrom } from './model/configuration.ts'
export { y } from './model/property.ts'
export type { Inputs, LearnedProperties, Properties, Property, Values } from './model/property.ts'
export type { Mode } from './model/spec.ts'
export { exactJson, type ExactNumber } from './model/json-exact.ts'
export { checkOptions } from './model/options.ts'
export { codecOf } from './model/codec.ts'
export { YadtoCodec } from './model/decode.ts'
export { metadataNames } from './model/yadto.ts'
export type { EntityPropertyValue, PropertyType, Yadto } from './model/yadto.ts'
export type { EventInfo, Receipt } from './model/event.ts'
export {
  invalidDefinition,
  invalidOption,
  isDreampipeError,
  missingDependency,
  schemaConflict,
  sourceFailed,
} from './model/errors.ts'
export type {
  Closed,
  Contention,
  DreampipeError,
  Failure,
  Infra,
  InvalidDefinition,
  InvalidQuery,
  InvalidUpdate,
  MissingDependency,
  NotProvisioned,
  NotStarted,
  Parked,
  ReadError,
  RunError,
  SchemaConflict,
  SourceFailed,
  SubmitError,
  TimedOut,
  TransformFailed,
  Unavailable,
  UnknownEntity,
} from './model/errors.ts'
export type { Problem, ProblemCode } from './model/problem.ts'
export type { Quarantined } from './ports/checkpoint-store.ts'
export type { DeadLetter, SubmitResult } from './ports/topic.ts'
export type { Driver, ProvisionStep } from './ports/driver.ts'
