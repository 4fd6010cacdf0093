// The whole pipeline with SQL on Google Cloud: Datastore, Pub/Sub and BigQuery together, proven by verify,
// also under faults and rebuilds.
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y, type Pipeline } from 'dreampipe'
import { flaky } from 'dreampipe/testing'
import { persist } from '../faults/kit.ts'
import { closing, collect, day, Lead, source, until } from '../flow/kit.ts'
import { runsUsing, runToEnd } from '../processes.ts'
import { newProject, onEmulators, warehouses } from './kit.ts'

const newHosts = await warehouses('SQL on Google Cloud')

const Part = entity('Part', {
  properties: {
    id: y.string(),
    price: y.optional(y.decimal()),
    stock: y.optional(y.bigint()),
    tags: y.optional(y.list(y.string())),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
  updates: 'partial',
})

const zero = { pending: 0, missing: 0, surplus: 0, different: 0 }

const proven = async (pipeline: Pipeline<typeof Lead>, events: number): Promise<void> => {
  await until(async () => {
    const { views, queryEngine } = await pipeline.verify(Lead)
    return views.pending + queryEngine.pending === 0
  }, 60_000)
  expect(await pipeline.verify(Lead)).toMatchObject({
    views: { events, ...zero },
    queryEngine: { events, ...zero },
  })
}

describe.runIf(newHosts.found)('SQL', () => {
  test('settled means that both projections hold it; now, as of a time, whole and partial', async () => {
    const pipeline = closing(
      createPipeline([Lead, Part], { driver: onEmulators(await newHosts(), newProject()) }),
    )
    await pipeline.start()
    for (const [n, city] of [
      [1, 'Graz'],
      [3, 'Linz'],
      [2, 'late'],
    ] as const)
      await pipeline.submit(
        Lead.toUpdate({ id: 'a', at: day(n), city, tags: ['x', city], score: 9_007_199_254_740_991 }, source),
      )
    await pipeline.submit(
      Part.toUpdate(
        {
          id: 'p',
          at: day(1),
          price: '99999999999999999999999999999.000000001',
          stock: 9_223_372_036_854_775_807n,
        },
        source,
      ),
    )
    const last = await pipeline.submit(Part.toUpdate({ id: 'p', at: day(2), tags: ['new'] }, source))
    await pipeline.settled(last)
    await pipeline.settled()
    expect(await pipeline.sql('SELECT id, city, tags, score FROM Lead')).toEqual([
      { id: 'a', city: 'Linz', tags: ['x', 'Linz'], score: 9_007_199_254_740_991 },
    ])
    expect(await pipeline.sql('SELECT city FROM Lead_as_of($at)', { at: '2024-01-02T12:00:00Z' })).toEqual([
      { city: 'late' },
    ])
    expect(await pipeline.sql('SELECT price, stock, tags FROM Part', {}, { integers: 'bigint' })).toEqual([
      { price: '99999999999999999999999999999.000000001', stock: 9_223_372_036_854_775_807n, tags: ['new'] },
    ])
    expect(
      await pipeline.sql('SELECT count(*) AS n FROM Lead_events WHERE city = $city', { city: 'late' }),
    ).toEqual([{ n: 1 }])
    await proven(pipeline as never, 3)
  }, 120_000)

  test('rebuilds of both projections while events come, then verify all zero', async () => {
    const pipeline = closing(createPipeline([Lead], { driver: onEmulators(await newHosts(), newProject()) }))
    await pipeline.start()
    await pipeline.submitAll(
      Array.from({ length: 200 }, (_, i) =>
        Lead.toUpdate({ id: `${i % 40}`, at: day(1 + i), score: i }, source),
      ),
    )
    const submitting = (async () => {
      for (let i = 200; i < 300; i++)
        await pipeline.submit(Lead.toUpdate({ id: `${i % 40}`, at: day(1 + i), score: i }, source))
    })()
    expect((await pipeline.rebuild(Lead, { target: 'views' })).generation).toBe(2)
    expect((await pipeline.rebuild(Lead, { target: 'query-engine' })).generation).toBe(2)
    await submitting
    await pipeline.settled()
    await proven(pipeline, 300)
    expect(await pipeline.sql('SELECT count(*) AS n, max(score) AS score FROM Lead')).toEqual([
      { n: 40, score: 299 },
    ])
    expect((await pipeline.find(Lead, { limit: 100 })).items.length).toBe(40)
  }, 180_000)

  test('calls that fail before and after, deliveries that repeat, mix and gap: verify all zero', async () => {
    const hosts = await newHosts()
    const project = newProject()
    const driver = flaky(onEmulators(hosts, project, { sweepAfter: 200 }), {
      seed: 5,
      longest: 5,
      calls: { before: 0.1, after: 0.1, delay: 0.1 },
      deliveries: { duplicate: 0.4, reorder: 0.4, withhold: 0.4, redeliver: 0.3 },
    })
    const pipeline = closing(createPipeline([Lead], { driver, observe: () => undefined }))
    await persist(() => pipeline.start())
    await Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let i = 0; i < 25; i++)
          await persist(() =>
            pipeline.submit(
              Lead.toUpdate(
                { id: `${(writer * 25 + i) % 15}`, at: day(1 + writer * 25 + i), score: i },
                source,
              ),
            ),
          )
      }),
    )
    driver.calm()
    await pipeline.settled(undefined, { timeout: 60_000 })
    await proven(pipeline, 100)
    expect(Object.keys(driver.injected()).length).toBeGreaterThan(8)
  }, 180_000)

  test('roles apart: one process receives, another projects into SQL, a third asks', async () => {
    const [hosts, project] = [await newHosts(), newProject()]
    const [receiving, projecting, asking] = [0, 1, 2].map(() =>
      closing(createPipeline([Lead], { driver: onEmulators(hosts, project) })),
    ) as [Pipeline<typeof Lead>, Pipeline<typeof Lead>, Pipeline<typeof Lead>]
    await projecting.start({ roles: ['query-engine', 'views'] })
    await receiving.submitAll(
      Array.from({ length: 60 }, (_, i) => Lead.toUpdate({ id: `${i}`, at: day(1), score: i }, source)),
    )
    await receiving.settled()
    expect(await asking.sql('SELECT count(*) AS n FROM Lead')).toEqual([{ n: 60 }])
    expect(await asking.current(Lead, { id: '7' })).toMatchObject({ score: 7 })
    expect((await collect(asking.history(Lead, { id: '7' }))).length).toBe(1)
    await proven(asking, 60)
  }, 120_000)

  test.runIf(runsUsing('the example on the emulators'))(
    'the example of the README runs on the emulators as a user runs it',
    async () => {
      const hosts = await newHosts()
      const variables = {
        DATASTORE_EMULATOR_HOST: hosts.datastore,
        PUBSUB_EMULATOR_HOST: hosts.pubsub,
        BIGQUERY_EMULATOR_HOST: `${hosts.bigquery}/bigquery/v2`,
        METADATA_SERVER_DETECTION: 'none',
      }
      const { code, output, complaint } = await runToEnd(
        'examples/07-google-cloud.ts',
        [],
        undefined,
        variables,
      )
      expect([code, complaint]).toEqual([0, ''])
      for (const line of [
        'on Google Cloud (emulators)',
        'missing topic        dreampipe-ShopOrder',
        'missing dataset      example',
        "paid: [ 'a' ]",
        "[ { status: 'open', n: 1 }, { status: 'paid', n: 1 } ]",
        'verify: 0 0',
      ])
        expect(output).toContain(line)
    },
    90_000,
  )
})
