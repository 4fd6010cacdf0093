// Producers: pages behind a cursor, quarantine, retries, budget, dry run, single flight, and kills between
// any two steps.
import { describe, expect, test } from 'vitest'
import {
  createPipeline,
  producer,
  type AnyEntity,
  type Driver,
  type Page,
  type PageContext,
  type RunReport,
} from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { E, t } from 'dreampipe/fp'
import { flaky } from 'dreampipe/testing'
import { closing, collect, day, Lead, open, temporaryFolder, until } from './kit.ts'

interface Row {
  readonly id: string
  readonly at: string
  readonly score: number | string
}

const rows = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${i % 10}`, at: day(1 + Math.floor(i / 10)), score: i }))

// A source of so many rows a page; the cursor counts the rows that are behind.
const source = (
  all: readonly Row[],
  size = 10,
  watch: (from: number, context: PageContext) => void | Promise<void> = () => undefined,
) =>
  producer({
    name: 'rows',
    entity: Lead,
    version: 2,
    cursor: t.number,
    start: 0,
    async *pages(from, context): AsyncGenerator<Page<Row, number>> {
      for (let at = from; at < all.length; at += size) {
        await watch(at, context)
        const records = all.slice(at, at + size)
        yield { records, cursor: at + records.length, expected: all.length }
      }
    },
    normalise: (row, to) => {
      if (row.score === 'throw') throw new Error('no such score')
      return to.update({ id: row.id, at: row.at, score: row.score as number })
    },
  })

const countsOf = ({ stored, duplicate, rejected, records, pages, ended, cursor }: RunReport) => ({
  stored,
  duplicate,
  rejected,
  records,
  pages,
  ended,
  cursor,
})

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

  test('a budget ends a run after the page in hand, and counts over a day', async () => {
    const { pipeline } = open([Lead])
    const leads = source(rows(100), 10, (_, { budget }) => void budget.spend(1))
    expect(await pipeline.run(leads, { budget: { run: 3 } })).toMatchObject({
      ended: 'budget',
      pages: 3,
      calls: 3,
      cursor: 30,
    })
    expect(await pipeline.run(leads, { budget: { run: 4, day: 5 } })).toMatchObject({
      ended: 'budget',
      pages: 2,
      calls: 2,
      cursor: 50,
    })
    expect(await pipeline.run(leads)).toMatchObject({ ended: 'done', cursor: 100 })
  })

  test('a dry run shows what it would send and how far it would get, and stores nothing', async () => {
    const { pipeline } = open([Lead])
    const all: Row[] = [...rows(30)]
    all[1] = { id: '1', at: 'never', score: 1 }
    const report = await pipeline.run(source(all), { dryRun: 12 })
    expect(report).toMatchObject({
      ended: 'dry run',
      pages: 2,
      records: 20,
      stored: 0,
      rejected: 1,
      cursor: 20,
    })
    expect([
      report.updates?.length,
      report.updates?.[0]?.update.yadto['id']?.value,
      report.updates?.[1]?.problems[0]?.path,
    ]).toEqual([12, '0', 'at'])
    expect((await pipeline.run(source(all))).records).toBe(30)
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

  test('one run at a time: here, and on another replica', async () => {
    const folder = temporaryFolder()
    const [one, two] = [open([Lead], folder).pipeline, open([Lead], folder).pipeline]
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const first = one.run(source(rows(20), 10, (at) => (at === 10 ? gate : undefined)))
    await until(async () => (await collect(one.history(Lead, { id: '1' }))).length > 0)
    await expect(one.run(source(rows(20)))).rejects.toMatchObject({ _tag: 'AlreadyRunning', retry: true })
    await expect(two.run(source(rows(20)))).rejects.toMatchObject({ _tag: 'AlreadyRunning' })
    release()
    expect(await first).toMatchObject({ stored: 20, ended: 'done' })
    expect(await two.run(source(rows(20)))).toMatchObject({ records: 0 })
  })

  test('a signal, and close, end it after the page in hand; the next run goes on', async () => {
    const folder = temporaryFolder()
    const stop = new AbortController()
    const first = open([Lead], folder).pipeline
    expect(
      await first.run(
        source(rows(50), 10, (at) => {
          if (at === 20) stop.abort()
        }),
        { signal: stop.signal },
      ),
    ).toMatchObject({ ended: 'stopped', cursor: 30 })
    const second = open([Lead], folder).pipeline
    let closed: Promise<void> | undefined
    const ended = second.run(
      source(rows(50), 10, (at) => {
        if (at === 30) closed = second.close()
      }),
    )
    const { ended: how, cursor } = await ended
    expect([how, cursor === 30 || cursor === 40]).toEqual(['stopped', true])
    await closed
    const last = await open([Lead], folder).pipeline.run(source(rows(50)))
    expect([last.stored, last.cursor]).toEqual([50 - (cursor as number), 50])
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
