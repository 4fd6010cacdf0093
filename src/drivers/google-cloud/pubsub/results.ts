// The result topic on Pub/Sub: one topic of the pipeline, what became of each update as JSON.
import { pipe, TE, type TaskEither } from '../../../fp.ts'
import type { Results, SubmitResult, TopicError } from '../../../ports/topic.ts'
import { consumer } from './consumer.ts'
import { named } from '../names.ts'
import { pieces, type Message } from './message.ts'
import type { PubSub, Received } from './client.ts'
import { ensureSubscription, ensureTopic, type TopicOptions } from './provisioning.ts'

const messageOf = (result: SubmitResult): Message => ({
  data: Buffer.from(JSON.stringify(result), 'utf8'),
  attributes: {
    entity: result.entity.slice(0, 250),
    status: result.receipt?.status ?? result.error?._tag ?? '',
    ...(result.correlationId === undefined || result.correlationId.length > 250
      ? {}
      : { correlationId: result.correlationId }),
  },
})

// What is no result is nobody's: it is acknowledged and left out.
const resultsOf = (messages: readonly Received[]): readonly SubmitResult[] =>
  messages.flatMap(({ data }) => {
    try {
      return [JSON.parse(data.toString('utf8')) as SubmitResult]
    } catch {
      return []
    }
  })

export const results = (pubsub: PubSub, options: TopicOptions): Results => {
  const { names, provisions } = options
  let made = false
  return {
    publish: (published) => async () => {
      if (provisions && !made) {
        const ensured = await ensureTopic(pubsub, options, names.results)()
        if (ensured._tag === 'Left') return ensured
        made = true
      }
      for (const some of pieces(published.map(messageOf))) {
        const done = await pubsub.publish(names.results, some)()
        if (done._tag === 'Left') return done
      }
      return TE.right(undefined)()
    },
    register: (name) =>
      named(() =>
        pipe(
          ensureSubscription(pubsub, options, names.resultSubscription(name), names.results),
          TE.map(() => undefined),
        ),
      ),
    subscribe: (name, handler, events) =>
      consumer({
        pubsub,
        subscription: names.resultSubscription(name),
        events,
        handle: (messages): TaskEither<TopicError, void> => handler(resultsOf(messages)),
      }),
  }
}
