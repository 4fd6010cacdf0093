// The view store's contract: what every driver's view store does.
import type { ContractCase } from '../contract.ts'
import { viewStoreFind } from './view-store-find.ts'
import { viewStoreGenerations } from './view-store-generations.ts'
import { viewStoreWriting } from './view-store-writing.ts'

/** The laws of a view store. */
export const viewStoreContract: readonly ContractCase[] = [
  ...viewStoreWriting,
  ...viewStoreFind,
  ...viewStoreGenerations,
]
