// Consumes a registered subscription until it is stopped, and retries what it deferred.
import type { Ports } from '../../ports/driver.ts'
import { consume, type Consuming, type Consumption } from './consume.ts'
import { retryDeferred } from './deferred.ts'
import type { Schemas } from '../schemas.ts'
import type { Observe } from '../signal.ts'

/** Something that runs until it is stopped. */
export interface Stoppable {
  readonly ready: Promise<void>
  readonly stop: () => Promise<void>
}

export interface Runtime {
  readonly ports: Ports
  readonly schemas: Schemas
  readonly observe: Observe
}

/** Consumes a registered subscription, and retries what it deferred, until stopped. */
export const run = (
  { ports: { topic, eventStore }, observe }: Runtime,
  consumption: Consumption,
): Stoppable => {
  const { subscription } = consumption
  const consuming: Consuming = { topic, observe, onDeferred: () => retrying.soon() }
  const consumer = topic.subscribe(subscription, consume(consuming, consumption), {
    onFailure: (error, attempt) =>
      observe({
        _tag: 'retrying',
        subscription: subscription.name,
        entity: subscription.entity,
        attempt,
        error,
      }),
  })
  const retrying = retryDeferred(consuming, eventStore, consumption)
  return {
    ready: consumer.ready,
    stop: async () => void (await Promise.all([consumer.stop(), retrying.stop()])),
  }
}
