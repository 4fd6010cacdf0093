// A read-only folder or file: a typed error that says so, what can go on goes on, and once it is writable the
// same pipeline works.
import { execFileSync } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { day, errorOf, Lead, open, source, temporaryFolder, until } from '../flow/kit.ts'
import { noUnhandled, prove, say } from './kit.ts'

const update = (n: number) => Lead.toUpdate({ id: `${n % 7}`, score: n, at: day(1 + n) }, source)

// Root ignores modes: for root the path becomes a read-only mount of itself. Answers what makes it writable
// again.
const readOnly = (path: string): (() => void) | undefined => {
  if (process.getuid?.() !== 0 && process.platform !== 'win32') {
    const { mode } = statSync(path)
    chmodSync(path, mode & ~0o222)
    const undo = (): void => chmodSync(path, mode)
    onTestFinished(undo)
    return undo
  }
  try {
    execFileSync('mount', ['--bind', path, path], { stdio: 'pipe' })
    let mounted = true
    const undo = (): void => {
      if (mounted) execFileSync('umount', ['-l', path])
      mounted = false
    }
    onTestFinished(undo)
    execFileSync('mount', ['-o', 'remount,ro,bind', path], { stdio: 'pipe' })
    return undo
  } catch (thrown) {
    say(
      `the case of a read-only path is left out, because this user ignores modes and may not mount: ` +
        `${String((thrown as { readonly message?: unknown }).message).split('\n')[0]}`,
    )
    return undefined
  }
}

const filled = async (folder: string): Promise<void> => {
  const { pipeline } = open([Lead], folder)
  await pipeline.start()
  await pipeline.submitAll(Array.from({ length: 50 }, (_, n) => update(n)))
  expect(await prove(pipeline, Lead)).toBe(50)
  await pipeline.close()
}

test('a read-only folder: every verb is Unavailable and names it, until it is writable', async () => {
  const unhandled = noUnhandled()
  const folder = temporaryFolder()
  await filled(folder)
  const undo = readOnly(folder)
  if (undo === undefined) return
  const { pipeline } = open([Lead], folder)
  // SQLite cannot even read a write-ahead log without writing its index, so reads are refused too.
  const all = await Promise.all(
    [
      pipeline.submit(update(50)),
      pipeline.submitAll([update(51), update(52)]),
      pipeline.start(),
      pipeline.current(Lead, { id: '1' }),
      pipeline.status(),
    ].map(errorOf),
  )
  for (const { _tag, retry, message } of all)
    expect([_tag, retry, message]).toEqual(['Unavailable', false, expect.stringContaining(folder)])
  const fresh = open([Lead], join(folder, 'new'))
  expect(await errorOf(fresh.pipeline.submit(update(0)))).toMatchObject({ _tag: 'Unavailable', retry: false })
  undo()
  expect((await pipeline.submit(update(50))).status).toBe('stored')
  await pipeline.start()
  expect(await prove(pipeline, Lead)).toBe(51)
  expect(unhandled).toEqual([])
})

test(
  "only the query engine's file is read-only: events and views go on, sql says why not, and its rows " +
    'catch up',
  async () => {
    const unhandled = noUnhandled()
    const folder = temporaryFolder()
    await filled(folder)
    const undo = readOnly(join(folder, 'query-engine.duckdb'))
    if (undo === undefined) return
    const { pipeline, signals } = open([Lead], folder)
    await pipeline.start()
    for (let n = 50; n < 60; n++) await pipeline.submit(update(n))
    await until(() =>
      signals.some((signal) => signal._tag === 'retrying' && signal.subscription === 'query-engine'),
    )
    await until(async () => (await pipeline.current(Lead, { id: `${59 % 7}` }))?.score === 59)
    const refused = await errorOf(pipeline.sql('SELECT 1 AS one'))
    expect([refused._tag, refused.message]).toEqual(['Unavailable', expect.stringMatching(/query engine/)])
    undo()
    expect(await prove(pipeline, Lead)).toBe(60)
    expect(await pipeline.deadLetters.list()).toEqual([])
    expect(unhandled).toEqual([])
  },
  60_000,
)
