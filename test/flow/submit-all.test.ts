// submitAll: counts, progress, back-pressure, and every way a stream can end.
import { expect, test } from 'vitest'
import type { Counts } from 'dreampipe'
import { day, errorOf, Lead, open, source } from './kit.ts'

const update = (i: number) => Lead.toUpdate({ id: `${i % 50}`, score: i, at: day(1) }, source)

test('counts by receipt, rejections with their place, progress up to the end', async () => {
  const { pipeline } = open([Lead])
  const rejected: number[] = []
  const progress: Counts[] = []
  const updates = Array.from({ length: 3000 }, (_, i) =>
    i % 1000 === 7 ? { entity: 'Lead' as const, yadto: { id: i } } : i >= 2500 ? update(i - 2500) : update(i),
  )
  const counts = await pipeline.submitAll(updates, {
    onRejected: (error, index) => {
      expect(error._tag).toBe('InvalidUpdate')
      rejected.push(index)
    },
    onProgress: (each) => progress.push(each),
  })
  expect([counts, rejected]).toEqual([
    { stored: 2498, duplicate: 499, outdated: 0, rejected: 3 },
    [7, 1007, 2007],
  ])
  expect(progress[progress.length - 1]).toEqual(counts)
})

test('back-pressure: the source is read no further than the updates in flight allow', async () => {
  const { pipeline } = open([Lead])
  let read = 0
  let most = 0
  let done = 0
  const source = async function* () {
    for (; read < 20_000; read++) {
      most = Math.max(most, read - done)
      yield update(read)
    }
  }
  await pipeline.submitAll(source(), {
    onProgress: ({ stored, duplicate }) => {
      done = stored + duplicate
    },
  })
  expect(done).toBe(20_000)
  let unread = 0
  const slow = open([Lead]).pipeline
  const first = slow.submitAll(
    (function* () {
      for (; ; unread++) {
        if (unread === 5000) return
        yield update(unread)
      }
    })(),
  )
  expect(unread).toBeLessThanOrEqual(2000)
  expect((await first).stored).toBe(5000)
})

test(
  'an abort ends the stream early: what was read is stored, the counts so far are the ' + 'answer',
  async () => {
    const { pipeline } = open([Lead])
    const abort = new AbortController()
    const counts = await pipeline.submitAll(
      (function* () {
        for (let i = 0; i < 10_000; i++) {
          if (i === 3000) abort.abort()
          yield update(i)
        }
      })(),
      { signal: abort.signal },
    )
    expect(counts).toEqual({ stored: 3000, duplicate: 0, outdated: 0, rejected: 0 })
  },
)

test('a source or a callback that throws ends it with SourceFailed; what came before is stored', async () => {
  const { pipeline } = open([Lead])
  const broken = async function* () {
    for (let i = 0; i < 100; i++) yield update(i)
    throw new Error('connection lost')
  }
  expect(await errorOf(pipeline.submitAll(broken()))).toMatchObject({
    _tag: 'SourceFailed',
    message: 'submitAll: reading the updates failed: connection lost',
    retry: false,
  })
  expect(await pipeline.submitAll(Array.from({ length: 100 }, (_, i) => update(i)))).toMatchObject({
    duplicate: 100,
  })
  expect(
    (
      await errorOf(
        pipeline.submitAll([{ entity: 'Lead', yadto: 1 }], {
          onRejected: () => {
            throw new Error('callback')
          },
        }),
      )
    )._tag,
  ).toBe('SourceFailed')
  expect(
    (
      await errorOf(
        pipeline.submitAll([update(1)], {
          onProgress: () => {
            throw new Error('callback')
          },
        }),
      )
    )._tag,
  ).toBe('SourceFailed')
})

test('closing in the middle ends the stream with Closed', async () => {
  const { pipeline } = open([Lead])
  const endless = async function* () {
    for (let i = 0; ; i++) {
      if (i === 500) void pipeline.close()
      yield update(i)
    }
  }
  expect((await errorOf(pipeline.submitAll(endless())))._tag).toBe('Closed')
})
