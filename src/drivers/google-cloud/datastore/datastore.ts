// What is asked of Datastore: keys, entities, mutations, queries, and how a commit can fail.
import type { TaskEither } from '../../../fp.ts'
import type { Contention, Infra } from '../../../model/errors.ts'
import type { Properties, Value } from './value.ts'

export type DatastoreError = Infra | Contention

export interface Key {
  readonly kind: string
  readonly name: string
}

export interface Found extends Key {
  /** The entity's version: what a later write of it expects. */
  readonly version: string
  readonly properties: Properties
}

/**
 * One write. `base` is the version that it expects to find, '0' for none; without one it writes whatever is
 * there. Always with
 * conflictResolutionStrategy FAIL: without it a stale write is applied silently.
 */
export type Mutation =
  | { readonly insert: Key; readonly properties: Properties }
  | { readonly upsert: Key; readonly properties: Properties; readonly base?: string }
  | { readonly remove: Key; readonly base?: string }

/**
 * `conflict`: another was faster, nothing was written. `refused`: the server will not take it, nothing was
 * written. `unknown`: whether it was written is not known.
 */
export interface CommitFailure {
  readonly _tag: 'conflict' | 'refused' | 'unknown' | 'failed'
  readonly error: DatastoreError
}

export interface Query {
  readonly kind: string
  /** Names behind this one, and before or at that one. */
  readonly after?: string
  readonly until?: string
  /** Property, operator, value. */
  readonly where?: readonly (readonly [
    property: string,
    operator: 'EQUAL' | 'GREATER_THAN_OR_EQUAL' | 'LESS_THAN_OR_EQUAL',
    value: Value,
  ])[]
  /** Ascending; by key unless said. */
  readonly orderBy?: string
  readonly limit: number
  readonly keysOnly?: true
}

/** One namespace of one database. */
export interface Datastore {
  /** By `keyText`; what is not there is left out. */
  readonly lookup: (
    verb: string,
    keys: readonly Key[],
  ) => TaskEither<DatastoreError, ReadonlyMap<string, Found>>
  /** Atomic; the versions written, in order. At most 500 mutations. */
  readonly commit: (
    verb: string,
    mutations: readonly Mutation[],
  ) => TaskEither<CommitFailure, readonly string[]>
  /** Not atomic, for what is idempotent: deletes and writes that nothing depends on. */
  readonly write: (verb: string, mutations: readonly Mutation[]) => TaskEither<DatastoreError, void>
  readonly query: (verb: string, query: Query) => TaskEither<DatastoreError, readonly Found[]>
}

export const keyText = ({ kind, name }: Key): string => `${kind}/${name}`
