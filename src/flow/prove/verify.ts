// verify: events in the store against what a projection holds, entity by entity in bounded memory; repair
// mends what it finds.
import { E } from '../../fp.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import { millisOf } from '../../model/instant.ts'
import type { Ports } from '../../ports/driver.ts'
import { pause } from '../../waiting.ts'
import { builtInSubscription, type builtIn } from '../consume/built-in.ts'

export type VerifyResult<A> = E.Either<Infra | Contention, A>

/** One thing that a projection holds otherwise than the event store says. */
export interface Finding {
  readonly kind: 'missing' | 'surplus' | 'different'
  readonly entityId: string
  /** Of the first event concerned. */
  readonly sequence: number
  /** Why it is missing, where it is parked. */
  readonly reason?: string
}

/**
 * A projection against the event store. All zero but `events` (and `pending`, while it lags) is what a sound
 * one gives.
 */
export interface Verified {
  /** Events in the store. */
  readonly events: number
  /** Events that the projection has yet to take, by its own progress or because they wait after a failure. */
  readonly pending: number
  /** Events that it should hold and does not. */
  readonly missing: number
  /** Documents or rows that no event stands behind. */
  readonly surplus: number
  /** Documents or rows whose content is another, by hash. */
  readonly different: number
  /** The first hundred findings. */
  readonly findings: readonly Finding[]
  /** What repair wrote or took out. */
  readonly repaired: number
}

/** What verify does beside comparing. */
export interface VerifyOptions {
  /** Mend what is found. */
  readonly repair?: boolean
  /** After each page: events compared so far. */
  readonly onProgress?: (progress: { readonly events: number }) => void
}

/**
 * Milliseconds that one verify waits, altogether, for a projection to pass what was in the log when a
 * mismatch was first seen.
 */
const patience = 5_000

/**
 * Milliseconds that an event may be on its way through a topic that is no log before it counts as missing.
 */
const onItsWay = 60_000

/** What is counted while pages are compared, and the patience left. */
export interface Tally {
  patience: number
  events: number
  pending: number
  missing: number
  surplus: number
  different: number
  repaired: number
  readonly findings: Finding[]
}

export const newTally = (): Tally => ({
  patience,
  events: 0,
  pending: 0,
  missing: 0,
  surplus: 0,
  different: 0,
  repaired: 0,
  findings: [],
})

/** What was counted, as the answer. */
export const verifiedOf = ({
  events,
  pending,
  missing,
  surplus,
  different,
  findings,
  repaired,
}: Tally): Verified => ({ events, pending, missing, surplus, different, findings, repaired })

/** Counts a finding of `count` events, documents or rows. */
export const found = (tally: Tally, finding: Finding, count: number): void => {
  tally[finding.kind] += count
  if (tally.findings.length < 100) tally.findings.push(finding)
}

type Projection = (typeof builtIn)[number]

/**
 * Waits until a projection passed everything in the log, before a mismatch is read a second time: true then,
 * false where it lags
 * on. What is still not there after a true is missing; after a false it is pending.
 */
export const caughtUp = async (
  { topic }: Ports,
  projection: Projection,
  entity: string,
  tally: Tally,
): Promise<VerifyResult<boolean>> => {
  // Nobody counts what waits in a topic that is no log: `isOverdue` tells by each event's age.
  if (!topic.isLog) return E.right(false)
  let goal: number | undefined
  for (const start = performance.now(); ;) {
    const progress = await topic.progress(builtInSubscription(projection, entity))()
    if (progress._tag === 'Left') return progress
    const { passed, behind, holder } = progress.right
    goal ??= (passed ?? 0) + behind
    if (passed === undefined ? behind === 0 : passed >= goal) {
      tally.patience -= performance.now() - start
      return E.right(true)
    }
    if (holder === undefined || performance.now() - start > tally.patience) {
      // It lags on: the next mismatch need not wait to learn that.
      tally.patience = 0
      return E.right(false)
    }
    await pause(10)
  }
}

/**
 * Whether an event must have arrived by now, where the topic is no log: stored at this instant, it is missing
 * rather than on its way.
 */
export const isOverdue = ({ topic }: Ports, recordedAt: string): boolean =>
  !topic.isLog && Date.now() - millisOf(recordedAt) > onItsWay

/** Why events of an entity are not there: they wait after a failure, or are parked. */
export const asideOf = async (
  { topic }: Ports,
  projection: Projection,
  entity: string,
  entityId: string,
): Promise<VerifyResult<{ readonly waits: boolean; readonly parked: string | undefined }>> => {
  const aside = await topic.deferrals.of(projection, entity, [entityId])()
  return aside._tag === 'Left'
    ? aside
    : E.right({ waits: aside.right.deferrals.length > 0, parked: aside.right.parked[0]?.reason })
}
