// Producers: pages behind a cursor, retries, and kills between any two steps.
import { describe, expect, test } from 'vitest'
import { createPipeline, producer, type AnyEntity, type Driver } from 'dreampipe'
import { E, t } from 'dreampipe/fp'
import { embedded } from 'dreampipe/embedded'
import { flaky } from 'dreampipe/testing'
import { closing, collect, day, Lead, open, temporaryFolder } from './kit.ts'
import { countsOf, rows, source } from './rows.ts'

describe('run', () => {
  test('pulls pages, stores them, saves the cursor behind each, and goes on there', async () => {
    const { pipeline, signals } = open([Lead])
    const all = [...rows(35)]
    const from: number[] = []
    const leads = source(all, 10, (at) => void from.push(at))
    expect(countsOf(await pipeline.run(leads))).toEqual({
      stored: 35,
      duplicate: 0,
      rejected: 0,
      records: 35,
      pages: 4,
      ended: 'done',
      cursor: 35,
    })
    expect(countsOf(await pipeline.run(leads))).toEqual({
      stored: 0,
      duplicate: 0,
      rejected: 0,
      records: 0,
      pages: 0,
      ended: 'done',
      cursor: 35,
    })
    all.push({ id: 'new', at: day(1), score: 1 })
    expect(countsOf(await pipeline.run(leads))).toMatchObject({ stored: 1, records: 1, cursor: 36 })
    expect(from).toEqual([0, 10, 20, 30, 35])
    const [event] = await collect(pipeline.history(Lead, { id: 'new' }))
    expect([event?.source, event?.version]).toEqual(['rows', '2'])
    expect(
      signals
        .filter(({ _tag }) => _tag === 'ran')
        .map((signal) => signal._tag === 'ran' && signal.report?.stored),
    ).toEqual([35, 0, 1])
  })

  test("both faces do the same, and a producer of another pipeline's entity is refused", async () => {
    const { pipeline } = open([Lead])
    const lazy = pipeline.fp.run(source(rows(5)))
    expect((await pipeline.find(Lead)).items).toEqual([])
    expect(await lazy()).toMatchObject({ _tag: 'Right', right: { stored: 5 } })
    const { pipeline: other } = open([] as readonly AnyEntity[] as never)
    await expect(other.run(source(rows(1)) as never)).rejects.toMatchObject({ _tag: 'UnknownEntity' })
  })

  test(
    'a source that fails is tried again behind the last cursor; one that says it is no use is ' + 'not',
    async () => {
      const { pipeline, signals } = open([Lead])
      let failures = 0
      const leads = source(rows(30), 10, (at) => {
        if (at === 10 && failures++ < 2) throw new Error('reset by peer')
      })
      expect(countsOf(await pipeline.run(leads))).toMatchObject({ stored: 30, duplicate: 0, pages: 3 })
      expect(signals.filter(({ _tag }) => _tag === 'producer').length).toBe(2)
      const { pipeline: other } = open([Lead])
      let calls = 0
      const hopeless = source(rows(30), 10, (at) => {
        calls++
        if (at === 10) throw Object.assign(new Error('bad login'), { retry: false })
      })
      await expect(other.run(hopeless)).rejects.toMatchObject({ _tag: 'SourceFailed', retry: false })
      expect(calls).toBe(2)
      expect((await other.run(source(rows(30)))).records).toBe(20)
    },
  )

  test('a cursor that its codec refuses ends the run before anything is read', async () => {
    const { pipeline } = open([Lead])
    await pipeline.run(source(rows(5)))
    let asked = false
    const other = producer({
      ...source(rows(5)).definition,
      cursor: t.string as never,
      start: '' as never,
      pages: async function* () {
        asked = true
        yield { records: [], cursor: 0 }
      } as never,
    })
    await expect(pipeline.run(other)).rejects.toMatchObject({ _tag: 'SourceFailed' })
    expect(asked).toBe(false)
  })

  test('progress tells how far it is', async () => {
    const { pipeline } = open([Lead])
    const told: number[] = []
    await pipeline.run(source(rows(30)), {
      onProgress: ({ records, left }) => {
        told.push(records)
        expect(left).toBeGreaterThanOrEqual(0)
      },
    })
    expect(told).toEqual([10, 20, 30])
  })

  test('entities that are there now are told to a source that has to compare', async () => {
    const { pipeline } = open([Lead])
    await pipeline.run(source(rows(20)))
    await pipeline.submit(Lead.toDelete({ id: '4', at: day(9) }, { source: 'test' }))
    const live: string[] = []
    const looking = producer({
      ...source([]).definition,
      name: 'looking',
      pages: async function* (_, { live: pages }) {
        for await (const page of pages()) live.push(...page.map(({ id }) => id as string))
        yield { records: [], cursor: 0 }
      },
    })
    await pipeline.run(looking)
    expect(live.toSorted()).toEqual(['0', '1', '2', '3', '5', '6', '7', '8', '9'])
  })
})

describe('faults', () => {
  test('stores and checkpoints that fail before and after: nothing is lost, nothing doubled', async () => {
    for (const seed of [1, 2, 3]) {
      const driver: Driver = flaky(embedded({ folder: temporaryFolder() }), {
        seed,
        longest: 2,
        calls: { before: 0.15, after: 0.15, delay: 0.05 },
      })
      const pipeline = closing(createPipeline([Lead], { driver, observe: () => undefined }))
      for (let tries = 0; ; tries++) {
        const done = await pipeline.fp.run(source(rows(120), 7), { tries: 8 })()
        if (E.isRight(done) && done.right.ended === 'done' && done.right.cursor === 120) break
        expect(tries).toBeLessThan(20)
      }
      let events = 0
      for (let id = 0; id < 10; id++)
        events += (await collect(pipeline.history(Lead, { id: `${id}` }))).length
      expect(events).toBe(120)
    }
  })

  test('a run that is ended at any step leaves nothing out', async () => {
    for (let step = 0; step < 14; step++) {
      const folder = temporaryFolder()
      const first = open([Lead], folder).pipeline
      let steps = 0
      const dying = source(rows(40), 8, () => {
        if (steps++ === step) throw Object.assign(new Error('killed'), { retry: false })
      })
      const broken = producer({
        ...dying.definition,
        normalise: (row, to) => {
          if (steps++ === step) throw new Error('killed')
          return dying.definition.normalise(row, to)
        },
      })
      await first.fp.run(step % 2 === 0 ? dying : broken)()
      await first.close()
      const second = open([Lead], folder).pipeline
      await second.run(source(rows(40), 8))
      await second.quarantine.replay(source(rows(40), 8))
      let events = 0
      for (let id = 0; id < 10; id++) events += (await collect(second.history(Lead, { id: `${id}` }))).length
      expect([step, events]).toEqual([step, 40])
    }
  })
})
