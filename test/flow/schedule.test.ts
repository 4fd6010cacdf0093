// Schedules: by cron, one run at a time, later by chance, on one of all replicas, and ended by close, a
// signal or the pipeline. A second schedule beside them says that ticks go by.
import { expect, onTestFinished, test, vi } from 'vitest'
import { createPipeline, producer, type PageContext, type Pipeline, type RunReport } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t, type E } from 'dreampipe/fp'
import { child } from '../processes.ts'
import { Lead, open, temporaryFolder, until } from './kit.ts'

const everySecond = '* * * * * *'
const source = (name: string, asked: (context: PageContext) => void | Promise<void>) =>
  producer({
    name,
    entity: Lead,
    cursor: t.number,
    start: 0,
    async *pages(from, context) {
      await asked(context)
      yield { records: [], cursor: from + 1 }
    },
    normalise: (row: { readonly id: string }, to) => to.update({ id: row.id, at: '2024-01-01T00:00:00Z' }),
  })

// Counts the ticks of a schedule of its own, and waits for so many more.
const ticking = (pipeline: Pipeline<typeof Lead>, name = 'clock') => {
  let ticks = 0
  pipeline.schedule(
    source(name, () => {
      ticks++
    }),
    everySecond,
    { jitter: 0 },
  )
  return {
    ticks: () => ticks,
    more: async (n: number) => {
      const end = ticks + n
      await until(() => ticks >= end)
    },
  }
}

test(
  'a run that lasts past the next ticks is not doubled; they are passed over, and it goes on behind ' + 'it',
  async () => {
    const { pipeline } = open([Lead])
    const clock = ticking(pipeline)
    let [begun, running, most] = [0, 0, 0]
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const results: (RunReport | Error)[] = []
    pipeline.schedule(
      source('slow', async () => {
        begun++
        most = Math.max(most, ++running)
        await gate
        running--
      }),
      everySecond,
      { jitter: 0, onRun: (result) => void results.push(result) },
    )
    await until(() => begun === 1)
    await clock.more(3)
    expect([begun, results]).toEqual([1, []])
    release()
    await until(() => results.length >= 2)
    expect(most).toBe(1)
    expect(results[0]).toMatchObject({ ended: 'done', pages: 1, cursor: 1 })
  },
  30_000,
)

test('each tick is run by one of all replicas', async () => {
  const folder = temporaryFolder()
  const runs: number[] = []
  const failures: Error[] = []
  const replicas = [0, 1, 2].map(() => open([Lead], folder).pipeline)
  const clock = ticking(replicas[0] as Pipeline<typeof Lead>)
  await clock.more(1)
  for (const pipeline of replicas)
    pipeline.schedule(
      source('shared', () => undefined),
      everySecond,
      {
        jitter: 0,
        onRun: (result) => {
          if ('ended' in result) runs.push(result.cursor as number)
          else failures.push(result)
        },
      },
    )
  const before = clock.ticks()
  await clock.more(4)
  const ticks = clock.ticks() - before
  expect(failures).toEqual([])
  // Some tick may have been run already that the clock has yet to tell.
  expect(runs.length).toBeLessThanOrEqual(ticks + 1)
  expect(runs.length).toBeGreaterThanOrEqual(ticks - 2)
  // Each run went on behind the one before, whoever made it.
  expect(runs.toSorted((a, b) => a - b)).toEqual(runs.map((_, i) => i + 1))
}, 30_000)

test('a run begins later, by chance and at most by its jitter; close does not wait for that', async () => {
  const { pipeline } = open([Lead])
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.9)
  onTestFinished(() => random.mockRestore())
  const clock = ticking(pipeline)
  let [late, soon] = [0, 0]
  const job = pipeline.schedule(
    source('late', () => {
      late++
    }),
    everySecond,
    { jitter: 600_000 },
  )
  pipeline.schedule(
    source('soon', () => {
      soon++
    }),
    everySecond,
    { jitter: 1 },
  )
  await clock.more(3)
  expect([late, soon > 0]).toEqual([0, true])
  await job.close()
  expect(late).toBe(0)
}, 30_000)

