// The topic on Pub/Sub: a persisted topic per entity, published lane by lane and awaited; subscriptions
// without ordering, replayed from the event store.
import { createHash } from 'node:crypto'
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { notProvisioned } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { EventStore } from '../../ports/event-store.ts'
import type {
  Consumer,
  ConsumerEvents,
  Handler,
  Progress,
  Subscription,
  Topic,
  TopicError,
} from '../../ports/topic.ts'
import { deadLetters } from './datastore/dead-letters.ts'
import { deferrals } from './datastore/deferrals.ts'
import { consumer } from './pubsub/consumer.ts'
import type { Datastore } from './datastore/datastore.ts'
import type { Leases } from './datastore/lease.ts'
import { named } from './names.ts'
import { attributesOf, dataOf, eventOfData, pieces, type Message } from './pubsub/message.ts'
import { ensureSubscription, ensureTopic, filterText, type TopicOptions } from './pubsub/provisioning.ts'
import type { PubSub, Received } from './pubsub/client.ts'
import { begin, replay, replayLease } from './pubsub/replay.ts'
import type { Registry } from './datastore/registry.ts'
import { results } from './pubsub/results.ts'
import { updates } from './pubsub/updates.ts'

/** A lane by entity: order holds within a lane, and few of them keep publishes in batches. */
const laneOf = (entityId: string, lanes: number): string =>
  lanes === 0 ? '' : `lane-${createHash('md5').update(entityId).digest().readUInt32BE(0) % lanes}`

export const topic = (
  pubsub: PubSub,
  store: Datastore,
  registry: Registry,
  leases: Leases,
  eventStore: EventStore,
  options: TopicOptions,
): Topic => {
  const { names, lanes, provisions } = options
  const known = new Set<string>()
  const ends = new Map<string, Promise<unknown>>()
  const consuming = new Map<string, number>()
  const keyOf = ({ name, entity }: Subscription): string => `${name}/${entity.toLowerCase()}`

  // One lane's messages, in order and one request after the other; a failure stops it, and the outbox has the
  // rest published again.
  const publishLane = (name: string, messages: readonly Message[]): Promise<E.Either<TopicError, void>> => {
    const lane = `${name}/${messages[0]?.orderingKey ?? ''}`
    const work = async (): Promise<E.Either<TopicError, void>> => {
      for (const some of pieces(messages)) {
        const done = await pubsub.publish(name, some)()
        if (done._tag === 'Left') return done
      }
      return E.right(undefined)
    }
    const done = (ends.get(lane) ?? Promise.resolve()).then(work)
    ends.set(lane, done)
    void done.finally(() => {
      if (ends.get(lane) === done) ends.delete(lane)
    })
    return done
  }

  const publish: Topic['publish'] = (events, attributes) =>
    named(() => async () => {
      const topics = new Map<string, Map<string, Message[]>>()
      for (const event of events) {
        const name = names.persisted(event.entity)
        const orderingKey = laneOf(event.entityId, lanes)
        const message: Message = {
          data: dataOf(event),
          attributes: attributesOf(event, attributes(event)),
          ...(orderingKey === '' ? {} : { orderingKey }),
        }
        const byLane = topics.get(name) ?? new Map<string, Message[]>()
        topics.set(name, byLane.set(orderingKey, [...(byLane.get(orderingKey) ?? []), message]))
      }
      for (const [name, byLane] of topics) {
        if (provisions && !known.has(name)) {
          const made = await ensureTopic(pubsub, options, name)()
          if (made._tag === 'Left') return made
          known.add(name)
        }
        const failed = (
          await Promise.all([...byLane.values()].map((messages) => publishLane(name, messages)))
        ).find(({ _tag }) => _tag === 'Left')
        if (failed !== undefined) return failed
      }
      return E.right(undefined)
    })

  const handleWith =
    (entity: string, handler: Handler, events: ConsumerEvents) =>
    (messages: readonly Received[]): TaskEither<TopicError, void> => {
      const delivered: StoredEvent[] = []
      for (const { data, messageId } of messages) {
        const event = eventOfData(data)
        if (event?.entity === entity) delivered.push(event)
        // Not one of ours: nothing can be learnt from it, and nothing is lost with it. It is acknowledged and
        // told of.
        else
          events.onFailure(
            notProvisioned(
              `topic ${names.persisted(entity)}`,
              `message ${messageId} is no event of ${entity}`,
              'publish to the update topic instead',
            ),
            0,
          )
      }
      return delivered.length === 0 ? TE.right(undefined) : handler({ events: delivered })
    }

  const subscribe = (subscription: Subscription, handler: Handler, events: ConsumerEvents): Consumer => {
    const key = keyOf(subscription)
    consuming.set(key, (consuming.get(key) ?? 0) + 1)
    const running = consumer({
      pubsub,
      subscription: names.subscription(subscription.entity, subscription.name),
      events,
      before: replay({ registry, leases, eventStore }, subscription, handler),
      handle: handleWith(subscription.entity, handler, events),
    })
    let stopped = false
    return {
      ready: running.ready,
      stop: async () => {
        await running.stop()
        if (!stopped) consuming.set(key, (consuming.get(key) ?? 1) - 1)
        stopped = true
        if (consuming.get(key) !== 0) return
        await leases.release(`retry/${key}`)
        await leases.release(replayLease(subscription))
      },
    }
  }

  // What waits in Pub/Sub only Cloud Monitoring tells; here: whether it is there, and whether this process
  // tries its deferrals again.
  const progress = (subscription: Subscription): TaskEither<TopicError, Progress> =>
    named(() => async () => {
      const key = keyOf(subscription)
      const found = await pubsub.subscription(names.subscription(subscription.entity, subscription.name))()
      if (found._tag === 'Left') return found
      const running = (consuming.get(key) ?? 0) > 0
      const mine = running ? await leases.take(`retry/${key}`)() : E.right(false)
      return mine._tag === 'Left'
        ? mine
        : E.right({ registered: found.right !== undefined, behind: 0, mine: mine.right })
    })

  return {
    isLog: false,
    publish,
    subscribe,
    progress,
    register: (subscription) =>
      named(() =>
        pipe(
          ensureSubscription(
            pubsub,
            options,
            names.subscription(subscription.entity, subscription.name),
            names.persisted(subscription.entity),
            filterText(subscription.filter),
          ),
          TE.flatMap((made) => begin(registry, subscription, made)),
        ),
      ),
    deferrals: deferrals(store),
    deadLetters: deadLetters(store),
    results: results(pubsub, options),
    ...(options.updates ? { updates: updates(pubsub, options) } : {}),
  }
}
