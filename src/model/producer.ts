// Producers: where updates come from, as data: a cursor, pages behind it, and what becomes of each record.
import type { t } from '../fp.ts'
import { checkedName } from './producer-check.ts'
import type { AnyEntity, Delete, Upsert } from './entity.ts'
import type { Update } from './update.ts'

/**
 * What `normalise` answers with: the entity's builder, which the compiler checks; a bare literal would not
 * be.
 */
export interface Change<L extends AnyEntity> {
  readonly update: (values: Upsert<L['shape']>) => Update<L['name']>
  readonly delete: (keys: Delete<L['shape']>) => Update<L['name']>
}

/** Records, and the cursor that stands behind them: it is saved only after they are stored. */
export interface Page<R, C> {
  readonly records: readonly R[]
  readonly cursor: C
  /** How many records there are altogether, where the source says so: for progress. */
  readonly expected?: number
  /**
   * The source has more, and may not be asked for it now: the run ends behind this page as `budget`, and the
   * next one goes on.
   */
  readonly spent?: boolean
}

/** What the source may spend, in calls of its own counting. */
export interface Budget {
  /** Calls left to this run. */
  readonly left: () => number
  /**
   * Counts calls; false once the budget is spent: the run then ends after the page in hand, in good order.
   */
  readonly spend: (calls: number) => boolean
}

/** What a producer is given beside its cursor. */
export interface PageContext {
  /** Aborted when the run is to end: no further page is taken. */
  readonly signal: AbortSignal
  readonly budget: Budget
  /** Tells whoever watches what is no error: `{ _tag: 'producer' }`. */
  readonly warn: (message: string) => void
  /**
   * Identifier values, as canonical text, of every entity that is there now, page by page: for sources whose
   * hard deletes leave no trace.
   */
  readonly live: () => AsyncIterable<readonly { readonly [property: string]: string }[]>
}

/** What `producer` takes: names, a cursor, pages behind it, and what becomes of each record. */
export interface ProducerDefinition<L extends AnyEntity, C, R> {
  /** Names the stored cursor, and is the updates' source. */
  readonly name: string
  readonly entity: L
  /** The producer's own version: an update's `eventVersion`, and beside every quarantined record. */
  readonly version?: number
  /** Any io-ts codec: a stored cursor that it refuses ends the run before anything is read. */
  readonly cursor: t.Type<C, unknown, unknown>
  /** Where the first run begins. */
  readonly start: C
  /**
   * Pages behind a cursor. What it throws is tried again with backoff behind the last cursor, until it was
   * too often (`SourceFailed`); with `retry: false` it ends the run at once.
   */
  readonly pages: (from: C, context: PageContext) => AsyncIterable<Page<R, C>>
  /** What becomes of a record. A throw puts this record into quarantine, the rest goes on. */
  readonly normalise: (record: R, to: Change<L>) => Update<L['name']> | readonly Update<L['name']>[]
}

/** A source of updates of one entity. */
export interface Producer<L extends AnyEntity = AnyEntity, R = unknown, C = unknown> {
  readonly name: string
  readonly entity: L
  readonly definition: ProducerDefinition<L, C, R>
}

/**
 * Declares a producer. Throws `InvalidDefinition` at once where the definition is bad.
 * @example
 * import { entity, producer, y } from 'dreampipe'
 * import { t } from 'dreampipe/fp'
 *
 * const Price = entity('Price', {
 *   properties: { sku: y.string(), price: y.decimal(), at: y.dateTime() },
 *   identifier: ['sku'],
 *   timestamp: 'at',
 * })
 * producer({
 *   name: 'price-list',
 *   entity: Price,
 *   cursor: t.string,
 *   start: '1970-01-01T00:00:00Z',
 *   async *pages(since, { signal }) {
 *     const response = await fetch(`https://prices.example/changed?since=${since}`, { signal })
 *     const { rows, until } = (await response.json()) as {
 *       rows: readonly { sku: string; price: string; at: string }[]
 *       until: string
 *     }
 *     yield { records: rows, cursor: until }
 *   },
 *   normalise: (row, to) => to.update(row),
 * })
 */
export const producer = <L extends AnyEntity, C, R>(
  definition: ProducerDefinition<L, C, R>,
): Producer<L, R, C> => {
  checkedName(definition)
  return { name: definition.name, entity: definition.entity, definition }
}
