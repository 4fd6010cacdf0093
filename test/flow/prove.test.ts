// verify and rebuild: a pipeline shows that it lost nothing, finds what was damaged, mends it, and changes
// its views while it serves.
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entity, y, type Pipeline, type Proof, type Rebuilt, type RebuildProgress } from 'dreampipe'
import { day, errorOf, Lead, open, source, temporaryFolder, until } from './kit.ts'

const sound = (proof: Proof) =>
  [proof.views, proof.queryEngine].map(({ pending, missing, surplus, different }) => ({
    pending,
    missing,
    surplus,
    different,
  }))
const zero = { pending: 0, missing: 0, surplus: 0, different: 0 }

const seed = async (pipeline: Pipeline<typeof Lead>, entities = 30, events = 300) => {
  await pipeline.start()
  await pipeline.submitAll(
    Array.from({ length: events }, (_, i) =>
      i % 17 === 3
        ? Lead.toDelete({ id: `${i % entities}`, at: day(1 + ((i * 7) % 20)) }, source)
        : Lead.toUpdate(
            { id: `${i % entities}`, email: `${i}@x`, score: i, tags: [`${i}`], at: day(1 + ((i * 7) % 20)) },
            source,
          ),
    ),
  )
  await pipeline.settled()
}

describe('verify', () => {
  test('an undisturbed pipeline is all zero', async () => {
    const { pipeline } = open([Lead])
    await seed(pipeline)
    const proof = await pipeline.verify(Lead)
    expect(sound(proof)).toEqual([zero, zero])
    expect([proof.views.events, proof.queryEngine.events]).toEqual([300, 300])
  })

  test('what is missing, surplus or different is found, named, and mended', async () => {
    const folder = temporaryFolder()
    const { pipeline } = open([Lead], folder)
    await seed(pipeline)
    const damage = new DatabaseSync(join(folder, 'events.sqlite'))
    const [gone, changed, old] = damage
      .prepare('SELECT hex(entity_id) AS id FROM view_Lead_1 WHERE deleted = 0 ORDER BY entity_id LIMIT 3')
      .all()
      .map(({ id }) => id as string)
    damage.exec(`DELETE FROM view_Lead_1 WHERE hex(entity_id) = '${gone}'`)
    damage.exec(
      `UPDATE view_Lead_1 SET content = replace(content, '@x', '@y') WHERE hex(entity_id) = '${changed}'`,
    )
    damage.exec(`UPDATE view_Lead_1 SET sequence = sequence + 5 WHERE hex(entity_id) = '${old}'`)
    damage.exec(
      "INSERT INTO view_Lead_1 SELECT x'00000000000000000000000000000000', 1, 0, fold, content FROM " +
        'view_Lead_1 LIMIT 1',
    )
    // A log that lost a stretch of events as a projection sees it: its rows are taken out of the replica
    // through its own connection.
    damage.close()
    const found = await pipeline.verify(Lead)
    expect({ ...sound(found)[0], kinds: found.views.findings.map(({ kind }) => kind).sort() }).toEqual({
      pending: 0,
      missing: 10,
      surplus: 2,
      different: 1,
      kinds: ['different', 'missing', 'surplus', 'surplus'],
    })
    const mended = await pipeline.verify(Lead, { repair: true })
    expect(mended.views.repaired).toBeGreaterThanOrEqual(3)
    await pipeline.rebuild(Lead, { target: 'views' })
    expect(sound(await pipeline.verify(Lead))).toEqual([zero, zero])
  })

  test('a parked entity counts as missing, with its reason; what lags is pending', async () => {
    let broken = true
    const Sum = entity('Sum', {
      properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
      view: {
        calculated: { twice: y.integer() },
        calculate: (state) => {
          if (broken && state.n === 13) throw new Error('unlucky')
          return { twice: state.n * 2 }
        },
      },
    })
    const { pipeline } = open([Sum])
    await pipeline.start()
    for (const [id, n] of [
      ['a', 13],
      ['b', 2],
    ] as const)
      await pipeline.submit(Sum.toUpdate({ id, n, at: day(1) }, source))
    await pipeline.settled()
    await until(async () => (await pipeline.deadLetters.list(Sum)).length === 1)
    const proof = await pipeline.verify(Sum)
    expect(sound(proof)).toEqual([{ ...zero, missing: 1 }, zero])
    expect(proof.views.findings).toMatchObject([
      { kind: 'missing', sequence: 1, reason: 'calculate: unlucky' },
    ])
    broken = false
    await pipeline.rebuild(Sum, { target: 'views' })
    await until(async () => (await pipeline.deadLetters.list(Sum)).length === 0)
    expect(await pipeline.current(Sum, { id: 'a' })).toMatchObject({ twice: 26 })
    await until(async () => (await pipeline.status()).subscriptions.every(({ deferred }) => deferred === 0))
    expect(sound(await pipeline.verify(Sum))).toEqual([zero, zero])
  })

  test('where nobody projects, it says so', async () => {
    const { pipeline } = open([Lead])
    await pipeline.submit(Lead.toUpdate({ id: '1', at: day(1) }, source))
    expect((await errorOf(pipeline.verify(Lead)))._tag).toBe('NotStarted')
    expect((await errorOf(pipeline.rebuild(Lead, { target: 'query-engine' })))._tag).toBe('NotStarted')
  })
})

