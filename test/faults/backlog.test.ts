// After an outage of a handler, all that waits is handled at once, not a few at each look.
import { expect, test } from 'vitest'
import { day, Lead, open, source, until } from '../flow/kit.ts'

const entities = 2_000

test(`${entities} deferred entities are handled within seconds once the outage is over`, async () => {
  const { pipeline } = open([Lead])
  let isOut = true
  const handled = new Set<string>()
  pipeline.subscribe(Lead, {
    name: 's',
    handle: ({ entityId }) => {
      if (isOut) throw new Error('out')
      handled.add(entityId)
    },
  })
  await pipeline.start({ roles: ['subscriptions'] })
  await pipeline.submitAll(
    Array.from({ length: entities }, (_, i) => Lead.toUpdate({ id: `${i}`, at: day(1) }, source)),
  )
  const waiting = async () =>
    (await pipeline.status()).subscriptions.find(({ name }) => name === 's')?.deferred ?? 0
  await until(async () => (await waiting()) === entities)
  isOut = false
  const started = performance.now()
  await until(() => handled.size === entities)
  // Eight looks a second of 32 each would take longer than fifteen.
  expect(performance.now() - started).toBeLessThan(10_000)
  await until(async () => (await waiting()) === 0)
  expect(await pipeline.deadLetters.list()).toEqual([])
})
