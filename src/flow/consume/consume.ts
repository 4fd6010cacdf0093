// Consuming a subscription: what fails is put aside durably and queues up, everybody else goes on, nothing is
// nacked.
import { E, type TaskEither } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import { instantOfDate } from '../../model/instant.ts'
import type { DeadLetter, Deferral, Delivery, Subscription, Topic, TopicError } from '../../ports/topic.ts'
import type { Observe } from '../signal.ts'
import { turn } from '../../waiting.ts'

/**
 * An entity whose events from `sequence` on were not handled. `retry`: try again later; else it is parked.
 */
export interface Failed {
  readonly entityId: string
  readonly sequence: number
  readonly retry: boolean
  readonly reason: string
}

/**
 * Handles events of any entities, per entity in order. On the right: which entities failed, and where. On the
 * left: the technology
 * behind failed, nothing counts as handled, and the whole delivery comes again.
 */
export type Work = (
  events: readonly StoredEvent[],
  position: Delivery['position'],
) => TaskEither<TopicError, readonly Failed[]>

export interface Consumption {
  readonly subscription: Subscription
  /**
   * Whether a permanent failure parks the entity from there on (its state would be wrong), or only the event.
   */
  readonly gated: boolean
  readonly work: Work
}

export interface Consuming {
  readonly topic: Topic
  readonly observe: Observe
  /** Told when something was deferred here. */
  readonly onDeferred?: () => void
}

const right = <A>(value: A): E.Either<never, A> => E.right(value)

/** No deferred entity waits longer for its next try, in milliseconds. */
export const longestPause = 60_000

/** Milliseconds before try `attempt` (1, 2, …) of a deferred entity: 0.1 s growing to a minute. */
const deferFor = (attempt: number): number =>
  Math.ceil(Math.min(longestPause, 100 * 2 ** Math.min(attempt - 1, 12)) * (0.5 + Math.random() / 2))

const lastOf = (events: readonly StoredEvent[], entityId: string): number =>
  events.reduce((last, event) => (event.entityId === entityId ? Math.max(last, event.sequence) : last), 0)

/** Writes a failure aside: a deferral with its next try, or a dead letter. */
export const putAside =
  (
    { topic, observe, onDeferred }: Consuming,
    { subscription: { name, entity }, gated }: Consumption,
    failed: Failed,
    through: number,
    attempt: number,
  ): TaskEither<TopicError, void> =>
  async () => {
    const { entityId, sequence, reason } = failed
    if (failed.retry) {
      const deferral: Deferral = {
        subscription: name,
        entity,
        entityId,
        from: sequence,
        through,
        attempts: attempt,
        nextAttempt: Date.now() + deferFor(attempt),
        reason,
      }
      const put = await topic.deferrals.put(deferral)()
      if (put._tag === 'Right') onDeferred?.()
      if (put._tag === 'Right')
        observe({ _tag: 'deferred', subscription: name, entity, entityId, sequence, attempt, reason })
      return put
    }
    const letter: DeadLetter = {
      subscription: name,
      entity,
      entityId,
      sequence,
      gated,
      reason,
      parkedAt: instantOfDate(new Date()) as string,
    }
    const put = await topic.deadLetters.put(letter)()
    if (put._tag === 'Right') observe({ _tag: 'parked', letter })
    return put
  }

interface Aside {
  readonly deferred: ReadonlyMap<string, Deferral>
  readonly parked: ReadonlyMap<string, DeadLetter>
}

const asideOf =
  (
    { topic }: Consuming,
    { name, entity }: Subscription,
    events: readonly StoredEvent[],
  ): TaskEither<TopicError, Aside> =>
  async () => {
    const ids = [...new Set(events.map(({ entityId }) => entityId))]
    const found = await topic.deferrals.of(name, entity, ids)()
    if (found._tag === 'Left') return found
    return right({
      deferred: new Map(found.right.deferrals.map((each) => [each.entityId, each])),
      parked: new Map(found.right.parked.map((each) => [each.entityId, each])),
    })
  }

// Later events of an entity that waits queue behind it: its deferral reaches further.
const queueBehind = async (
  consuming: Consuming,
  waiting: Iterable<Deferral>,
  events: readonly StoredEvent[],
): Promise<E.Either<TopicError, void>> => {
  for (const deferral of waiting) {
    const last = lastOf(events, deferral.entityId)
    if (last <= deferral.through) continue
    const put = await consuming.topic.deferrals.put({ ...deferral, through: last })()
    if (put._tag === 'Left') return put
  }
  return right(undefined)
}

/**
 * Takes a delivery: events of entities that wait or are parked step aside, the others are worked on, failures
 * are written aside.
 * A right is the acknowledgement.
 */
export const consume =
  (consuming: Consuming, consumption: Consumption) =>
  ({ events, position }: Delivery): TaskEither<TopicError, void> =>
  async () => {
    await turn()
    const aside = await asideOf(consuming, consumption.subscription, events)()
    if (aside._tag === 'Left') return aside
    const { deferred, parked } = aside.right
    const queued = await queueBehind(consuming, deferred.values(), events)
    if (queued._tag === 'Left') return queued
    // An event before the first failing one goes on: a redelivery, which work recognises, or where nothing
    // keeps the order one that comes late.
    let free =
      deferred.size === 0 && parked.size === 0
        ? events
        : events.filter(
            ({ entityId, sequence }) =>
              !((deferred.get(entityId)?.from ?? Infinity) <= sequence) &&
              !((parked.get(entityId)?.sequence ?? Infinity) <= sequence),
          )
    for (let pass = 0; pass === 0 || free.length > 0; pass++) {
      const worked = await consumption.work(free, pass === 0 ? position : undefined)()
      if (worked._tag === 'Left') return worked
      for (const failed of worked.right) {
        const put = await putAside(consuming, consumption, failed, lastOf(free, failed.entityId), 1)()
        if (put._tag === 'Left') return put
      }
      // A parked event of a custom subscription does not hold up the ones behind it.
      const passed = consumption.gated ? [] : worked.right.filter(({ retry }) => !retry)
      free = free.filter(({ entityId, sequence }) =>
        passed.some((failed) => failed.entityId === entityId && failed.sequence < sequence),
      )
    }
    return right(undefined)
  }
