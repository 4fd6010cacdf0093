// Update topics: YADTO maps as producers in other languages publish them; acknowledged once stored, broken
// ones to a topic of their own with the reason.
import { E, type TaskEither } from '../../../fp.ts'
import type { TopicError, Updates } from '../../../ports/topic.ts'
import { consumer, type Back } from './consumer.ts'
import type { Message } from './message.ts'
import { named } from '../names.ts'
import type { PubSub, Received } from './client.ts'
import { ensureSubscription, ensureTopic, type TopicOptions } from './provisioning.ts'

const parsed = ({ data }: Received): unknown => {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}

/**
 * Characters of a reason that an attribute holds for sure: 1,024 bytes. Attributes of a message, of which
 * there may be 100 with ours.
 */
const reasonLength = 250
const mostAttributes = 90

// Attributes that may be published again: Google adds some of its own to a delivered message, and refuses
// them from others.
const ownAttributes = ({ attributes }: Received): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => !name.toLowerCase().startsWith('goog'))
      .slice(0, mostAttributes),
  )

// Moves a message to the broken ones. What a topic does not take a second time (it was as large as may be)
// goes without its attributes, or at last without its data.
const move =
  (pubsub: PubSub, topic: string, message: Received, reason: string): TaskEither<TopicError, void> =>
  async () => {
    const told = { _reason: reason.slice(0, reasonLength), _message_id: message.messageId }
    const forms: readonly Message[] = [
      { data: message.data, attributes: { ...ownAttributes(message), ...told } },
      { data: message.data, attributes: told },
      { data: Buffer.alloc(0), attributes: told },
    ]
    for (const [i, form] of forms.entries()) {
      const moved = await pubsub.publish(topic, [form])()
      if (
        moved._tag === 'Right' ||
        i === forms.length - 1 ||
        moved.left._tag !== 'Unavailable' ||
        moved.left.retry
      )
        return moved
    }
    return E.right(undefined)
  }

export const updates = (pubsub: PubSub, options: TopicOptions): Updates => ({
  register: (entity) =>
    named(() => async () => {
      const ensured = await ensureSubscription(
        pubsub,
        options,
        options.names.receiver(entity),
        options.names.updates(entity),
      )()
      return ensured._tag === 'Left' ? ensured : ensureTopic(pubsub, options, options.names.broken(entity))()
    }),
  // Each message for itself: one that cannot be taken yet holds up none that can.
  consume: (entity, handler, events) =>
    consumer({
      pubsub,
      subscription: options.names.receiver(entity),
      events,
      handle:
        (messages): TaskEither<TopicError, Back | void> =>
        async () => {
          const answers = await Promise.all(
            messages.map((message) => handler({ id: message.messageId, yadto: parsed(message) })()),
          )
          const back: Received[] = []
          let error: TopicError | undefined
          for (const [i, answer] of answers.entries()) {
            const message = messages[i] as Received
            const done =
              answer._tag === 'Left' || answer.right === undefined
                ? answer
                : await move(pubsub, options.names.broken(entity), message, answer.right)()
            if (done._tag === 'Right') continue
            back.push(message)
            error ??= done.left
          }
          return E.right(error === undefined ? undefined : { messages: back, error })
        },
    }),
})
