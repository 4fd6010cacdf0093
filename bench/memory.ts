// A million updates through the pipeline with both projections on: prints resident memory at its peak and its
// growth, as JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { Bench, generator, updateOf } from './sample.ts'

const total = Number(process.argv[2] ?? 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'dreampipe-memory-'))
const pipeline = createPipeline([Bench], { driver: embedded({ folder }) })
await pipeline.start()

const random = generator(11)
const updates = function* () {
  for (let i = 0; i < total; i++) {
    const text = (value: string) => ({ propertyType: 'String', value }) as const
    yield updateOf({
      id: '',
      at: '',
      yadto: {
        id: text(`id-${Math.floor((random() * total) / 5)}`),
        at: { propertyType: 'DateTime', value: new Date(Date.UTC(2020, 0, 1) + i * 1000).toISOString() },
        name: text(`name ${i}`),
        city: text(`city ${i % 50}`),
        note: text(`a note about ${Math.floor(random() * 1e9)}`),
      },
    })
  }
}

const readings: number[] = []
const timer = setInterval(() => readings.push(process.memoryUsage.rss() / 1e6), 250)
await pipeline.submitAll(updates())
await pipeline.settled(undefined, { timeout: 3_600_000 })
clearInterval(timer)
await pipeline.close()
rmSync(folder, { recursive: true, force: true })
const mean = (part: readonly number[]): number =>
  part.reduce((sum, n) => sum + n, 0) / Math.max(1, part.length)
const quarter = Math.floor(readings.length / 4)
console.log(
  JSON.stringify({
    peak: Math.round(Math.max(...readings)),
    growth:
      Math.round(
        (mean(readings.slice(-quarter)) / mean(readings.slice(2 * quarter, 3 * quarter)) - 1) * 1000,
      ) / 10,
    seconds: readings.length / 4,
  }),
)
