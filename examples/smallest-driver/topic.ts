// The topic: the event log is the topic, a subscription is a position in it, one consumer at a time holds it.
import type { Delivery, Handler, Progress, Results, StoredEvent, SubmitResult } from 'dreampipe/driver'
import type { Subscription, Topic, TopicError } from 'dreampipe/driver'
import { E, TE, type TaskEither } from 'dreampipe/fp'
import { newAside } from './aside.ts'
import { consumer } from './consumer.ts'
import type { EventLog } from './event-store.ts'
import type { Bell, Leases } from './sharing.ts'

/** A topic for each connection, named as the holder of its consumers' leases. */
export type Topics = (connection: string) => Topic

/** Events a delivery holds at most, and characters of their payloads behind which it ends. */
const [deliverySize, deliveryLength] = [1_000, 8_000_000]

const keyOf = ({ name, entity }: Subscription): string => `${name}/${entity}`

const behind = (log: readonly StoredEvent[], position: number): readonly StoredEvent[] => {
  let [to, length] = [position, 0]
  for (; to < log.length && to - position < deliverySize && length < deliveryLength; to++)
    length += log[to]?.payload.length ?? 0
  return log.slice(position, to)
}

export const topics = ({ log }: EventLog, leases: Leases, bell: Bell): Topics => {
  const positions = new Map<string, number>()
  const results = new Map<string, readonly SubmitResult[]>()
  const aside = newAside()

  // A consumer that keeps its position itself is asked for it: what is kept here only mirrors it.
  const deliver =
    (subscription: Subscription, handler: Handler): TaskEither<TopicError, number> =>
    async () => {
      const key = keyOf(subscription)
      const own = await subscription.position?.()()
      if (own?._tag === 'Left') return own
      const before = own === undefined ? (positions.get(key) ?? 0) : Number(own.right ?? 0)
      positions.set(key, before)
      const events = behind(log(subscription.entity), before)
      if (events.length === 0) return E.right(0)
      const after = before + events.length
      const position: Delivery['position'] = {
        before: before === 0 ? undefined : String(before),
        after: String(after),
      }
      const handled = await handler({ events, position })()
      if (handled._tag === 'Left') return handled
      positions.set(key, after)
      return E.right(events.length)
    }

  const progress = (subscription: Subscription, connection: string): Progress => {
    const events = log(subscription.entity)
    const registered = positions.get(keyOf(subscription))
    const position = registered ?? 0
    const oldest = registered === undefined ? undefined : events[position]?.recordedAt
    const holder = leases.of(keyOf(subscription))?.holder
    return {
      registered: registered !== undefined,
      behind: registered === undefined ? 0 : events.length - position,
      passed: position,
      mine: holder === connection,
      ...(oldest === undefined ? {} : { oldest }),
      ...(holder === undefined ? {} : { holder }),
    }
  }

  const leased = (name: string, connection: string) => ({
    bell,
    hold: () => leases.take(name, connection) !== undefined,
    release: () => leases.release(name, connection),
  })

  // What each subscription of the result topic has yet to take; nothing is kept for nobody.
  const resultsOf = (connection: string): Results => ({
    publish: (published) =>
      TE.fromIO(() => {
        for (const [name, waiting] of results) results.set(name, [...waiting, ...published])
        bell.ring()
      }),
    register: (name) => TE.fromIO(() => void (results.has(name) || results.set(name, []))),
    subscribe: (name, handler, events) =>
      consumer({
        ...leased(`results/${name}`, connection),
        events,
        deliver: async () => {
          const taken = results.get(name) ?? []
          const handled = taken.length === 0 ? E.right(undefined) : await handler(taken)()
          if (handled._tag === 'Left') return handled
          results.set(name, results.get(name)?.slice(taken.length) ?? [])
          return E.right(taken.length)
        },
      }),
  })

  return (connection) => ({
    isLog: true,
    publish: () => TE.fromIO(bell.ring),
    register: (subscription) =>
      TE.fromIO(() => {
        const { entity, from } = subscription
        if (!positions.has(keyOf(subscription)))
          positions.set(keyOf(subscription), from === 'start' ? 0 : log(entity).length)
      }),
    subscribe: (subscription, handler, events) =>
      consumer({
        ...leased(keyOf(subscription), connection),
        events,
        deliver: deliver(subscription, handler),
      }),
    progress: (subscription) => TE.fromIO(() => progress(subscription, connection)),
    ...aside,
    results: resultsOf(connection),
  })
}
