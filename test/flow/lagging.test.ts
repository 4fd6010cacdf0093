// The watch over lag: a subscription that stays behind is told once, and again only after it had caught up.
import { expect, test } from 'vitest'
import type { Signal } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { watchLag } from '../../src/flow/lagging.ts'
import type { Subscription } from '../../src/ports/topic.ts'
import { right } from '../../src/testing/check.ts'
import { candidate } from '../../src/testing/samples.ts'
import { append } from '../../src/testing/steps.ts'
import { until } from './kit.ts'

test(
  'a lag is told once, with how many events and how old; after catching up, the next one is told ' + 'again',
  async () => {
    const ports = await right(embedded({ folder: ':memory:' }).open())
    const subscription: Subscription = { name: 's', entity: 'Lead', from: 'start' }
    await right(ports.topic.register(subscription))
    const signals: Signal[] = []
    const watching = watchLag(
      ports,
      () => [subscription],
      (signal) => void signals.push(signal),
      5,
      20,
    )
    await append(
      ports.eventStore,
      [1, 2, 3].map((n) => candidate({ id: 'a', at: n })),
    )
    await until(() => signals.length === 1)
    expect(signals[0]).toMatchObject({ _tag: 'lagging', subscription: 's', entity: 'Lead', events: 3 })
    expect(signals[0]?._tag === 'lagging' && signals[0].milliseconds).toBeGreaterThanOrEqual(20)
    const consumer = ports.topic.subscribe(
      subscription,
      () => async () => ({ _tag: 'Right', right: undefined }),
      { onFailure: () => undefined },
    )
    await until(async () => (await right(ports.topic.progress(subscription))).behind === 0)
    // A look that finds it caught up.
    let looks = 0
    const looking = watchLag(
      {
        ...ports,
        topic: {
          ...ports.topic,
          progress: (each) => {
            looks++
            return ports.topic.progress(each)
          },
        },
      },
      () => [subscription],
      () => undefined,
      5,
      20,
    )
    await until(() => looks > 3)
    await looking.stop()
    await consumer.stop()
    expect(signals.length).toBe(1)
    await append(ports.eventStore, [candidate({ id: 'a', at: 4 })])
    await until(() => signals.length === 2)
    expect(signals[1]).toMatchObject({ _tag: 'lagging', events: 1 })
    await watching.stop()
    await ports.close()
  },
)
