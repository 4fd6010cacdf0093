// The embedded driver and its folder: what it opens, what it refuses, and what is there when it is opened
// again.
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { embedded } from '../../src/drivers/embedded/driver.ts'
import { isDreampipeError } from '../../src/model/errors.ts'
import { left, right } from '../../src/testing/check.ts'
import { candidate, idOf } from '../../src/testing/samples.ts'
import { append, historyOf, short } from '../../src/testing/steps.ts'
import { subscription } from '../../src/testing/consuming.ts'
import { count, fill } from '../../src/testing/querying.ts'
import { events, inFolder, openFolder } from './embedded-bench.ts'

const refuses = async (folder: string): Promise<Error & { readonly retry: boolean }> => {
  const error = await left(embedded({ folder }).open(), 'Unavailable')
  expect(isDreampipeError(error, 'Unavailable')).toBe(true)
  expect(error.message).toContain(folder)
  return error
}

test('opens a folder that is not there, at any depth', () =>
  inFolder(async (folder) => {
    const { eventStore, close } = await openFolder(join(folder, 'a', 'b'))
    await append(eventStore, [candidate({ id: 'a', at: 1 })])
    await close()
    expect(existsSync(join(folder, 'a', 'b', 'events.sqlite'))).toBe(true)
  }))

test('a path that is a file is Unavailable for good', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect((await refuses(file)).retry).toBe(false)
    expect((await refuses(join(file, 'below'))).retry).toBe(false)
  }))

test('a file that is no database is Unavailable for good, and is left as it is', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'events.sqlite'), "no database, but somebody's text. ".repeat(100))
    expect((await refuses(folder)).retry).toBe(false)
  }))

test('a folder of another layout is Unavailable for good, and is left as it is', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'events.sqlite')
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99; CREATE TABLE theirs (a)')
    db.close()
    expect([(await refuses(folder)).retry, (await refuses(folder)).message]).toEqual([
      false,
      expect.stringContaining('layout 99'),
    ])
    const again = new DatabaseSync(file)
    expect(again.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()).toEqual([
      { name: 'theirs' },
    ])
    again.close()
  }))

// Root may write anywhere: for a while this process is nobody.
const unprivileged = async (work: () => Promise<void>): Promise<void> => {
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.('nobody')
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test.skipIf(process.getuid === undefined)(
  'a read-only folder is Unavailable for good, with data and without',
  () =>
    inFolder(async (folder) => {
      for (const round of ['empty', 'with data']) {
        chmodSync(folder, 0o555)
        await unprivileged(async () => {
          expect([
            round,
            (await refuses(folder)).retry,
            (await refuses(join(folder, 'below'))).retry,
          ]).toEqual([round, false, false])
        })
        chmodSync(folder, 0o755)
        const { eventStore, close } = await openFolder(folder)
        await append(eventStore, [candidate({ id: 'a', at: 1 })])
        await close()
      }
    }),
)

test('everything is there when a folder is opened again', () =>
  inFolder(async (folder) => {
    const before = await openFolder(folder)
    await append(before.eventStore, [candidate({ id: 'a', at: 1 })])
    await right(before.topic.register(subscription('s', { from: 'now' })))
    await fill(before.queryEngine, events)
    await right(before.queryEngine.append('Lead', [], { before: undefined, after: '5' }))
    await before.close()
    const after = await openFolder(folder)
    expect(
      short(await append(after.eventStore, [candidate({ id: 'a', at: 1 }), candidate({ id: 'a', at: 2 })])),
    ).toEqual(['duplicate 1', 'stored 2'])
    expect(await right(after.topic.progress(subscription('s')))).toMatchObject({
      registered: true,
      behind: 1,
    })
    expect([await right(after.queryEngine.position('Lead')), await count(after.queryEngine, 'Lead')]).toEqual(
      ['5', 5],
    )
    await after.close()
  }))

test('in memory, every opening is apart and nothing is kept', async () => {
  const [one, two] = [await openFolder(':memory:'), await openFolder(':memory:')]
  await append(one.eventStore, [candidate({ id: 'a', at: 1 })])
  await fill(one.queryEngine, events)
  expect(await historyOf(two.eventStore, idOf('a'))).toEqual([])
  expect(await right(two.queryEngine.position('Lead'))).toBeUndefined()
  await left(two.queryEngine.query('SELECT * FROM Lead', {}, { integers: 'number' }), 'InvalidQuery')
  await one.close()
  await append(two.eventStore, [candidate({ id: 'b', at: 1 })])
  await two.close()
  expect(existsSync(':memory:')).toBe(false)
})
