// The laws of producers: one that keeps them passes, and each way to break one is found.
import { describe, expect, test } from 'vitest'
import { createPipeline, producer, type Page, type Producer } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { testProducer } from 'dreampipe/testing'
import { day, Lead } from './kit.ts'

interface Row {
  readonly id: string
  readonly at: string
  readonly score: number
}
type Rows = Producer<typeof Lead, Row, number>

const rows: readonly Row[] = Array.from({ length: 30 }, (_, i) => ({
  id: `${i % 7}`,
  at: day(1 + i),
  score: i,
}))
const good: Rows = producer({
  name: 'rows',
  entity: Lead,
  cursor: t.number,
  start: 0,
  async *pages(from): AsyncGenerator<Page<Row, number>> {
    for (let at = from; at < rows.length; at += 8)
      yield { records: rows.slice(at, at + 8), cursor: Math.min(rows.length, at + 8) }
  },
  normalise: (row, to) => to.update({ id: row.id, at: row.at, score: row.score }),
})
const pipeline = () =>
  createPipeline([Lead], { driver: embedded({ folder: ':memory:' }), observe: () => undefined })

describe('a producer that keeps them', () => {
  testProducer({ test, producer: () => good, pipeline })
})

// Runs the laws on a producer and collects those that fail.
const broken = async (each: Rows | (() => Rows)): Promise<readonly string[]> => {
  const laws: { readonly name: string; readonly run: () => Promise<void> }[] = []
  testProducer({
    test: (name, run) => void laws.push({ name, run }),
    producer: () => (typeof each === 'function' ? each() : each),
    pipeline,
    kills: 12,
  })
  const failed: string[] = []
  for (const { name, run } of laws) await run().catch(() => void failed.push(name.split(/[:,]/)[0] as string))
  return failed
}

const { definition } = good

test('each way to break a law is found', async () => {
  // A cursor that runs ahead of its page: what was read after it is lost by a kill.
  const ahead = producer({
    ...definition,
    async *pages(from, context) {
      for await (const page of definition.pages(from, context)) yield { ...page, cursor: page.cursor + 1 }
    },
  })
  expect(await broken(ahead)).toContain('resumable')
  // A cursor that its codec does not bring back.
  const lossy = producer({
    ...definition,
    cursor: new t.Type<number>('lossy', t.number.is, t.number.validate, () => 0),
  })
  expect(await broken(lossy)).toContain('cursors')
  // A normalise that asks the clock makes another update of the same record each time.
  let clock = 0
  const impure = producer({
    ...definition,
    normalise: (row, to) => to.update({ id: row.id, at: row.at, score: clock++ }),
  })
  expect(await broken(impure)).toEqual(
    expect.arrayContaining(['normalise', 'replay', 'killed between any two steps']),
  )
  // One that shows nothing proves nothing.
  expect(
    await broken(
      producer({
        ...definition,
        async *pages() {
          if (rows.length === 0) yield { records: [], cursor: 0 }
        },
      }),
    ),
  ).toContain('resumable')
})
