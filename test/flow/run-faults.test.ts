// Producers that misbehave, and callbacks that throw: a run ends with a tagged error, spends no more than it
// may, and never goes on without end.
import { expect, onTestFinished, test, vi } from 'vitest'
import { producer, type Page, type PageContext, type RunOptions } from 'dreampipe'
import { t } from 'dreampipe/fp'
import { noUnhandled } from '../faults/kit.ts'
import { day, errorOf, Lead, open, until } from './kit.ts'

interface Row {
  readonly id: string
  readonly at: string
}

const source = <C = number>(
  pages: (from: C, context: PageContext) => AsyncIterable<Page<Row, C>>,
  cursor: t.Type<C, unknown, unknown> = t.number as never,
  start: C = 0 as never,
) =>
  producer({ name: 'rows', entity: Lead, cursor, start, pages, normalise: (row: Row, to) => to.update(row) })

const row: Row = { id: 'a', at: day(1) }

test('a progress callback that throws ends the run with its own error, and no process', async () => {
  const unhandled = noUnhandled()
  const { pipeline } = open([Lead])
  const leads = source(async function* () {
    yield { records: [row], cursor: 1 }
  })
  expect(
    await errorOf(
      pipeline.run(leads, {
        onProgress: () => {
          throw new Error('the display is gone')
        },
      }),
    ),
  ).toMatchObject({ _tag: 'SourceFailed' })
  expect(unhandled).toEqual([])
})

test("a cursor that its codec cannot write, or JSON cannot hold, is the source's failure", async () => {
  const unhandled = noUnhandled()
  const { pipeline } = open([Lead])
  const throwing = new t.Type<number, number, unknown>(
    'throwing',
    t.number.is,
    t.number.validate,
    (value) => {
      if (value > 0) throw new Error('cannot be written')
      return value
    },
  )
  expect(
    await errorOf(
      pipeline.run(
        source(async function* () {
          yield { records: [row], cursor: 1 }
        }, throwing),
      ),
    ),
  ).toMatchObject({ _tag: 'SourceFailed' })
  const large = source<bigint>(
    async function* () {
      yield { records: [row], cursor: 1n }
    },
    t.bigint as never,
    0n,
  )
  expect(await errorOf(pipeline.run(large))).toMatchObject({ _tag: 'SourceFailed' })
  expect(unhandled).toEqual([])
})

test('pages that stand still are no progress: a source that fails behind them ends the run', async () => {
  const { pipeline } = open([Lead])
  let asked = 0
  const stuck = source(async function* (from) {
    if (++asked > 20) return
    yield { records: [row], cursor: from }
    throw new Error('the second page is broken')
  })
  expect(await errorOf(pipeline.run(stuck, { tries: 2 }))).toMatchObject({ _tag: 'SourceFailed' })
  expect(asked).toBe(2)
}, 30_000)

test('a spent day asks the source nothing more, and calls of a run that failed count', async () => {
  const { pipeline } = open([Lead])
  let calls = 0
  let isBroken = true
  const leads = source(async function* (from, { budget }) {
    for (let at = from; at < 100; at++) {
      calls++
      budget.spend(1)
      if (isBroken) throw Object.assign(new Error('away'), { retry: false })
      yield { records: [{ id: `${at}`, at: day(1) }], cursor: at + 1 }
    }
  })
  const options: RunOptions = { budget: { day: 3 } }
  expect(await errorOf(pipeline.run(leads, options))).toMatchObject({ _tag: 'SourceFailed' })
  isBroken = false
  expect(await pipeline.run(leads, options)).toMatchObject({ ended: 'budget', records: 2 })
  expect(await pipeline.run(leads, options)).toMatchObject({ ended: 'budget', records: 0, calls: 0 })
  expect(calls).toBe(3)
})

test('the next day has its own calls', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T23:00:00Z') })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { pipeline } = open([Lead])
  const leads = source(async function* (from, { budget }) {
    for (let at = from; at < 100; at++) {
      budget.spend(1)
      yield { records: [], cursor: at + 1 }
    }
  })
  const options: RunOptions = { budget: { day: 3 } }
  expect(await pipeline.run(leads, options)).toMatchObject({ ended: 'budget', calls: 3, cursor: 3 })
  vi.setSystemTime('2026-03-01T23:59:59Z')
  expect(await pipeline.run(leads, options)).toMatchObject({ ended: 'budget', calls: 0, cursor: 3 })
  vi.setSystemTime('2026-03-02T00:00:01Z')
  expect(await pipeline.run(leads, { budget: { day: 3, run: 2 } })).toMatchObject({
    ended: 'budget',
    calls: 2,
    cursor: 5,
  })
  expect(await pipeline.run(leads, options)).toMatchObject({ ended: 'budget', calls: 1, cursor: 6 })
})

test('a dry run keeps to the budget too', async () => {
  const { pipeline } = open([Lead])
  let calls = 0
  const leads = source(async function* (from, { budget }) {
    for (let at = from; at < 100; at++) {
      calls++
      budget.spend(1)
      yield { records: [], cursor: at + 1 }
    }
  })
  expect(await pipeline.run(leads, { dryRun: 5, budget: { run: 4 } })).toMatchObject({
    ended: 'dry run',
    pages: 4,
  })
  expect(calls).toBe(4)
})

test('a callback of a schedule that throws ends neither the schedule nor the process', async () => {
  const unhandled = noUnhandled()
  const { pipeline } = open([Lead])
  let told = 0
  const job = pipeline.schedule(
    source(async function* () {
      yield { records: [row], cursor: 1 }
    }),
    '* * * * * *',
    {
      jitter: 0,
      onRun: () => {
        told++
        throw new Error('the callback')
      },
    },
  )
  await until(() => told >= 2)
  await job.close()
  expect(unhandled).toEqual([])
}, 20_000)
