// Pub/Sub over its low-level clients: awaited publishes, unary pulls, acknowledgements. The high-level
// client's queue loses order after an
// error and its subscriber swallows a handler's throw; here nothing happens that was not asked for.
import type { v1 } from '@google-cloud/pubsub'
import { E, type TaskEither } from '../../../fp.ts'
import type { Contention, Infra } from '../../../model/errors.ts'
import { codeOf, failureOf, grpc } from '../failure.ts'
import type { Message } from './message.ts'
import { backoff, pause } from '../../../waiting.ts'

type PubSubError = Infra | Contention

/** Milliseconds that a call, and a pull on an empty subscription, may take. */
const timeout = 15_000
const pullTimeout = 20_000
const tries = 3

export interface Received {
  readonly ackId: string
  readonly messageId: string
  readonly data: Buffer
  readonly attributes: { readonly [name: string]: string }
}

/** A subscription to be made. `ackDeadline` in seconds. */
interface SubscriptionSettings {
  readonly topic: string
  readonly filter?: string
  readonly ackDeadline: number
}

/** Calls of one project; names are the last part of a resource's name. */
export interface PubSub {
  /** Ends pulls that are still waiting; what they would have brought comes again. */
  readonly end: () => void
  readonly publish: (topic: string, messages: readonly Message[]) => TaskEither<PubSubError, void>
  /** Waits until there are messages; none where it waited too long. */
  readonly pull: (subscription: string, most: number) => TaskEither<PubSubError, readonly Received[]>
  readonly acknowledge: (subscription: string, ackIds: readonly string[]) => TaskEither<PubSubError, void>
  /** Keeps messages for so many seconds more; 0 gives them back at once. */
  readonly extend: (
    subscription: string,
    ackIds: readonly string[],
    seconds: number,
  ) => TaskEither<PubSubError, void>
  readonly hasTopic: (topic: string) => TaskEither<PubSubError, boolean>
  /** The topic of a subscription and what it filters by, or undefined where it is not there. */
  readonly subscription: (
    subscription: string,
  ) => TaskEither<PubSubError, { readonly topic: string; readonly filter: string } | undefined>
  /** True where it was made, false where it was there. */
  readonly createTopic: (topic: string) => TaskEither<PubSubError, boolean>
  readonly createSubscription: (
    subscription: string,
    settings: SubscriptionSettings,
  ) => TaskEither<PubSubError, boolean>
}

export interface PubSubClients {
  readonly publisher: v1.PublisherClient
  readonly subscriber: v1.SubscriberClient
}

interface Pulled {
  readonly ackId?: string | null
  readonly message?: {
    readonly messageId?: string | null
    readonly data?: unknown
    readonly attributes?: { readonly [name: string]: string } | null
  } | null
}
type PullAnswer = readonly [{ readonly receivedMessages?: readonly Pulled[] | null }]
type Cancellable = Promise<PullAnswer> & { readonly cancel?: () => void }

const passing: readonly (number | undefined)[] = [
  grpc.unavailable,
  grpc.deadlineExceeded,
  grpc.internal,
  grpc.cancelled,
  grpc.unknown,
  grpc.aborted,
  grpc.resourceExhausted,
]

const call =
  <A>(verb: string, work: () => Promise<A>): TaskEither<PubSubError, A> =>
  async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return E.right(await work())
      } catch (thrown) {
        if (attempt >= tries || !passing.includes(codeOf(thrown)))
          return E.left(failureOf(verb, thrown, `${verb}: it is not there`))
        await pause(backoff(attempt, 100, 10_000))
      }
    }
  }

// Answers undefined where the server says so by this code.
const unless = async <A>(code: number, work: () => Promise<A>): Promise<A | undefined> => {
  try {
    return await work()
  } catch (thrown) {
    if (codeOf(thrown) === code) return undefined
    throw thrown
  }
}

/** Ack ids a request takes: well below its 512 KiB. */
const ackSize = 1_000

const lastPart = (name: string | null | undefined): string => (name ?? '').split('/').pop() ?? ''

