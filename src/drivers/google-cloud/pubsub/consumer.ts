// One consumer of a subscription: pulls, has it handled, acknowledges what was handled, keeps what was not,
// and gives it back when it stops.
import { E, type TaskEither } from '../../../fp.ts'
import { unavailable } from '../../../model/errors.ts'
import type { Consumer, ConsumerEvents, TopicError } from '../../../ports/topic.ts'
import type { PubSub, Received } from './client.ts'
import { backoff, pause } from '../../../waiting.ts'

/** Messages a delivery holds at most. */
const deliverySize = 500
/**
 * Seconds that pulled messages are kept each time, and milliseconds between: a handler may take as long as it
 * needs.
 */
const keepFor = 30
const keepEach = 5_000

/**
 * Seconds after which a message that could not be handled comes again, and milliseconds that nothing is
 * pulled at most where none of a delivery could.
 */
const backAfter = 10
const longestHold = 5_000

/** Milliseconds between looks whether another process is done with a replay. */
const longestWait = 1_000

/** Messages that could not be handled, and why: they come again later, while the others are done with. */
export interface Back {
  readonly messages: readonly Received[]
  readonly error: TopicError
}

export interface Pulling {
  readonly pubsub: PubSub
  readonly subscription: string
  readonly events: ConsumerEvents
  /** Done before the first pull, until it succeeds: a replay. */
  readonly before?: (signal: AbortSignal) => TaskEither<TopicError, void>
  /**
   * Takes messages; a right acknowledges all but those that it gives back, a left has all of them handled
   * again.
   */
  readonly handle: (messages: readonly Received[]) => TaskEither<TopicError, Back | void>
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })

const safely = <A>(name: string, work: TaskEither<TopicError, A>): Promise<E.Either<TopicError, A>> =>
  work().catch((thrown: unknown) => E.left(unavailable(name, 'an unforeseen failure', thrown)))

const ackIds = (messages: readonly Received[]): readonly string[] => messages.map(({ ackId }) => ackId)

export const consumer = ({ pubsub, subscription, events, before, handle }: Pulling): Consumer => {
  const stopping = new AbortController()
  const { signal } = stopping
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()
  let attempt = 0
  const failed = async (error: TopicError, most = Infinity): Promise<void> => {
    events.onFailure(error, ++attempt)
    onReady()
    await pause(Math.min(most, backoff(attempt, 100, 30_000)), signal)
  }

  // Not acknowledged for whatever reason, messages come again: handlers know what they have seen.
  const settle = async (messages: readonly Received[], back: Back | void): Promise<void> => {
    const held = new Set(back?.messages)
    const done = messages.filter((message) => !held.has(message))
    if (done.length > 0) attempt = 0
    await pubsub.acknowledge(subscription, ackIds(done))()
    if (back === undefined) return
    await pubsub.extend(subscription, ackIds(back.messages), signal.aborted ? 0 : backAfter)()
    if (done.length === 0) await failed(back.error, longestHold)
    else events.onFailure(back.error, ++attempt)
  }

  // Handles a delivery until it is taken; then it is acknowledged. Stopped before, it goes back.
  const take = async (messages: readonly Received[]): Promise<void> => {
    const keeping = setInterval(() => void pubsub.extend(subscription, ackIds(messages), keepFor)(), keepEach)
    try {
      for (;;) {
        const handled = await safely(subscription, handle(messages))
        if (handled._tag === 'Right') {
          clearInterval(keeping)
          return await settle(messages, handled.right)
        }
        await failed(handled.left)
        if (signal.aborted) break
      }
    } finally {
      clearInterval(keeping)
    }
    await pubsub.extend(subscription, ackIds(messages), 0)()
  }

  const run = async (): Promise<void> => {
    for (let replayed = before === undefined; !replayed && !signal.aborted;) {
      const done = await safely(subscription, (before as NonNullable<Pulling['before']>)(signal))
      if (done._tag === 'Right') replayed = true
      else if (!signal.aborted) await failed(done.left, longestWait)
    }
    while (!signal.aborted) {
      const pulling = safely(subscription, pubsub.pull(subscription, deliverySize))
      onReady()
      const pulled = await Promise.race([pulling, aborted(signal)])
      if (pulled === undefined) {
        // A pull cannot be called back: what it still brings goes back at once.
        void pulling.then((late) => {
          if (late._tag === 'Right' && late.right.length > 0)
            void pubsub.extend(subscription, ackIds(late.right), 0)()
        })
        return
      }
      if (pulled._tag === 'Left') await failed(pulled.left)
      else if (pulled.right.length > 0) await take(pulled.right)
      // Nothing came, and nothing fails: failures far apart are no outage.
      else attempt = 0
    }
  }

  const running = run().finally(onReady)
  const stop = async (): Promise<void> => {
    stopping.abort()
    await running
  }
  return { ready, stop }
}
