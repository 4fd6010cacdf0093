// A folder that the embedded driver makes, and what it puts there, is its owner's alone.
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { day, Lead, open, source, temporaryFolder } from '../flow/kit.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777

test.skipIf(process.platform === 'win32')(
  'a new folder has the mode 0700, the store and its log 0600',
  async () => {
    const folder = join(temporaryFolder(), 'data')
    const { pipeline } = open([Lead], folder)
    await pipeline.submit(Lead.toUpdate({ id: '1', at: day(1) }, source))
    expect(modeOf(folder)).toBe(0o700)
    const files = readdirSync(folder).filter((name) => name.startsWith('events.sqlite'))
    expect(files.length).toBeGreaterThan(1)
    expect(files.map((name) => [name, modeOf(join(folder, name))])).toEqual(
      files.map((name) => [name, 0o600]),
    )
  },
)

test.skipIf(process.platform === 'win32')('a folder that is there keeps its mode', async () => {
  const folder = join(temporaryFolder(), 'shared')
  mkdirSync(folder, { mode: 0o755 })
  const { pipeline } = open([Lead], folder)
  await pipeline.submit(Lead.toUpdate({ id: '1', at: day(1) }, source))
  expect(modeOf(folder)).toBe(0o755)
  expect(modeOf(join(folder, 'events.sqlite'))).toBe(0o600)
})
