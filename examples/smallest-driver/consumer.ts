// One consumer: holds its subscription, delivers what is new, sleeps until the bell rings, and tries again.
import { reasonOf, unavailable } from 'dreampipe/driver'
import type { Consumer, ConsumerEvents, TopicError } from 'dreampipe/driver'
import { E, type TaskEither } from 'dreampipe/fp'
import { backoff, pause } from 'dreampipe/waiting'
import type { Bell } from './sharing.ts'

export interface Consuming {
  readonly bell: Bell
  /** Takes the subscription's lease, or has it already. */
  readonly hold: () => boolean
  readonly release: () => void
  /** One delivery, if there is one: how much it held. */
  readonly deliver: TaskEither<TopicError, number>
  readonly events: ConsumerEvents
}

/** Milliseconds before a failed delivery comes again: the first time, and at most. */
const [first, most] = [100, 30_000]

// A handler that rejects, where it should answer a left, stops nobody.
const rejected = (thrown: unknown) => E.left(unavailable('deliver', reasonOf(thrown), thrown))

export const consumer = ({ bell, hold, release, deliver, events }: Consuming): Consumer => {
  const stopping = new AbortController()
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()
  const run = async (): Promise<void> => {
    let failures = 0
    while (!stopping.signal.aborted) {
      const rung = bell.next()
      const delivered = hold() ? await deliver().catch(rejected) : E.right(0)
      onReady()
      if (delivered._tag === 'Left') {
        events.onFailure(delivered.left, ++failures)
        await pause(backoff(failures, first, most), stopping.signal)
        continue
      }
      failures = 0
      if (delivered.right === 0) await rung
    }
    release()
  }
  const running = run()
  return {
    ready,
    stop: () => {
      stopping.abort()
      bell.ring()
      return running
    },
  }
}
