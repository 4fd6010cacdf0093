// Quarantine: broken records are kept whole, replayed or dropped, and too many of them end the run.
import { describe, expect, test } from 'vitest'
import { producer } from 'dreampipe'
import { t } from 'dreampipe/fp'
import { collect, day, Lead, open } from './kit.ts'
import { countsOf, rows, source, type Row } from './rows.ts'

describe('run', () => {
  test(
    'a broken record goes to quarantine whole, the rest is stored; after a fix it is ' + 'replayed',
    async () => {
      const { pipeline } = open([Lead])
      const all: Row[] = [...rows(20)]
      all[3] = { id: '3', at: day(1), score: 'throw' }
      all[7] = { id: '7', at: 'yesterday', score: 1 }
      expect(countsOf(await pipeline.run(source(all)))).toMatchObject({
        stored: 18,
        rejected: 2,
        records: 20,
        cursor: 20,
      })
      const kept = await pipeline.quarantine.list(source(all))
      expect(kept.map(({ record }) => (JSON.parse(record) as Row).id).toSorted()).toEqual(['3', '7'])
      expect(kept.find(({ record }) => record.includes('throw'))).toMatchObject({
        producer: 'rows',
        entity: 'Lead',
        version: 2,
        cursor: '10',
        reason: 'normalise: no such score',
      })
      expect(kept.find(({ record }) => record.includes('yesterday'))?.problems).toMatchObject([
        { path: 'at', code: 'WrongType' },
      ])
      expect(await pipeline.quarantine.replay(source(all))).toMatchObject({ replayed: 0, failed: [{}, {}] })
      const mended = producer({
        ...source(all).definition,
        normalise: (row, to) =>
          to.update({
            id: row.id,
            at: row.at === 'yesterday' ? day(2) : row.at,
            score: row.score === 'throw' ? 0 : (row.score as number),
          }),
      })
      expect(await pipeline.quarantine.replay(mended)).toEqual({ replayed: 2, failed: [] })
      expect(await pipeline.quarantine.list(mended)).toEqual([])
      expect((await collect(pipeline.history(Lead, { id: '7' }))).length).toBe(2)
    },
  )

  test('a dropped record is gone, and one of them can be replayed alone', async () => {
    const { pipeline } = open([Lead])
    const bad = ['1', '2'].map((id): Row => ({ id, at: day(1), score: 'throw' }))
    await pipeline.run(source(bad), { tolerate: { records: 5 } })
    const [first, second] = await pipeline.quarantine.list(source(bad))
    expect([
      await pipeline.quarantine.drop(first as never),
      await pipeline.quarantine.drop(first as never),
    ]).toEqual([true, false])
    const mended = producer({
      ...source(bad).definition,
      normalise: (row, to) => to.update({ id: row.id, at: row.at }),
    })
    expect(await pipeline.quarantine.replay(mended, second)).toEqual({ replayed: 1, failed: [] })
  })

  test('too many broken records end the run, and its cursor stays before that page', async () => {
    const { pipeline } = open([Lead])
    const all: Row[] = rows(40).map((row, i) => (i >= 20 && i % 2 === 0 ? { ...row, score: 'throw' } : row))
    await expect(pipeline.run(source(all), { tolerate: { records: 4 } })).rejects.toMatchObject({
      _tag: 'TooManyRejected',
      quarantined: 5,
      records: 30,
      retry: false,
    })
    expect(countsOf(await pipeline.run(source(all), { tolerate: { records: 100 } }))).toMatchObject({
      stored: 5,
      duplicate: 5,
      rejected: 10,
      records: 20,
      cursor: 40,
    })
    expect((await pipeline.quarantine.list(source(all))).length).toBe(10)
    const share: Row[] = rows(200).map((row, i) => (i % 5 === 0 ? { ...row, score: 'throw' } : row))
    const { pipeline: other } = open([Lead])
    await expect(other.run(source(share, 100))).rejects.toMatchObject({
      _tag: 'TooManyRejected',
      quarantined: 20,
      records: 100,
    })
    await expect(other.run(source(share, 100), { tolerate: { share: 0.19 } })).rejects.toMatchObject({
      _tag: 'TooManyRejected',
      quarantined: 20,
      records: 100,
    })
    expect(countsOf(await other.run(source(share, 100), { tolerate: { share: 0.2 } }))).toMatchObject({
      stored: 80,
      duplicate: 80,
      rejected: 40,
      records: 200,
      ended: 'done',
    })
  })
})

test.each([
  ['nothing', undefined, 'normalise: answered with undefined: answer with to.update or to.delete'],
  [
    'a promise',
    Promise.resolve(),
    'normalise: answered with a promise, and it has nothing to wait for: answer with to.update or to.delete',
  ],
  ['a bare object', { id: '1' }, 'normalise: answered with object: answer with to.update or to.delete'],
  [
    "another entity's update",
    { entity: 'Other', yadto: {} },
    "normalise: answered with another entity's update: answer with to.update or to.delete",
  ],
])(
  'a record that normalise answers with %s goes to quarantine, the rest goes on',
  async (_, made, reason) => {
    const { pipeline } = open([Lead])
    const mistaken = producer({
      name: 'mistaken',
      entity: Lead,
      cursor: t.number,
      start: 0,
      async *pages(from) {
        yield { records: ['bad', 'good'], cursor: from + 1 }
      },
      normalise: (row, to) =>
        row === 'bad' ? (made as never) : to.update({ id: row, at: '2024-01-01T00:00:00Z' }),
    })
    expect(await pipeline.run(mistaken)).toMatchObject({ records: 2, stored: 1, rejected: 1, ended: 'done' })
    expect(await pipeline.quarantine.list(mistaken)).toMatchObject([
      { producer: 'mistaken', record: '"bad"', reason },
    ])
  },
)
