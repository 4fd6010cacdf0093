// How a run ends early, or never begins: budgets, dry runs, signals, and one run at a time.
import { describe, expect, test } from 'vitest'
import { collect, Lead, open, temporaryFolder, until } from './kit.ts'
import { rows, source, type Row } from './rows.ts'

describe('run', () => {
  test('a budget ends a run after the page in hand, and counts over a day', async () => {
    const { pipeline } = open([Lead])
    const leads = source(rows(100), 10, (_, { budget }) => void budget.spend(1))
    expect(await pipeline.run(leads, { budget: { run: 3 } })).toMatchObject({
      ended: 'budget',
      pages: 3,
      calls: 3,
      cursor: 30,
    })
    expect(await pipeline.run(leads, { budget: { run: 4, day: 5 } })).toMatchObject({
      ended: 'budget',
      pages: 2,
      calls: 2,
      cursor: 50,
    })
    expect(await pipeline.run(leads)).toMatchObject({ ended: 'done', cursor: 100 })
  })

  test('a dry run shows what it would send and how far it would get, and stores nothing', async () => {
    const { pipeline } = open([Lead])
    const all: Row[] = [...rows(30)]
    all[1] = { id: '1', at: 'never', score: 1 }
    const report = await pipeline.run(source(all), { dryRun: 12 })
    expect(report).toMatchObject({
      ended: 'dry run',
      pages: 2,
      records: 20,
      stored: 0,
      rejected: 1,
      cursor: 20,
    })
    expect([
      report.updates?.length,
      report.updates?.[0]?.update.yadto['id']?.value,
      report.updates?.[1]?.problems[0]?.path,
    ]).toEqual([12, '0', 'at'])
    expect((await pipeline.run(source(all))).records).toBe(30)
  })

  test('one run at a time: here, and on another replica', async () => {
    const folder = temporaryFolder()
    const [one, two] = [open([Lead], folder).pipeline, open([Lead], folder).pipeline]
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const first = one.run(source(rows(20), 10, (at) => (at === 10 ? gate : undefined)))
    await until(async () => (await collect(one.history(Lead, { id: '1' }))).length > 0)
    await expect(one.run(source(rows(20)))).rejects.toMatchObject({ _tag: 'AlreadyRunning', retry: true })
    await expect(two.run(source(rows(20)))).rejects.toMatchObject({ _tag: 'AlreadyRunning' })
    release()
    expect(await first).toMatchObject({ stored: 20, ended: 'done' })
    expect(await two.run(source(rows(20)))).toMatchObject({ records: 0 })
  })

  test('a signal, and close, end it after the page in hand; the next run goes on', async () => {
    const folder = temporaryFolder()
    const stop = new AbortController()
    const first = open([Lead], folder).pipeline
    expect(
      await first.run(
        source(rows(50), 10, (at) => {
          if (at === 20) stop.abort()
        }),
        { signal: stop.signal },
      ),
    ).toMatchObject({ ended: 'stopped', cursor: 30 })
    const second = open([Lead], folder).pipeline
    let closed: Promise<void> | undefined
    const ended = second.run(
      source(rows(50), 10, (at) => {
        if (at === 30) closed = second.close()
      }),
    )
    const { ended: how, cursor } = await ended
    expect([how, cursor === 30 || cursor === 40]).toEqual(['stopped', true])
    await closed
    const last = await open([Lead], folder).pipeline.run(source(rows(50)))
    expect([last.stored, last.cursor]).toEqual([50 - (cursor as number), 50])
  })
})
