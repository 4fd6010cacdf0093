// status: how far each subscription is, what waits and what is parked.
import { E, type TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import { millisOf } from '../model/instant.ts'
import type { Ports } from '../ports/driver.ts'
import type { Subscription } from '../ports/topic.ts'

/** One subscription's state. */
export interface SubscriptionStatus {
  readonly name: string
  readonly entity: string
  /** Events it has yet to take, and the age of the oldest of them in milliseconds (0 where there is none). */
  readonly lag: { readonly events: number; readonly milliseconds: number }
  /** Entities whose events wait after a failure. */
  readonly deferred: number
  readonly deadLetters: number
  /** The process that holds it, as `host:pid`; undefined while nobody consumes it. */
  readonly holder?: string
}

/** What `status` answers. */
export interface Status {
  readonly driver: string
  /**
   * When the oldest event that is stored and not yet published was stored; none on a driver whose log is the
   * topic.
   */
  readonly oldestUnpublished?: string
  readonly subscriptions: readonly SubscriptionStatus[]
}

const statusOf = async (
  { topic }: Ports,
  subscription: Subscription,
): Promise<E.Either<Infra | Contention, SubscriptionStatus>> => {
  const progress = await topic.progress(subscription)()
  if (progress._tag === 'Left') return progress
  const { name, entity } = subscription
  const deferred = await topic.deferrals.count(name, entity)()
  if (deferred._tag === 'Left') return deferred
  const deadLetters = await topic.deadLetters.count(name, entity)()
  if (deadLetters._tag === 'Left') return deadLetters
  const { behind, oldest, holder } = progress.right
  return E.right({
    name,
    entity,
    lag: {
      events: behind,
      milliseconds: oldest === undefined ? 0 : Math.max(0, Date.now() - millisOf(oldest)),
    },
    deferred: deferred.right,
    deadLetters: deadLetters.right,
    ...(holder === undefined ? {} : { holder }),
  })
}

export const status =
  (
    driver: string,
    ports: Ports,
    subscriptions: readonly Subscription[],
  ): TaskEither<Infra | Contention, Status> =>
  async () => {
    const all: SubscriptionStatus[] = []
    for (const subscription of subscriptions) {
      const one = await statusOf(ports, subscription)
      if (one._tag === 'Left') return one
      all.push(one.right)
    }
    const oldest: string[] = []
    for (const entity of new Set(subscriptions.map((each) => each.entity))) {
      const pending = await ports.eventStore.pending(entity, 1)()
      if (pending._tag === 'Left') return pending
      oldest.push(...pending.right.map(({ recordedAt }) => recordedAt))
    }
    const [first] = oldest.sort()
    return E.right({
      driver,
      subscriptions: all,
      ...(first === undefined ? {} : { oldestUnpublished: first }),
    })
  }
