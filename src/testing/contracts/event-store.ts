// The event store's contract: what every driver's event store does.
import type { ContractCase } from '../contract.ts'
import { eventStoreAppend } from './event-store-append.ts'
import { eventStoreBatches } from './event-store-batches.ts'
import { eventStoreConcurrency } from './event-store-concurrency.ts'
import { eventStoreDeduplication } from './event-store-deduplication.ts'
import { eventStoreReading } from './event-store-reading.ts'
import { eventStoreRules } from './event-store-rules.ts'
import { eventStoreSchema } from './event-store-schema.ts'

/** The laws of an event store. */
export const eventStoreContract: readonly ContractCase[] = [
  ...eventStoreAppend,
  ...eventStoreBatches,
  ...eventStoreDeduplication,
  ...eventStoreRules,
  ...eventStoreSchema,
  ...eventStoreReading,
  ...eventStoreConcurrency,
]
