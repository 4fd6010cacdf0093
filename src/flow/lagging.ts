// Watches how far behind subscriptions are, and tells when one lags for long; only where the topic counts
// what waits.
import { millisOf } from '../model/instant.ts'
import type { Ports } from '../ports/driver.ts'
import type { Subscription } from '../ports/topic.ts'
import type { Observe } from './signal.ts'

/** Milliseconds between looks, and the age of the oldest waiting event from which it is told. */
const lookEach = 30_000
const tolerated = 60_000

export interface Watching {
  readonly stop: () => Promise<void>
}

/**
 * Looks now and then until stopped. Each subscription is told once per lag: again only after it had caught
 * up.
 */
export const watchLag = (
  { topic }: Ports,
  subscriptions: () => readonly Subscription[],
  observe: Observe,
  each = lookEach,
  from = tolerated,
): Watching => {
  const told = new Set<string>()
  let running: Promise<void> = Promise.resolve()
  const look = async (): Promise<void> => {
    for (const subscription of subscriptions()) {
      const progress = await topic.progress(subscription)()
      if (progress._tag === 'Left') continue
      const { behind, oldest } = progress.right
      const key = `${subscription.entity}/${subscription.name}`
      const age = oldest === undefined ? 0 : Date.now() - millisOf(oldest)
      if (age < from) told.delete(key)
      else if (!told.has(key)) {
        told.add(key)
        observe({
          _tag: 'lagging',
          subscription: subscription.name,
          entity: subscription.entity,
          events: behind,
          milliseconds: age,
        })
      }
    }
  }
  const timer = topic.isLog
    ? setInterval(() => {
        running = running.then(look, look)
      }, each).unref()
    : undefined
  return {
    stop: async () => {
      clearInterval(timer)
      await running.catch(() => undefined)
    },
  }
}
