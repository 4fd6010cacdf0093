// Update topics: the receiver takes updates that producers in any language publish; acknowledged once stored,
// and once their result is out.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Ports } from '../../ports/driver.ts'
import type { SubmitResult, TopicError, UpdateMessage, Updates } from '../../ports/topic.ts'
import { resultOf } from './results.ts'
import { submitOne, type Receiver } from './receiver.ts'
import { isUpdatesFault } from '../../model/errors.ts'
import type { Stoppable } from '../consume/running.ts'
import type { Observe } from '../signal.ts'

/** Results published in one call. */
const most = 500

type Publish = (result: SubmitResult) => Promise<E.Either<TopicError, void>>

// Results that come in one turn go out in one call; each waits for its own.
const together = (publish: (results: readonly SubmitResult[]) => TaskEither<TopicError, void>): Publish => {
  let waiting: {
    readonly result: SubmitResult
    readonly done: (answer: E.Either<TopicError, void>) => void
  }[] = []
  const flush = (): void => {
    const batch = waiting
    waiting = []
    for (let i = 0; i < batch.length; i += most) {
      const some = batch.slice(i, i + most)
      void publish(some.map(({ result }) => result))().then((answer) => {
        for (const { done } of some) done(answer)
      })
    }
  }
  return (result) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ result, done: resolve })
    })
}

// What is wrong with the update has its reason told. Whatever else fails says nothing about it, and it is
// delivered again: an outage, a missing role or a bad definition fills no broken topic.
const take =
  (receiver: Receiver, entity: string, publish: Publish | undefined) =>
  ({ id, yadto }: UpdateMessage): TaskEither<TopicError, string | undefined> =>
  async () => {
    const result = await submitOne(receiver, { entity, yadto })
    if (result._tag === 'Left' && !isUpdatesFault(result.left)) return E.left(result.left as TopicError)
    if (publish !== undefined) {
      const told = resultOf({ entity, yadto }, result)
      const published = await publish(
        told.correlationId === undefined ? { ...told, correlationId: id } : told,
      )
      if (published._tag === 'Left') return published
    }
    return E.right(result._tag === 'Left' ? result.left.message : undefined)
  }

/** Consumes the update topic of every entity, where the driver has such. */
export const startUpdates =
  (
    ports: Ports,
    receiver: Receiver,
    definitions: Iterable<Definition>,
    results: boolean,
    observe: Observe,
  ): TaskEither<TopicError, readonly Stoppable[]> =>
  async () => {
    const updates: Updates | undefined = ports.topic.updates
    if (updates === undefined) return E.right([])
    const running: Stoppable[] = []
    const publish = results ? together(ports.topic.results.publish) : undefined
    for (const { name } of definitions) {
      const registered = await updates.register(name)()
      if (registered._tag === 'Left') {
        await Promise.all(running.map(({ stop }) => stop()))
        return registered
      }
      running.push(
        updates.consume(name, take(receiver, name, publish), {
          onFailure: (error, attempt) =>
            observe({ _tag: 'retrying', subscription: 'updates', entity: name, attempt, error }),
        }),
      )
    }
    return E.right(running)
  }
