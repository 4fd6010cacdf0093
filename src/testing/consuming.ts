// Consumers for contract cases: they note what they were delivered, and are stopped whatever becomes of the
// case.
import { pipe, TE } from '../fp.ts'
import { unavailable } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { Consumer, Delivery, Handler, Subscription, Topic, TopicError } from '../ports/topic.ts'

/** A consumer and what it has done so far. */
interface Consumed extends Consumer {
  /** Acknowledged deliveries, in their order. */
  readonly deliveries: Delivery[]
  readonly failures: { readonly error: TopicError; readonly attempt: number }[]
  /** The acknowledged events. */
  readonly events: () => readonly StoredEvent[]
}

export type Consume = (topic: Topic, subscription: Subscription, handler?: Handler) => Consumed

/** A subscription of Lead. */
export const subscription = (name: string, more: Partial<Subscription> = {}): Subscription => ({
  name,
  entity: 'Lead',
  from: 'start',
  ...more,
})

export const names = (events: readonly StoredEvent[]): readonly string[] =>
  events.map(({ eventId }) => eventId)

/** What a handler answers that cannot take a delivery now. */
export const notNow: TE.TaskEither<TopicError, void> = async () => ({
  _tag: 'Left',
  left: unavailable('handle', 'not now'),
})

/** A handler that waits at a gate until `open` is called; `waiting` counts the deliveries that came to it. */
export const gated = (): {
  readonly handler: Handler
  readonly open: () => void
  readonly waiting: () => number
} => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return {
    handler: () => async () => {
      waiting++
      await promise
      return { _tag: 'Right', right: undefined }
    },
    open: resolve,
    waiting: () => waiting,
  }
}

/** Runs a case that consumes. */
export const consuming = async (work: (consume: Consume) => Promise<void>): Promise<void> => {
  const started: Consumer[] = []
  try {
    await work((topic, to, handler = () => TE.right(undefined)) => {
      const deliveries: Delivery[] = []
      const failures: Consumed['failures'] = []
      const consumer = topic.subscribe(
        to,
        (delivery) =>
          pipe(
            handler(delivery),
            TE.map(() => void deliveries.push(delivery)),
          ),
        {
          onFailure: (error, attempt) => void failures.push({ error, attempt }),
        },
      )
      started.push(consumer)
      return { ...consumer, deliveries, failures, events: () => deliveries.flatMap(({ events }) => events) }
    })
  } finally {
    await Promise.all(started.map(({ stop }) => stop()))
  }
}
