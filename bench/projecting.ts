// How fast events reach both projections: end to end, rebuilt, and the lag of each.
import { floorAppend, floorRows, floorViews } from './floor.ts'
import { Bench, columnsOf } from './sample.ts'
import { report } from './report.ts'
import { all, count, inFolder, open, seconds, updates } from './measured.ts'

export const endToEnd = async (): Promise<void> =>
  inFolder(async (folder) => {
    const floor = await seconds(async () => {
      floorAppend(folder, all, 500)
      floorViews(folder, 1000)
      await floorRows(folder, 1000, columnsOf())
    })
    const pipeline = open(folder)
    await pipeline.start()
    const ours = await seconds(async () => {
      await pipeline.submitAll(updates)
      await pipeline.settled(undefined, { timeout: 600_000 })
    })
    report(
      'end to end, until both projections hold it',
      count / ours,
      'updates/s',
      count / floor,
      floor / ours,
      '≥ 0.5 × floor in sequence',
      floor / ours >= 0.5,
    )
    const views = await seconds(() => floorViews(folder, 1000))
    const rebuilt = await seconds(() => pipeline.rebuild(Bench, { target: 'views' }))
    report(
      'rebuild of views',
      count / rebuilt,
      'events/s',
      count / views,
      views / rebuilt,
      '≥ 0.4 × floor',
      views / rebuilt >= 0.4,
    )
    const proof = await pipeline.verify(Bench)
    const bad = [proof.views, proof.queryEngine].reduce(
      (sum, { pending, missing, surplus, different }) => sum + pending + missing + surplus + different,
      0,
    )
    report('verify: not zero', bad, 'findings', 0, 0, '0', bad === 0)
    await pipeline.close()
  })

export const latency = async (): Promise<void> =>
  inFolder(async (folder) => {
    const pipeline = open(folder)
    await pipeline.start()
    const lags: number[] = []
    const start = performance.now()
    const total = 2_500
    await Promise.all(
      Array.from({ length: total }, async (_, i) => {
        await new Promise((resolve) => {
          setTimeout(resolve, i * 2)
        })
        const receipt = await pipeline.submit(updates[i] as (typeof updates)[number])
        const stored = performance.now()
        for (;;) {
          const held = await pipeline.current(Bench, { id: (all[i] as { id: string }).id })
          if (held !== undefined && String(held['at']) >= receipt.occurredAt) break
          await new Promise((resolve) => {
            setImmediate(resolve)
          })
        }
        lags.push(performance.now() - stored)
      }),
    )
    lags.sort((a, b) => a - b)
    const p99 = lags[Math.floor(lags.length * 0.99)] as number
    report(
      `lag from receipt to view at ${Math.round(total / ((performance.now() - start) / 1000))}/s, p99`,
      p99,
      'ms',
      50,
      p99 / 50,
      '≤ 50 ms',
      p99 <= 50,
    )
    await pipeline.close()
  })
