// Long work on a store that answers at once: catching up, rebuild and verify let timers and submits come in
// between.
import { expect, onTestFinished, test } from 'vitest'
import { day, Lead, open, source, temporaryFolder, until } from '../flow/kit.ts'
import { prove } from './kit.ts'

const many = 12_000

const ticking = (): { readonly during: <A>(work: () => Promise<A>) => Promise<number> } => {
  let ticks = 0
  const timer = setInterval(() => {
    ticks++
  }, 1)
  onTestFinished(() => clearInterval(timer))
  return {
    during: async (work) => {
      const before = ticks
      await work()
      return ticks - before
    },
  }
}

test(
  'timers tick while views catch up, are rebuilt and verified, and a submit gets through an endless ' +
    'rebuild',
  async () => {
    const folder = temporaryFolder()
    const first = open([Lead], folder)
    await first.pipeline.submitAll(
      Array.from({ length: many }, (_, i) =>
        Lead.toUpdate({ id: `${i % 3_000}`, score: i, at: day(1 + (i % 300)) }, source),
      ),
    )
    await first.pipeline.close()
    const { pipeline } = open([Lead], folder)
    const { during } = ticking()
    await pipeline.start({ roles: ['views'] })
    // A delivery holds a thousand events: one tick behind each, at least.
    expect(
      await during(() =>
        until(
          async () =>
            !(await pipeline.status()).subscriptions.some(
              ({ name, lag }) => name === 'views' && lag.events > 0,
            ),
        ),
      ),
    ).toBeGreaterThanOrEqual(3)
    expect(await during(() => pipeline.rebuild(Lead, { target: 'views' }))).toBeGreaterThanOrEqual(6)
    let over = false
    const rebuilding = (async () => {
      while (!over) await pipeline.rebuild(Lead, { target: 'views' })
    })()
    expect((await pipeline.submit(Lead.toUpdate({ id: 'new', at: day(1) }, source))).status).toBe('stored')
    over = true
    await rebuilding
    await pipeline.start()
    expect(await prove(pipeline, Lead)).toBe(many + 1)
  },
  60_000,
)