export const pubsub = ({ publisher, subscriber }: PubSubClients, projectId: string): PubSub => {
  const options = { timeout, retry: null as never }
  const topicName = (name: string): string => `projects/${projectId}/topics/${name}`
  const subscriptionName = (name: string): string => `projects/${projectId}/subscriptions/${name}`
  const inPieces =
    (
      verb: string,
      ackIds: readonly string[],
      work: (some: string[]) => Promise<unknown>,
    ): TaskEither<PubSubError, void> =>
    async () => {
      for (let i = 0; i < ackIds.length; i += ackSize) {
        const done = await call(verb, () => work(ackIds.slice(i, i + ackSize)))()
        if (done._tag === 'Left') return done
      }
      return E.right(undefined)
    }
  // The client's own `pull` cannot be called back, and would keep a process that is done for as long as it
  // waits.
  const pulls = new Set<Cancellable>()
  let ended = false
  const cancellable = async (name: string, most: number): Promise<PullAnswer> => {
    await subscriber.initialize()
    const headers = { 'x-goog-request-params': `subscription=${encodeURIComponent(name)}` }
    const pull = subscriber.innerApiCalls['pull'] as (request: object, settings: object) => Cancellable
    const pulling = pull(
      { subscription: name, maxMessages: most },
      { timeout: pullTimeout, retry: null, otherArgs: { headers } },
    )
    pulls.add(pulling)
    try {
      return await pulling
    } finally {
      pulls.delete(pulling)
    }
  }
  return {
    end: () => {
      ended = true
      for (const pulling of pulls) pulling.cancel?.()
    },
    publish: (topic, messages) =>
      call(`publish to topic ${topic}`, async () => {
        await publisher.publish({ topic: topicName(topic), messages: [...messages] }, options)
      }),
    pull: (subscription, most) => async () => {
      try {
        const [response] = await cancellable(subscriptionName(subscription), most)
        return E.right(
          (response.receivedMessages ?? []).map(({ ackId, message }) => ({
            ackId: ackId ?? '',
            messageId: message?.messageId ?? '',
            data: Buffer.from((message?.data ?? '') as Uint8Array),
            attributes: message?.attributes ?? {},
          })),
        )
      } catch (thrown) {
        // An empty subscription waits until somebody loses patience.
        return codeOf(thrown) === grpc.deadlineExceeded || (ended && codeOf(thrown) === grpc.cancelled)
          ? E.right([])
          : E.left(
              failureOf(`subscription ${subscription}`, thrown, `subscription ${subscription} is not there`),
            )
      }
    },
    acknowledge: (subscription, ackIds) =>
      inPieces(`subscription ${subscription}`, ackIds, (some) =>
        subscriber.acknowledge({ subscription: subscriptionName(subscription), ackIds: some }, options),
      ),
    extend: (subscription, ackIds, seconds) =>
      inPieces(`subscription ${subscription}`, ackIds, (some) =>
        subscriber.modifyAckDeadline(
          { subscription: subscriptionName(subscription), ackIds: some, ackDeadlineSeconds: seconds },
          options,
        ),
      ),
    hasTopic: (topic) =>
      call(
        `topic ${topic}`,
        async () =>
          (await unless(grpc.notFound, () => publisher.getTopic({ topic: topicName(topic) }, options))) !==
          undefined,
      ),
    subscription: (subscription) =>
      call(`subscription ${subscription}`, async () => {
        const found = await unless(grpc.notFound, () =>
          subscriber.getSubscription({ subscription: subscriptionName(subscription) }, options),
        )
        return found === undefined
          ? undefined
          : { topic: lastPart(found[0].topic), filter: found[0].filter ?? '' }
      }),
    createTopic: (topic) =>
      call(
        `topic ${topic}`,
        async () =>
          (await unless(grpc.alreadyExists, () =>
            publisher.createTopic({ name: topicName(topic) }, options),
          )) !== undefined,
      ),
    createSubscription: (subscription, { topic, filter, ackDeadline }) =>
      call(
        `subscription ${subscription}`,
        async () =>
          (await unless(grpc.alreadyExists, () =>
            subscriber.createSubscription(
              {
                name: subscriptionName(subscription),
                topic: topicName(topic),
                ackDeadlineSeconds: ackDeadline,
                // An idle subscription would expire after 31 days, and with it what it holds.
                expirationPolicy: {},
                messageRetentionDuration: { seconds: 7 * 86_400 },
                ...(filter === undefined ? {} : { filter }),
              },
              options,
            ),
          )) !== undefined,
      ),
  }
}
