// The adapter: an object of Salesforce as a producer of an entity.
import {
  invalidDefinition,
  producer,
  type AnyEntity,
  type Change,
  type LearnedProperties,
  type Producer,
  type Properties,
  type Update,
  type Values,
  type Yadto,
} from 'dreampipe'
import { CursorCodec, startCursor, type Cursor } from './cursor.ts'
import type { Reading } from './extraction.ts'
import type { Login } from './org/login.ts'
import { normaliseOf } from './run/normalise.ts'
import { salesforceOrg, type Org } from './org/org.ts'
import { pagesOf } from './run/pages.ts'

interface Common<L extends AnyEntity> {
  /** Names the stored cursor, and is the updates' source; `salesforce-<object>` unless said. */
  readonly name?: string
  /** The object's API name: `Lead`, `Invoice__c`. */
  readonly object: string
  readonly entity: L
  /** How to log in, or an org that several producers share (`salesforceOrg`). */
  readonly login: Login | Org
  /** Your own version of `fields` and `normalise`: every update's `eventVersion`. */
  readonly version?: number
  /**
   * What becomes of soft deletes and merges: deletes of the entity, or nothing. `recycle-bin` unless said.
   */
  readonly deletes?: 'recycle-bin' | 'ignore'
  /**
   * Compares all Ids every so many hours and deletes what is gone without a trace (0: each run). It ends with
   * an error before more than `share` (0.1) and `records` (10) of the known records would go. The entity's
   * identifier must be the Id.
   */
  readonly reconcile?: { readonly hours: number; readonly share?: number; readonly records?: number }
  /**
   * Reads all records again every so many hours (0: each run) for formulas, whose changes touch no stamp. The
   * entity must have `deduplication: { by: 'latest' }`, which stores them only where they changed.
   */
  readonly formulas?: { readonly hours: number }
  /**
   * Where fields come to what is read (declared, new in the org, or permitted now), all records are read
   * again for them, or only those that change. `all-records` unless said.
   */
  readonly newFields?: 'all-records' | 'changed-records'
  readonly reading?: Partial<Reading>
}

/**
 * With declared fields: they type the record, are what is selected, and are checked against Salesforce before
 * anything is read.
 */
export interface Declared<L extends AnyEntity, F extends Properties> extends Common<L> {
  readonly fields: F
  readonly normalise: (record: Values<F>, to: Change<L>) => Update<L['name']> | readonly Update<L['name']>[]
}
/** A record of which nothing is declared: wire values by field name. */
export type WireRecord = Yadto
/**
 * Without: every field goes through under its own name, as wire values, into an entity that learns its
 * schema.
 */
export interface Learned<L extends AnyEntity> extends Common<L> {
  readonly fields?: undefined
  readonly normalise?: (record: WireRecord, to: Change<L>) => Update<L['name']> | readonly Update<L['name']>[]
}
type IsLearned<L extends AnyEntity> = L['shape']['properties'] extends LearnedProperties
  ? string extends keyof L['shape']['properties']
    ? L
    : never
  : never

interface Salesforce {
  <L extends AnyEntity, F extends Properties>(options: Declared<L, F>): Producer<L, Values<F>, Cursor>
  <L extends AnyEntity>(
    options: Learned<L> & { readonly entity: IsLearned<L> },
  ): Producer<L, WireRecord, Cursor>
}

const defaults: Reading = {
  via: 'auto',
  bulkAbove: 20_000,
  bulkPage: 50_000,
  poll: 500,
  jobTimeout: 4 * 3_600_000,
}

/**
 * Reads an object of Salesforce into an entity. Throws `InvalidDefinition` at once where the options do not
 * fit the entity.
 */
export const salesforce = ((
  options: Declared<AnyEntity, Properties> | Learned<AnyEntity>,
): Producer<AnyEntity, unknown, Cursor> => {
  const {
    object,
    entity,
    login,
    name = `salesforce-${object}`,
    version,
    deletes = 'recycle-bin',
    fields,
    formulas,
    reading,
  } = options
  const refuse = (path: string, why: string): never => {
    throw invalidDefinition(`producer ${name}`, path, why)
  }
  if (!/^[A-Za-z]\w*$/.test(object)) refuse('object', 'is no API name of an object: Lead, Invoice__c')
  if (formulas !== undefined && entity.definition.by !== 'latest')
    refuse(
      'formulas',
      "formulas change without a stamp, and only deduplication by 'latest' tells their changes from " +
        "their repetitions: give the entity deduplication: { by: 'latest' }, or leave formulas out and " +
        "have them as of each record's last change",
    )
  if (options.reconcile !== undefined && entity.definition.identifier.length !== 1)
    refuse('reconcile', 'needs an entity whose only identifier is the Id')
  if (fields === undefined && entity.definition.properties !== undefined && options.normalise === undefined)
    refuse('fields', 'are needed, with normalise: this entity has properties of its own')
  const positive = (path: string, value: number | undefined, least: number): void => {
    if (value !== undefined && !(value >= least)) refuse(path, `is a number, at least ${least}`)
  }
  positive('reconcile.hours', options.reconcile?.hours, 0)
  positive('reconcile.share', options.reconcile?.share, 0)
  positive('reconcile.records', options.reconcile?.records, 0)
  positive('formulas.hours', formulas?.hours, 0)
  for (const name of ['bulkAbove', 'jobTimeout'] as const) positive(`reading.${name}`, reading?.[name], 0)
  for (const name of ['bulkPage', 'poll'] as const) positive(`reading.${name}`, reading?.[name], 1)
  if (reading?.via !== undefined && !['auto', 'rest', 'bulk'].includes(reading.via))
    refuse('reading.via', 'is auto, rest or bulk')
  const org = 'call' in login ? login : salesforceOrg({ login })
  const normalise = (options.normalise ?? ((record: never, to: Change<AnyEntity>) => to.update(record))) as (
    record: never,
    to: Change<AnyEntity>,
  ) => Update | readonly Update[]
  return producer({
    name,
    entity,
    cursor: CursorCodec,
    start: startCursor,
    ...(version === undefined ? {} : { version }),
    pages: pagesOf({
      org,
      entity,
      object,
      fields,
      deletes: deletes === 'recycle-bin',
      reading: { ...defaults, ...reading },
      formulas,
      newFields: options.newFields ?? 'all-records',
      reconcile:
        options.reconcile === undefined ? undefined : { share: 0.1, records: 10, ...options.reconcile },
    }),
    normalise: normaliseOf(entity, normalise, fields),
  })
}) as Salesforce
