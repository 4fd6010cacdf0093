// A subscription from the start: the event store is replayed by scan, once and resumably, by one process;
// only then it goes live.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import { closed, contention } from '../../../model/errors.ts'
import type { EventStore, ScanCursor } from '../../../ports/event-store.ts'
import type { Handler, Subscription, TopicError } from '../../../ports/topic.ts'
import type { Leases } from '../datastore/lease.ts'
import { change, read } from '../datastore/registry-change.ts'
import type { Registry } from '../datastore/registry.ts'

const pageSize = 500

/** What the registry holds of a subscription. `live`: nothing to replay (any more). */
interface State {
  readonly live: boolean
  readonly cursor?: ScanCursor
}

const nameOf = ({ name, entity }: Subscription): string => `subscription/${name}/${entity.toLowerCase()}`

export const replayLease = (subscription: Subscription): string => `replay/${nameOf(subscription)}`

/**
 * Remembers a new subscription; one that is known goes on where it was. Where it had to be made again
 * (`made`: somebody deleted it,
 * and what was published meanwhile is not in it), one from the start is replayed once more.
 */
export const begin = (
  registry: Registry,
  subscription: Subscription,
  made: boolean,
): TaskEither<TopicError, void> =>
  pipe(
    change<State | null>(registry, nameOf(subscription), null, (now) =>
      now === null
        ? { live: subscription.from === 'now' }
        : made && subscription.from === 'start'
          ? { live: false }
          : now,
    ),
    TE.map(() => undefined),
  )

interface Replaying {
  readonly registry: Registry
  readonly leases: Leases
  readonly eventStore: EventStore
}

/**
 * Replays what is left to replay; a left while another process does it, or once `signal` aborts: the next one
 * goes on behind the last page.
 */
export const replay =
  ({ registry, leases, eventStore }: Replaying, subscription: Subscription, handler: Handler) =>
  (signal: AbortSignal): TaskEither<TopicError, void> =>
  async () => {
    const name = nameOf(subscription)
    const state = await read<State | null>(registry, name, null)()
    if (state._tag === 'Left' || state.right === null || state.right.live)
      return state._tag === 'Left' ? state : E.right(undefined)
    const held = await leases.take(replayLease(subscription))()
    if (held._tag === 'Left') return held
    if (!held.right)
      return E.left(contention(`subscription ${subscription.name}`, 'another process replays it'))
    for (let cursor = state.right.cursor; ;) {
      const page = await eventStore.scan(subscription.entity, cursor, pageSize)()
      if (page._tag === 'Left') return page
      const last = page.right[page.right.length - 1]
      if (last !== undefined) {
        const handled = await handler({ events: page.right })()
        if (handled._tag === 'Left') return handled
        cursor = { entityId: last.entityId, sequence: last.sequence }
      }
      const live = page.right.length < pageSize
      const kept = await change<State>(registry, name, { live }, (now) =>
        now.live ? now : { live, ...(live || cursor === undefined ? {} : { cursor }) },
      )()
      if (kept._tag === 'Left') return kept
      if (live) {
        await leases.release(replayLease(subscription))
        return E.right(undefined)
      }
      if (signal.aborted) return E.left(closed(`subscription ${subscription.name}`))
      // Renewed page by page: a process that stalled gives way.
      const still = await leases.take(replayLease(subscription))()
      if (still._tag === 'Left') return still
      if (!still.right)
        return E.left(contention(`subscription ${subscription.name}`, 'another process replays it'))
    }
  }
