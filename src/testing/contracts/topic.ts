// The topic's contract: what every driver's topic does.
import type { ContractCase } from '../contract.ts'
import { topicDeadLetters } from './topic-dead-letters.ts'
import { topicDeferrals } from './topic-deferrals.ts'
import { topicDelivery } from './topic-delivery.ts'
import { topicPosition } from './topic-position.ts'
import { topicSharing } from './topic-sharing.ts'
import { topicWaking } from './topic-waking.ts'

/** The laws of a topic. */
export const topicContract: readonly ContractCase[] = [
  ...topicDelivery,
  ...topicWaking,
  ...topicSharing,
  ...topicPosition,
  ...topicDeferrals,
  ...topicDeadLetters,
]
