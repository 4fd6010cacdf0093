// Tries deferred entities again: reads their events from where they failed, and goes on until nothing waits
// behind.
import { E } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { EventStore, StoreError } from '../../ports/event-store.ts'
import type { Deferral, TopicError } from '../../ports/topic.ts'
import { longestPause, putAside, type Consuming, type Consumption } from './consume.ts'

/**
 * Events read at once, deferrals taken at once, those looked through for a clock that went back, and
 * milliseconds between looks.
 */
const pageSize = 200
const most = 500
const mostLate = 1_000
const lookEach = 250

export interface Retrying {
  /** Something was deferred here: from now on, looks are frequent again. */
  readonly soon: () => void
  readonly stop: () => Promise<void>
}

type Page = E.Either<StoreError | TopicError, readonly StoredEvent[]>

// One page of one deferral. Answers whether to go on with the next page.
const retryPage = async (
  consuming: Consuming,
  consumption: Consumption,
  deferral: Deferral,
  events: readonly StoredEvent[],
): Promise<E.Either<TopicError, boolean>> => {
  const { topic } = consuming
  const last = (events[events.length - 1] as StoredEvent).sequence
  const worked = await consumption.work(events, undefined)()
  if (worked._tag === 'Left') return worked
  const [failed] = worked.right
  if (failed === undefined) return E.right(true)
  if (failed.retry) {
    // What was handled is passed over; what failed waits on, from where it failed.
    const done = await topic.deferrals.done(deferral, failed.sequence - 1)()
    if (done._tag === 'Left') return done
    const put = await putAside(
      consuming,
      consumption,
      failed,
      Math.max(deferral.through, last),
      deferral.attempts + 1,
    )()
    return put._tag === 'Left' ? put : E.right(false)
  }
  // The letter first: a kill in between leaves both, and both lead to the same end.
  const put = await putAside(consuming, consumption, failed, failed.sequence, 1)()
  if (put._tag === 'Left') return put
  if (consumption.gated) {
    const done = await topic.deferrals.done(deferral, deferral.through)()
    return done._tag === 'Left' ? done : E.right(false)
  }
  const rest = events.filter(({ sequence }) => sequence > failed.sequence)
  return rest.length === 0 ? E.right(true) : retryPage(consuming, consumption, deferral, rest)
}

// A gated subscription reads to the end: its gate passes over what it has seen. Others handle just what is
// deferred.
const retryOne = async (
  consuming: Consuming,
  store: EventStore,
  consumption: Consumption,
  deferral: Deferral,
): Promise<E.Either<StoreError | TopicError, void>> => {
  const end = consumption.gated ? Infinity : deferral.through
  for (let after = deferral.from - 1; ;) {
    const page: Page = await store.history(deferral.entity, deferral.entityId, {
      after,
      limit: Math.min(pageSize, Math.max(1, end - after)),
    })()
    if (page._tag === 'Left') return page
    const events = page.right.filter(({ sequence }) => sequence <= end)
    if (events.length > 0) {
      const went = await retryPage(consuming, consumption, deferral, events)
      if (went._tag === 'Left' || !went.right) return went._tag === 'Left' ? went : E.right(undefined)
      after = (events[events.length - 1] as StoredEvent).sequence
      if (after < end && events.length === pageSize) continue
    }
    const done = await consuming.topic.deferrals.done(deferral, after)()
    // Where more queued behind it meanwhile, the deferral stays, due at the next look.
    return done._tag === 'Left' ? done : E.right(undefined)
  }
}

/** Keeps trying the deferred entities of a subscription, as long as this process holds it. */
export const retryDeferred = (
  consuming: Consuming,
  store: EventStore,
  consumption: Consumption,
): Retrying => {
  const { subscription } = consumption
  let stopped = false
  let isWaiting = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<void> = Promise.resolve()

  // Milliseconds to the next look: longer and longer while nothing waits, where a look costs something.
  let interval = lookEach
  let lookedThrough = 0
  // Whether there may be more that is due.
  const look = async (): Promise<boolean> => {
    // One of them tells as much as their number, which a store may have to read through.
    const any = await consuming.topic.deferrals.due(
      subscription.name,
      subscription.entity,
      Number.MAX_SAFE_INTEGER,
      1,
    )()
    interval =
      any._tag === 'Right' && any.right.length > 0
        ? lookEach
        : Math.min(Math.max(lookEach, consuming.topic.deferrals.lookEach ?? lookEach), interval * 2)
    if (any._tag === 'Left' || any.right.length === 0) return false
    const now = Date.now()
    // Where a look costs something, so many are looked through only now and then, and nothing more is asked
    // while none is due.
    const isCostly =
      consuming.topic.deferrals.lookEach !== undefined &&
      now - lookedThrough < longestPause &&
      now >= lookedThrough
    if (isCostly && (any.right[0] as Deferral).nextAttempt > now) return false
    const progress = await consuming.topic.progress(subscription)()
    if (progress._tag === 'Left' || !progress.right.mine) return false
    const due = await consuming.topic.deferrals.due(subscription.name, subscription.entity, now, most)()
    if (due._tag === 'Left') return false
    // What waits for longer than any pause was written before the clock went back: it is due too.
    if (due.right.length < most && !isCostly) lookedThrough = now
    const late =
      due.right.length === most || isCostly
        ? due
        : await consuming.topic.deferrals.due(
            subscription.name,
            subscription.entity,
            Number.MAX_SAFE_INTEGER,
            mostLate,
          )()
    if (late._tag === 'Left') return false
    const overtaken = late.right.filter(({ nextAttempt }) => nextAttempt > now + longestPause).slice(0, most)
    // An outage leaves the rest where it is: durable, and due at the next look.
    await Promise.all(
      [...due.right, ...overtaken].map((deferral) => retryOne(consuming, store, consumption, deferral)),
    )
    return due.right.length === most
  }
  const next = (milliseconds = interval): void => {
    timer = setTimeout(() => {
      isWaiting = false
      running = look()
        .catch(() => false)
        .then((more) => {
          if (!stopped) next(more ? 0 : interval)
        })
    }, milliseconds)
    isWaiting = true
  }
  next()
  return {
    soon: () => {
      if (interval === lookEach) return
      interval = lookEach
      if (stopped || !isWaiting) return
      clearTimeout(timer)
      next()
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
