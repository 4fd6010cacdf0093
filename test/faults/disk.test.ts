// A full disk: a typed error, nothing half-written, reads go on; once there is space again everything goes
// on, and verify is zero.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Receipt, Signal } from 'dreampipe'
import { day, Lead, open, source, temporaryFolder, until, type Rejection } from '../flow/kit.ts'
import { noUnhandled, prove, say } from './kit.ts'

// A small disk of its own, where this user may mount one; otherwise why not.
const mounted = (folder: string, megabytes: number): string | undefined => {
  try {
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
    onTestFinished(() => void execFileSync('umount', ['-l', folder]))
    return undefined
  } catch (thrown) {
    return String((thrown as { readonly message?: unknown }).message).split('\n')[0]
  }
}

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

const reasonNot = process.platform === 'linux' ? undefined : `there is no tmpfs on ${process.platform}`
const canMount = (folder: string, megabytes: number): boolean => {
  const reason = reasonNot ?? mounted(folder, megabytes)
  if (reason !== undefined)
    say(`the case of a full disk is left out, because no small disk can be mounted here: ${reason}`)
  return reason === undefined
}

const update = (i: number, text: string) =>
  Lead.toUpdate({ id: `${i % 20}`, score: i, email: `${i}@x`, tags: [text], at: day(1 + (i % 100)) }, source)

// Submits until one is refused: the receipts, the refusal, and how far it came.
const untilRefused = async (
  submit: (i: number) => Promise<Receipt>,
): Promise<{ readonly receipts: readonly Receipt[]; readonly error: Rejection; readonly next: number }> => {
  const receipts: Receipt[] = []
  for (let i = 0; i < 10_000; i++) {
    try {
      receipts.push(await submit(i))
    } catch (error) {
      return { receipts, error: error as Rejection, next: i }
    }
  }
  throw new Error('the disk never filled')
}

test('the whole folder on a full disk', async () => {
  const disk = join(temporaryFolder(), 'disk')
  if (!canMount(disk, 24)) return
  const unhandled = noUnhandled()
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(8 * 2 ** 20))
  const folder = join(disk, 'data')
  const { pipeline } = open([Lead], folder)
  await pipeline.start()
  const big = 'x'.repeat(20_000)
  const { receipts, error, next } = await untilRefused((i) => pipeline.submit(update(i, `${i}${big}`)))
  expect([error._tag, error.message]).toEqual(['Unavailable', expect.stringContaining('SQLite')])
  expect(receipts.length).toBeGreaterThan(20)
  // In company too: a commit is refused whole, or stored whole where what is left of the disk still holds it.
  const crowd = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) => pipeline.submit(update(next + i, `${i}${big}`))),
  )
  const refused = crowd.flatMap((each) => (each.status === 'rejected' ? [each.reason as Rejection] : []))
  expect(new Set(refused.map(({ _tag }) => _tag))).toEqual(new Set(['Unavailable']))
  const acknowledged = [
    ...receipts,
    ...crowd.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
  ]
  // What is stored can still be read, and nothing else is there.
  const history: string[] = []
  for await (const { eventId } of pipeline.history(Lead, { id: '3' })) history.push(eventId)
  expect(history).toEqual(
    acknowledged
      .map(({ eventId }) => eventId)
      .filter((id) => id.startsWith((receipts[3] as Receipt).entityId)),
  )

  rmSync(ballast)
  execFileSync('mount', ['-o', 'remount,size=200m', disk])
  const again = await Promise.all(
    Array.from({ length: 60 }, (_, i) => pipeline.submit(update(next + 200 + i, `${i}${big}`))),
  )
  expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['stored']))
  expect(await prove(pipeline, Lead)).toBe(acknowledged.length + 60)
  const stored = await pipeline.sql<{ id: string }>('SELECT _event_id AS id FROM Lead_events')
  expect(new Set(stored.map(({ id }) => id))).toEqual(
    new Set([...acknowledged, ...again].map(({ eventId }) => eventId)),
  )
  expect(await pipeline.deadLetters.list()).toEqual([])
  expect(unhandled).toEqual([])
}, 120_000)

test("only the query engine's disk is full: submits and views go on, its rows catch up", async () => {
  const parent = temporaryFolder()
  const disk = join(parent, 'disk')
  if (!canMount(disk, 12)) return
  const unhandled = noUnhandled()
  // SQLite writes beside the file that a link leads to; DuckDB stays on the small disk.
  writeFileSync(join(parent, 'events.sqlite'), '')
  symlinkSync(join(parent, 'events.sqlite'), join(disk, 'events.sqlite'))
  const { pipeline, signals } = open([Lead], disk)
  await pipeline.start()
  const failing = (signal: Signal): boolean =>
    signal._tag === 'retrying' && signal.subscription === 'query-engine' && signal.attempt >= 2
  let submitted = 0
  const submitSome = async (): Promise<void> => {
    const counts = await pipeline.submitAll(
      Array.from({ length: 200 }, (_, i) => update(submitted + i, `${Math.random()}`.repeat(200))),
    )
    submitted += counts.stored
  }
  await submitSome()
  await pipeline.settled()
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(Math.max(0, freeBytes(disk) - 200_000)))
  for (let i = 0; i < 30 && !signals.some(failing); i++) await submitSome()
  await until(() => signals.some(failing))
  const last = await pipeline.submit(update(submitted++, 'last'))
  await until(
    async () =>
      (await pipeline.current(Lead, { id: `${(submitted - 1) % 20}` }))?.score !== undefined &&
      (await pipeline.status()).subscriptions.some(({ name, lag }) => name === 'views' && lag.events === 0),
  )
  rmSync(ballast)
  execFileSync('mount', ['-o', 'remount,size=200m', disk])
  await pipeline.settled(last, { timeout: 60_000 })
  expect(await prove(pipeline, Lead)).toBe(submitted)
  expect(await pipeline.sql<{ n: number }>('SELECT count(*) AS n FROM Lead_events')).toEqual([
    { n: submitted },
  ])
  expect(await pipeline.deadLetters.list()).toEqual([])
  expect(signals.filter(({ _tag }) => _tag === 'parked')).toEqual([])
  expect(unhandled).toEqual([])
}, 120_000)
