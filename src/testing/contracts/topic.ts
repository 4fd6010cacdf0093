// The topic's contract: what every driver's topic does.
import type { ContractCase } from '../contract.ts'
import { topicAside } from './topic-aside.ts'
import { topicDelivery } from './topic-delivery.ts'
import { topicPosition } from './topic-position.ts'
import { topicSharing } from './topic-sharing.ts'

/** The laws of a topic. */
export const topicContract: readonly ContractCase[] = [
  ...topicDelivery,
  ...topicSharing,
  ...topicPosition,
  ...topicAside,
]
