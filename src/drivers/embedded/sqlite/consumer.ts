// One consumer of a log: takes the lease, delivers what is new, waits to be woken, and tries again after a
// failure.
import { E, type TaskEither } from '../../../fp.ts'
import { unavailable } from '../../../model/errors.ts'
import type { Consumer, ConsumerEvents, TopicError } from '../../../ports/topic.ts'
import type { Lease } from './lease.ts'
import type { Wake } from './wake.ts'
import { backoff, pause } from '../../../waiting.ts'

/**
 * Milliseconds between tries for a lease that another process holds, and between looks when nothing wakes.
 */
const leaseEach = 250
const lookEach = 5_000

export interface Consuming {
  readonly lease: Lease
  readonly wake: Wake
  /** The lease's name. */
  readonly name: string
  /** One delivery, if there is one: how much it held. */
  readonly deliver: TaskEither<TopicError, number>
  readonly events: ConsumerEvents
  /** Told when another process took the lease over. */
  readonly onLost: () => void
  /** Whether the lease stays when the consumer stops. */
  readonly keepsLease: boolean
}

const run = async (
  { lease, wake, name, deliver, events, onLost }: Consuming,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> => {
  let attempt = 0
  let had = false
  while (!signal.aborted) {
    const since = wake.count()
    const held = await lease.take(name)()
    if (held._tag === 'Right' && !held.right) {
      if (had) onLost()
      had = false
      onReady()
      await wake.next(signal, leaseEach, since)
      continue
    }
    // A handler of a third party's may reject where it should answer a left; the consumer goes on all the
    // same.
    const delivered =
      held._tag === 'Left'
        ? held
        : await deliver().catch((thrown: unknown) =>
            E.left(unavailable(name, 'an unforeseen failure', thrown)),
          )
    had ||= held._tag === 'Right'
    onReady()
    if (delivered._tag === 'Left') {
      events.onFailure(delivered.left, ++attempt)
      await pause(backoff(attempt, 100, 30_000), signal)
      continue
    }
    attempt = 0
    if (delivered.right === 0) await wake.next(signal, lookEach, since)
  }
}

export const consumer = (consuming: Consuming): Consumer => {
  const stopping = new AbortController()
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()
  const running = run(consuming, stopping.signal, onReady)
  const stop = async (): Promise<void> => {
    stopping.abort()
    await running
    onReady()
    if (!consuming.keepsLease) await consuming.lease.release(consuming.name)
  }
  let stopped: Promise<void> | undefined
  // Once: by a second stop, somebody else here may hold the lease.
  return { ready, stop: () => (stopped ??= stop()) }
}
