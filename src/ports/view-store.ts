// The view store port: one light document per entity, for APIs.
import type { TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Fold } from '../model/state.ts'
import type { Yadto } from '../model/yadto.ts'
import type { ScanCursor } from './event-store.ts'

/** What a view store can meet. */
export type ViewError = Infra | Contention

/** One generation of an entity's view, and the properties `find` may ask for. */
export interface ViewTable {
  readonly entity: string
  readonly generation: number
  readonly index: readonly string[]
}

/**
 * What a document remembers of its events, and the whole state where the document shows only a part and later
 * events need the rest.
 */
export interface DocumentFold extends Fold {
  readonly state?: Yadto
}

/**
 * A document: a pure function of the entity's events 1 to `sequence`. A deleted entity leaves a hidden one
 * that holds the gate.
 */
export interface ViewDocument {
  readonly entityId: string
  readonly sequence: number
  readonly deleted: boolean
  readonly fold: DocumentFold
  /** View properties and calculated values, canonical. */
  readonly content: Yadto
}

/** One page of what `find` looks for: documents for which all conditions hold. */
export interface FindQuery {
  /** Indexed property to canonical text; null finds null and missing. */
  readonly where: readonly (readonly [property: string, text: string | null])[]
  /** Documents a page holds at most; a page that is not full is the last. */
  readonly limit: number
  /** Behind this entity id, which need not be there (any more). */
  readonly after?: string
}

/**
 * A generation being built beside the one that serves: projections write to both, a scan fills it, then it
 * takes over.
 */
export interface Build {
  readonly generation: number
  /** Names the definition it is built by: another definition begins another generation. */
  readonly definition: string
  /** How far the scan is, and how many events it has read. */
  readonly cursor?: ScanCursor
  readonly events: number
}

/** Which generation of an entity's documents (or rows) serves, and which one is being built. */
export interface Generations {
  /** The generation that serves; 1 before any rebuild. */
  readonly active: number
  readonly building?: Build
}

/**
 * Documents that only move forward: whatever comes twice, late or at once from everywhere, the document of
 * the highest sequence stays. Every verb works on the generation that its table names, the one that serves or
 * not.
 */
export interface ViewStore {
  /**
   * Makes the table and its indexes; documents that are there are found by a later index too. Repeatable.
   * Reading a table that nobody prepared finds nothing.
   */
  readonly prepare: (table: ViewTable) => TaskEither<ViewError, void>
  /**
   * Writes documents; each replaces only one of a lower sequence. Answers how many were written. An error
   * with `retry: false` is the fault of a document, which `refusal` then names.
   */
  readonly put: (table: ViewTable, documents: readonly ViewDocument[]) => TaskEither<ViewError, number>
  /**
   * Writes documents whatever stands there, to mend it, unless it has moved beyond. Answers how many were
   * written.
   */
  readonly mend: (table: ViewTable, documents: readonly ViewDocument[]) => TaskEither<ViewError, number>
  /**
   * Why a document can never be stored here (its size); undefined where it can. Asked only after a `put` or
   * `mend` that failed for good; without it, any can.
   */
  readonly refusal?: (table: ViewTable, document: ViewDocument) => string | undefined
  /** Takes documents out that no event stands behind; what is not there is passed over. */
  readonly remove: (table: ViewTable, entityIds: readonly string[]) => TaskEither<ViewError, void>
  /** The documents of these entities, deleted ones included, in any order; what is not there is left out. */
  readonly get: (
    table: ViewTable,
    entityIds: readonly string[],
  ) => TaskEither<ViewError, readonly ViewDocument[]>
  /**
   * One page of all documents in order of entity id, deleted ones included, behind the id `after`, at most
   * `limit`; a page that is not full is the last.
   */
  readonly list: (
    table: ViewTable,
    after: string | undefined,
    limit: number,
  ) => TaskEither<ViewError, readonly ViewDocument[]>
  /** One page of live documents in order of entity id; a condition names only properties of `table.index`. */
  readonly find: (table: ViewTable, query: FindQuery) => TaskEither<ViewError, readonly ViewDocument[]>
  /** Which generation of an entity's documents serves, and which one is being built beside it. */
  readonly generations: {
    /** Of an entity that was never rebuilt, and of one that is not there, generation 1 serves. */
    readonly of: (entity: string) => TaskEither<ViewError, Generations>
    /** Begins a build, or goes on with the one of this definition; what an abandoned one left is dropped. */
    readonly begin: (entity: string, definition: string) => TaskEither<ViewError, Build>
    /** Keeps how far the scan is; nothing where this build was abandoned. */
    readonly advance: (entity: string, build: Build) => TaskEither<ViewError, void>
    /**
     * The build serves from now on; the generation before it stays until the next build begins. False where
     * it is not being built.
     */
    readonly swap: (entity: string, generation: number) => TaskEither<ViewError, boolean>
  }
}
