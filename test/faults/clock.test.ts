// A clock that jumps back and forth: leases, order, de-duplication and deferred work do not hang on it;
// nothing is lost.
import { expect, onTestFinished, test, vi } from 'vitest'
import { open, day, Lead, source, temporaryFolder, until } from '../flow/kit.ts'
import { prove } from './kit.ts'

const hour = 3_600_000

// Only what code reads as the time of day; timers go on as they are.
const clock = (): { readonly shift: (by: number) => void } => {
  const real = Date.now.bind(Date)
  const RealDate = Date
  let offset = 0
  const now = vi.spyOn(Date, 'now').mockImplementation(() => real() + offset)
  const shifted = new Proxy(RealDate, {
    construct: (target, args: readonly unknown[]) =>
      Reflect.construct(target, args.length === 0 ? [real() + offset] : [...args]) as object,
  })
  vi.stubGlobal('Date', shifted)
  onTestFinished(() => {
    vi.unstubAllGlobals()
    now.mockRestore()
  })
  return {
    shift: (by) => {
      offset += by
    },
  }
}

const update = (id: string, n: number, score = n) => Lead.toUpdate({ id, score, at: day(n) }, source)

test(
  'events recorded while the clock jumps are numbered in commit order, duplicates stay duplicates, ' +
    'verify is zero',
  async () => {
    const { shift } = clock()
    const { pipeline, signals } = open([Lead], temporaryFolder())
    const handled: string[] = []
    pipeline.subscribe(Lead, {
      name: 'billing',
      from: 'start',
      handle: (event) => void handled.push(event.eventId),
    })
    await pipeline.start()
    const acknowledged: string[] = []
    const recorded: string[] = []
    for (let n = 1; n <= 24; n++) {
      shift(n % 3 === 0 ? 2 * hour : -5 * hour)
      const receipt = await pipeline.submit(update('one', n))
      expect([receipt.status, receipt.sequence]).toEqual(['stored', n])
      acknowledged.push(receipt.eventId)
      recorded.push(receipt.recordedAt)
      expect((await pipeline.submit(update('one', n))).status).toBe('duplicate')
    }
    expect(recorded.some((at, i) => i > 0 && at < (recorded[i - 1] as string))).toBe(true)
    expect(await prove(pipeline, Lead)).toBe(24)
    await until(() => handled.length >= 24)
    expect(handled).toEqual(acknowledged)
    expect(await pipeline.current(Lead, { id: 'one' })).toMatchObject({ score: 24 })
    expect(signals).toEqual([])
  },
)

test('leases outlive a clock that goes back past their beginning: one holder, and it goes on', async () => {
  const { shift } = clock()
  const folder = temporaryFolder()
  const first = open([Lead], folder)
  await first.pipeline.start()
  await first.pipeline.submit(update('a', 1))
  shift(-24 * hour)
  const second = open([Lead], folder)
  await second.pipeline.start()
  for (let n = 2; n <= 10; n++) await (n % 2 === 0 ? first : second).pipeline.submit(update('a', n))
  expect(await prove(first.pipeline, Lead)).toBe(10)
  // Its holder ends in the past, and the other takes over.
  await first.pipeline.close()
  await second.pipeline.submit(update('a', 11))
  expect(await prove(second.pipeline, Lead)).toBe(11)
})

test('what was deferred before the clock went back is tried again all the same', async () => {
  const { shift } = clock()
  const { pipeline, signals } = open([Lead], temporaryFolder())
  let broken = true
  const handled: string[] = []
  pipeline.subscribe(Lead, {
    name: 'billing',
    from: 'start',
    handle: (event) => {
      if (broken && event.operation === 'upsert' && event.properties.id === 'bad') throw new Error('not yet')
      handled.push(event.eventId)
    },
  })
  await pipeline.start()
  await pipeline.submitAll([update('bad', 1), update('good', 1), update('bad', 2)])
  await until(() => signals.some(({ _tag }) => _tag === 'deferred'))
  shift(-24 * hour)
  broken = false
  await until(() => handled.length === 3)
  await until(async () => (await pipeline.status()).subscriptions.every(({ deferred }) => deferred === 0))
  expect(await prove(pipeline, Lead)).toBe(3)
  expect(await pipeline.deadLetters.list()).toEqual([])
})
