// Update topics: YADTO maps as producers in other languages publish them; acknowledged once stored, broken ones to a topic of their own with the reason.
import { E, type TaskEither } from '../../fp.ts'
import type { TopicError, Updates } from '../../ports/topic.ts'
import { consumer } from './consumer.ts'
import type { PubSub, Received } from './pubsub.ts'
import { ensureSubscription, ensureTopic, type TopicOptions } from './provisioning.ts'

const parsed = ({ data }: Received): unknown => {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Characters of a reason that an attribute holds for sure: 1,024 bytes. */
const reasonLength = 250

export const updates = (pubsub: PubSub, options: TopicOptions): Updates => ({
  register: (entity) => async () => {
    const ensured = await ensureSubscription(pubsub, options, options.names.receiver(entity), options.names.updates(entity))()
    return ensured._tag === 'Left' ? ensured : ensureTopic(pubsub, options, options.names.broken(entity))()
  },
  consume: (entity, handler, events) => consumer({
    pubsub, subscription: options.names.receiver(entity), events,
    handle: (messages): TaskEither<TopicError, void> => async () => {
      const answers = await Promise.all(messages.map((message) => handler({ id: message.messageId, yadto: parsed(message) })()))
      for (const [i, answer] of answers.entries()) {
        if (answer._tag === 'Left') return answer
        const message = messages[i] as Received
        if (answer.right === undefined) continue
        const moved = await pubsub.publish(options.names.broken(entity), [{ data: message.data, attributes: { ...message.attributes, _reason: answer.right.slice(0, reasonLength), _message_id: message.messageId } }])()
        if (moved._tag === 'Left') return moved
      }
      return E.right(undefined)
    },
  }),
})
