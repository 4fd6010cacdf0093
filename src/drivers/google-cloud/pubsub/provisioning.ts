// What must be there before it is used: topics and subscriptions, made at run time where that is allowed, or
// else named with the call that makes them.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import { notProvisioned } from '../../../model/errors.ts'
import type { Subscription, TopicError } from '../../../ports/topic.ts'
import type { Names } from '../names.ts'
import type { PubSub } from './client.ts'

/** Seconds after which a pulled message comes again where nobody keeps it. */
export const ackDeadline = 10

export interface TopicOptions {
  readonly names: Names
  /** Ordering keys that events are spread over by entity; 0 publishes without. */
  readonly lanes: number
  /** Whether what is missing is made at run time, and not beforehand by `provision`. */
  readonly provisions: boolean
  /** Whether the receiver consumes update topics too. */
  readonly updates: boolean
}

/**
 * A server-side filter of these attributes, where it is short enough (256 bytes); consumers check again.
 * https://cloud.google.com/pubsub/docs/subscription-message-filter
 */
export const filterText = (filter: Subscription['filter']): string | undefined => {
  if (filter === undefined) return undefined
  const text = Object.entries(filter)
    .map(([name, value]) => `attributes.${name} = ${JSON.stringify(value)}`)
    .join(' AND ')
  return Buffer.byteLength(text, 'utf8') <= 256 && /^[\x20-\x7e]*$/.test(text) ? text : undefined
}

// A filter without the blanks around its signs.
const bare = (filter: string): string => filter.replace(/\s*(=|\bAND\b)\s*/g, '$1').trim()

/** Makes a topic where the driver may, or says what would. */
export const ensureTopic = (
  pubsub: PubSub,
  { provisions }: TopicOptions,
  topic: string,
): TaskEither<TopicError, void> =>
  provisions
    ? pipe(
        pubsub.createTopic(topic),
        TE.map(() => undefined),
      )
    : pipe(
        pubsub.hasTopic(topic),
        TE.flatMap((there) =>
          there
            ? TE.right(undefined)
            : TE.left(notProvisioned(`topic ${topic}`, 'is not there', 'pipeline.provision()') as TopicError),
        ),
      )

/** Looks for a subscription that reads and filters as wanted; true where it was made. */
export const ensureSubscription =
  (
    pubsub: PubSub,
    options: TopicOptions,
    subscription: string,
    topic: string,
    filter?: string,
  ): TaskEither<TopicError, boolean> =>
  async () => {
    const found = await pubsub.subscription(subscription)()
    if (found._tag === 'Left') return found
    if (found.right !== undefined) {
      // A filter cannot be changed. One that is there keeps back what another would let through; none at all
      // does no harm, consumers filter too.
      const differs =
        found.right.topic !== topic
          ? `reads topic ${found.right.topic} instead of ${topic}`
          : found.right.filter !== '' && bare(found.right.filter) !== bare(filter ?? '')
            ? `filters by ${found.right.filter} instead of ${filter ?? 'nothing'}`
            : undefined
      return differs === undefined
        ? E.right(false)
        : E.left(
            notProvisioned(
              `subscription ${subscription}`,
              differs,
              `pipeline.provision({ apply: true }) after deleting it, or give it another name`,
            ),
          )
    }
    if (!options.provisions)
      return E.left(notProvisioned(`subscription ${subscription}`, 'is not there', 'pipeline.provision()'))
    return pipe(
      ensureTopic(pubsub, options, topic),
      TE.flatMap(() =>
        pubsub.createSubscription(subscription, {
          topic,
          ackDeadline,
          ...(filter === undefined ? {} : { filter }),
        }),
      ),
    )()
  }