test.each(['close', 'a signal', 'the pipeline'] as const)(
  'ended by %s: the run in hand ends after its page, and no tick brings another',
  async (how) => {
    const [{ pipeline: beside }, { pipeline }] = [open([Lead]), open([Lead])]
    const clock = ticking(beside)
    const stop = new AbortController()
    let [begun, aborted] = [0, false]
    const results: (RunReport | Error)[] = []
    const job = pipeline.schedule(
      producer({
        name: 'endless',
        entity: Lead,
        cursor: t.number,
        start: 0,
        async *pages(from, { signal }) {
          begun++
          signal.addEventListener('abort', () => {
            aborted = true
          })
          for (let at = from; ; at++) {
            await new Promise((resolve) => {
              setImmediate(resolve)
            })
            yield { records: [], cursor: at + 1 }
          }
        },
        normalise: (row: { readonly id: string }, to) =>
          to.update({ id: row.id, at: '2024-01-01T00:00:00Z' }),
      }),
      everySecond,
      { jitter: 0, signal: stop.signal, onRun: (result) => void results.push(result) },
    )
    await until(() => begun === 1)
    if (how === 'close') await job.close()
    else if (how === 'a signal') stop.abort()
    else await pipeline.close()
    await until(() => results.length === 1)
    expect([aborted, results[0]]).toMatchObject([true, { ended: 'stopped' }])
    await clock.more(3)
    expect([begun, results.length]).toEqual([1, 1])
  },
  30_000,
)

test.each(['close', 'signal', 'pipeline'])(
  'an ended schedule keeps no process alive: %s',
  async (how) => {
    const { ended, line } = child('test/flow/schedule.child.ts', [how])
    expect(await line()).toBe('ran')
    expect(await ended).toBe(0)
  },
  30_000,
)

test('both faces: the fp one is told Eithers, and a failed run does not end the schedule', async () => {
  const { pipeline } = open([Lead])
  const told: E.Either<Error, RunReport>[] = []
  let isBroken = true
  pipeline.fp.schedule(
    source('failing', () => {
      if (isBroken) throw Object.assign(new Error('away'), { retry: false })
    }),
    everySecond,
    {
      jitter: 0,
      onRun: (result) => {
        told.push(result)
        isBroken = false
      },
    },
  )
  await until(() => told.length >= 2)
  expect(told.slice(0, 2)).toMatchObject([
    { _tag: 'Left', left: { _tag: 'SourceFailed' } },
    { _tag: 'Right', right: { ended: 'done', cursor: 1 } },
  ])
}, 30_000)

test('an expression that is none is told at once', () => {
  const { pipeline } = open([Lead])
  expect(() =>
    pipeline.schedule(
      source('never', () => undefined),
      'every now and then',
    ),
  ).toThrowError(expect.objectContaining({ _tag: 'InvalidDefinition' }))
})

test('a tick from a clock that was far ahead is told and passed over', async () => {
  const folder = temporaryFolder()
  const before = await embedded({ folder }).open()()
  if (before._tag === 'Left') throw before.left
  const { checkpointStore, close } = before.right
  await checkpointStore.save('tick/ahead', '2099-01-01T00:00:00.000Z', 0)()
  await close()
  const told: string[] = []
  const pipeline = createPipeline([Lead], {
    driver: embedded({ folder }),
    observe: (signal) => void (signal._tag === 'producer' && told.push(signal.message)),
  })
  onTestFinished(() => pipeline.close())
  const results: unknown[] = []
  pipeline.schedule(
    source('ahead', () => undefined),
    everySecond,
    { jitter: 0, onRun: (result) => void results.push(result) },
  )
  await until(() => results.length > 0)
  expect(results[0]).toMatchObject({ producer: 'ahead', ended: 'done' })
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^its last tick is \d+ s in the future \(2099-01-01T.*\): passed over$/)
})

test('a cron expression that never comes is refused', () => {
  const { pipeline } = open([Lead])
  const never = source('never', () => undefined)
  expect(() => pipeline.schedule(never, '0 0 30 2 *')).toThrow('schedule: "0 0 30 2 *" never comes')
})
