// What the benchmarks of the embedded pipeline share: updates, folders that go away, and seconds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { Bench, samples, updateOf } from './sample.ts'

export const inFolder = async <A>(work: (folder: string) => Promise<A> | A): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const seconds = async (work: () => Promise<unknown> | unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

export const open = (folder: string) => createPipeline([Bench], { driver: embedded({ folder }) })
export const count = 60_000
const entities = 20_000
export const all = samples(count, entities)
export const updates = all.map(updateOf)
