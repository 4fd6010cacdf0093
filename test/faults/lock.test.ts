// Another process that holds SQLite's write lock: submits wait without blocking the event loop; beyond the
// patience it is Contention.
import { expect, onTestFinished, test, vi } from 'vitest'
import { withOther } from '../drivers/embedded-bench.ts'
import { day, errorOf, Lead, open, source, temporaryFolder, until } from '../flow/kit.ts'
import { noUnhandled, prove } from './kit.ts'

const update = (n: number) => Lead.toUpdate({ id: `${n % 5}`, score: n, at: day(1 + n) }, source)

const ticking = (): { readonly ticks: () => number; readonly longest: () => number } => {
  let [ticks, longest, last] = [0, 0, performance.now()]
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    ticks++
  }, 2)
  onTestFinished(() => clearInterval(timer))
  return { ticks: () => ticks, longest: () => longest }
}

test(
  'while the lock is held, submits and projections wait, timers tick and reads go on; then all of it ' +
    'is stored',
  async () => {
    const unhandled = noUnhandled()
    const folder = temporaryFolder()
    const { pipeline } = open([Lead], folder)
    await pipeline.start()
    await pipeline.settled(await pipeline.submit(update(0)))
    const receipts = await withOther('lock', folder, async ({ says, go }) => {
      expect(await says()).toBe('ready')
      const { ticks, longest } = ticking()
      let done = 0
      const submitting = Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const receipt = await pipeline.submit(update(1 + i))
          done++
          return receipt
        }),
      )
      await until(() => ticks() > 150)
      expect(await pipeline.current(Lead, { id: '0' })).toMatchObject({ score: 0 })
      expect(await pipeline.sql('SELECT score FROM Lead')).toEqual([{ score: 0 }])
      expect([done, longest() < 1_000]).toEqual([0, true])
      go()
      return submitting
    })
    expect(new Set(receipts.map(({ status }) => status))).toEqual(new Set(['stored']))
    expect(await prove(pipeline, Lead)).toBe(101)
    expect(unhandled).toEqual([])
  },
  60_000,
)

test(
  'held for longer than the patience: Contention, to be tried again; nothing was stored, and ' +
    'projections lose nothing',
  async () => {
    const folder = temporaryFolder()
    const { pipeline } = open([Lead], folder)
    await pipeline.start()
    await pipeline.settled(await pipeline.submit(update(0)))
    await withOther('lock', folder, async ({ says, go }) => {
      expect(await says()).toBe('ready')
      const submitting = Promise.all(
        Array.from({ length: 20 }, (_, i) => errorOf(pipeline.submit(update(1 + i)))),
      )
      const { ticks } = ticking()
      await until(() => ticks() > 50)
      // The driver's patience is 30 s by the monotonic clock; this test's is shorter.
      const now = performance.now.bind(performance)
      const jump = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000)
      const errors = await submitting
      jump.mockRestore()
      expect(errors.map(({ _tag, retry }) => [_tag, retry])).toEqual(errors.map(() => ['Contention', true]))
      go()
    })
    const again = await Promise.all(Array.from({ length: 20 }, (_, i) => pipeline.submit(update(1 + i))))
    expect(again.every(({ status }) => status === 'stored')).toBe(true)
    expect(await prove(pipeline, Lead)).toBe(21)
  },
  60_000,
)