describe('rebuild', () => {
  test(
    'a changed calculation reaches every document, with progress; the next generation ' + 'serves',
    async () => {
      const folder = temporaryFolder()
      const first = open([Lead], folder)
      await seed(first.pipeline)
      await first.pipeline.close()
      const Changed = entity('Lead', {
        properties:
          Lead.definition.properties === undefined
            ? ({} as never)
            : {
                id: y.string(),
                email: y.optional(y.string()),
                city: y.optional(y.string()),
                score: y.optional(y.integer()),
                tags: y.optional(y.list(y.string())),
                at: y.dateTime(),
              },
        identifier: ['id'],
        timestamp: 'at',
        deduplication: { by: 'history', ignore: ['city'] },
        view: {
          properties: ['id', 'score'],
          index: ['large'],
          calculated: { large: y.boolean() },
          calculate: (state) => ({ large: (state.score ?? 0) >= 290 }),
        },
      })
      const { pipeline } = open([Changed], folder)
      await pipeline.start()
      const progress: RebuildProgress[] = []
      const rebuilt: Rebuilt = await pipeline.rebuild(Changed, {
        target: 'views',
        onProgress: (each) => progress.push(each),
      })
      expect(rebuilt).toMatchObject({ generation: 2, events: 300, entities: 30, failed: [] })
      expect(progress[progress.length - 1]).toMatchObject({ events: 300 })
      const { items } = await pipeline.find(Changed, { where: { large: true }, limit: 100 })
      expect(items.length).toBeGreaterThan(0)
      expect(items.every(({ score }) => (score ?? 0) >= 290)).toBe(true)
      expect(sound(await pipeline.verify(Changed))).toEqual([zero, zero])
      expect(await pipeline.rebuild(Changed, { target: 'views' })).toMatchObject({
        generation: 3,
        events: 300,
      })
      await pipeline.settled(
        await pipeline.submit(Changed.toUpdate({ id: '0', score: 1000, at: day(30) }, source)),
      )
      expect(await pipeline.current(Changed, { id: '0' })).toEqual({ id: '0', score: 1000, large: true })
      expect(sound(await pipeline.verify(Changed))).toEqual([zero, zero])
    },
  )

  test('the query engine anew: the same answers from the next generation', async () => {
    const { pipeline } = open([Lead])
    await seed(pipeline)
    const ask = () => pipeline.sql('SELECT id, email, score, tags, _sequence FROM Lead ORDER BY id')
    const before = await ask()
    expect(await pipeline.rebuild(Lead, { target: 'query-engine' })).toMatchObject({
      generation: 2,
      events: 300,
      entities: 30,
    })
    expect(await ask()).toEqual(before)
    await pipeline.settled(await pipeline.submit(Lead.toUpdate({ id: 'new', at: day(1) }, source)))
    expect(await ask()).toHaveLength(before.length + 1)
    expect(await pipeline.rebuild(Lead, { target: 'query-engine' })).toMatchObject({
      generation: 3,
      events: 301,
    })
    expect(sound(await pipeline.verify(Lead))).toEqual([zero, zero])
  })

  test('while events arrive from many submitters, continuous rebuilds miss nothing', async () => {
    const { pipeline } = open([Lead], temporaryFolder())
    await pipeline.start()
    let writing = true
    let rebuilds = 0
    const rebuilding = (async () => {
      while (writing) {
        await pipeline.rebuild(Lead, { target: rebuilds % 2 === 0 ? 'views' : 'query-engine' })
        rebuilds++
      }
    })()
    await Promise.all(
      Array.from({ length: 32 }, async (_, w) => {
        for (let i = 0; i < 120; i++)
          await pipeline.submit(
            Lead.toUpdate(
              { id: `${(w * 31 + i) % 200}`, score: w * 1000 + i, at: day(1 + (i % 25)) },
              source,
            ),
          )
      }),
    )
    writing = false
    await rebuilding
    expect(rebuilds).toBeGreaterThan(1)
    await pipeline.settled()
    const proof = await pipeline.verify(Lead)
    expect([proof.views.events, ...sound(proof)]).toEqual([32 * 120, zero, zero])
  }, 60_000)
})
