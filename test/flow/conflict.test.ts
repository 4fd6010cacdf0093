// One entity whose definition contradicts the stored one takes nothing away from the others.
import { expect, onTestFinished, test } from 'vitest'
import { createPipeline, entity, y, type Signal } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { day, errorOf, source, temporaryFolder } from './kit.ts'

const keys = { identifier: ['id'], timestamp: 'at' } as const
const Before = entity('Changing', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  ...keys,
})
const After = entity('Changing', { properties: { id: y.string(), n: y.string(), at: y.dateTime() }, ...keys })
const Other = entity('Other', { properties: { id: y.string(), at: y.dateTime() }, ...keys })

const stored = async (): Promise<string> => {
  const folder = temporaryFolder()
  const pipeline = createPipeline([Before, Other], { driver: embedded({ folder }) })
  await pipeline.start()
  await pipeline.submit(Before.toUpdate({ id: '1', n: 1, at: day(1) }, source))
  await pipeline.settled()
  await pipeline.close()
  return folder
}

test(
  'the pipeline starts and tells; other entities have all their verbs, this one says what is ' + 'wrong',
  async () => {
    const signals: Signal[] = []
    const pipeline = createPipeline([After, Other], {
      driver: embedded({ folder: await stored() }),
      observe: (signal) => void signals.push(signal),
    })
    onTestFinished(() => pipeline.close())
    await pipeline.start()
    await pipeline.submit(Other.toUpdate({ id: '1', at: day(1) }, source))
    await pipeline.settled(undefined, { timeout: 10_000 })
    expect(await pipeline.current(Other, { id: '1' })).toMatchObject({ id: '1' })
    expect(await pipeline.sql('SELECT count(*) AS n FROM Other')).toEqual([{ n: 1 }])
    expect(await pipeline.verify(Other)).toMatchObject({ views: { missing: 0 }, queryEngine: { missing: 0 } })
    expect(signals).toMatchObject(
      (['query-engine', 'views'] as const).map((projection) => ({
        _tag: 'conflict',
        entity: 'Changing',
        projection,
        error: { _tag: 'SchemaConflict', problems: [{ path: 'n' }] },
      })),
    )
    for (const call of [
      () => pipeline.submit(After.toUpdate({ id: '2', n: 'x', at: day(1) }, source)),
      () => pipeline.current(After, { id: '1' }),
      () => pipeline.find(After),
    ])
      expect((await errorOf(call()))._tag).toBe('SchemaConflict')
  },
)

test('where every entity contradicts, start says so', async () => {
  const pipeline = createPipeline([After], {
    driver: embedded({ folder: await stored() }),
    observe: () => undefined,
  })
  onTestFinished(() => pipeline.close())
  expect((await errorOf(pipeline.start()))._tag).toBe('SchemaConflict')
})
