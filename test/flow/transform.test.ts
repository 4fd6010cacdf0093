// Transformers: enrichment before storing, with point-in-time reads; failures retried or refused; duplicates
// told apart by what came in.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { TE } from 'dreampipe/fp'
import { collect, day, errorOf, open, source } from './kit.ts'

const Zip = entity('Zip', {
  properties: { code: y.string(), region: y.string(), at: y.dateTime() },
  identifier: ['code'],
  timestamp: 'at',
})
const permanent = Object.assign(new Error('no such country'), { retry: false })

const define = (
  calls: { count: number },
  by: 'history' | 'latest' = 'history',
  extra: (zip: string | null | undefined, context: { id: string }) => void = () => undefined,
) =>
  entity('Lead', {
    properties: {
      id: y.string(),
      zip: y.optional(y.string()),
      region: y.enriched(y.string()),
      shout: y.enriched(y.string()),
      at: y.dateTime(),
    },
    identifier: ['id'],
    timestamp: 'at',
    deduplication: { by },
    transform: [
      async (lead, context) => {
        calls.count++
        extra(lead.zip, lead)
        return {
          region:
            lead.zip == null ? null : ((await context.asOf(Zip, { code: lead.zip }))?.region ?? 'unknown'),
        }
      },
      (lead) => TE.right({ shout: `${'region' in lead ? String(lead.region) : ''}!` }),
    ],
    view: { index: ['region'] },
  })

test(
  'an event carries the point-in-time picture it was made in; a duplicate runs no ' + 'transformer',
  async () => {
    const calls = { count: 0 }
    const Lead = define(calls)
    const { pipeline } = open([Zip, Lead])
    await pipeline.start()
    for (const [region, n] of [
      ['North', 1],
      ['South', 10],
    ] as const)
      await pipeline.submit(Zip.toUpdate({ code: '1', region, at: day(n) }, source))
    for (const n of [5, 15]) await pipeline.submit(Lead.toUpdate({ id: 'a', zip: '1', at: day(n) }, source))
    const again = await pipeline.submit(Lead.toUpdate({ id: 'a', zip: '1', at: day(5) }, source))
    expect([again.status, again.sequence, calls.count]).toEqual(['duplicate', 1, 2])
    await pipeline.settled()
    expect(await pipeline.current(Lead, { id: 'a' })).toMatchObject({ region: 'South', shout: 'South!' })
    expect(await pipeline.asOf(Lead, { id: 'a' }, day(6))).toMatchObject({ region: 'North', shout: 'North!' })
    expect((await pipeline.find(Lead, { where: { region: 'South' } })).items).toHaveLength(1)
    expect(await pipeline.sql('SELECT region, shout FROM Lead')).toEqual([
      { region: 'South', shout: 'South!' },
    ])
    await pipeline.submit(Lead.toDelete({ id: 'a', at: day(20) }, source))
    expect(calls.count).toBe(2)
  },
)

test('in latest mode too: what is stored now is compared by what came in', async () => {
  const calls = { count: 0 }
  const Lead = define(calls, 'latest')
  const { pipeline } = open([Zip, Lead])
  const send = async (zip: string, n: number) =>
    (await pipeline.submit(Lead.toUpdate({ id: 'a', zip, at: day(n) }, source))).status
  expect([
    await send('1', 1),
    await send('1', 2),
    await send('2', 3),
    await send('1', 2),
    await send('1', 4),
  ]).toEqual(['stored', 'duplicate', 'stored', 'outdated', 'stored'])
  expect(calls.count).toBe(3)
  const together = await Promise.all([send('2', 5), send('2', 6), send('3', 7), send('3', 8), send('2', 9)])
  expect(together).toEqual(['stored', 'duplicate', 'stored', 'duplicate', 'stored'])
})

test(
  'a failure that may pass is tried again; one that will not rejects, and harms no ' + 'neighbour',
  async () => {
    const calls = { count: 0 }
    let flaky = 2
    const Lead = define(calls, 'history', (zip) => {
      if (zip === 'flaky' && flaky-- > 0) throw new Error('service away')
      if (zip === 'bad') throw permanent
    })
    const { pipeline } = open([Zip, Lead])
    const of = (id: string, zip: string) => Lead.toUpdate({ id, zip, at: day(1) }, source)
    const results = await Promise.allSettled(
      [of('1', 'flaky'), of('2', 'bad'), of('3', '9')].map((update) => pipeline.submit(update)),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await errorOf(pipeline.submit(of('2', 'bad')))).toMatchObject({
      _tag: 'TransformFailed',
      retry: false,
      message: 'submit Lead: transform: no such country',
    })
    expect(await collect(pipeline.history(Lead, { id: '2' }))).toEqual([])
    expect(await pipeline.submitAll([of('4', 'bad'), of('5', '9')])).toEqual({
      stored: 1,
      duplicate: 0,
      outdated: 0,
      rejected: 1,
    })
  },
)

test('what a transformer may not add is refused', async () => {
  const Lead = entity('Lead', {
    properties: {
      id: y.string(),
      zip: y.optional(y.string()),
      region: y.enriched(y.string()),
      at: y.dateTime(),
    },
    identifier: ['id'],
    timestamp: 'at',
    transform: [(lead) => (lead.id === 'undeclared' ? ({ zip: 'x' } as never) : { region: 5 as never })],
  })
  const { pipeline } = open([Lead])
  const message = async (id: string) => {
    const { _tag, message } = await errorOf(pipeline.submit(Lead.toUpdate({ id, at: day(1) }, source)))
    return [_tag, message]
  }
  expect(await message('undeclared')).toEqual([
    'TransformFailed',
    'submit Lead: transform: zip is not declared with y.enriched',
  ])
  expect(await message('wrong')).toEqual([
    'TransformFailed',
    'submit Lead: transform: region: String expects text of well-formed Unicode, got 5 [WrongType]',
  ])
})

test(
  'updates of one entity are appended in their order, however long each transformation ' + 'takes',
  async () => {
    const calls = { count: 0 }
    const Slow = entity('Slow', {
      properties: { id: y.string(), n: y.integer(), seen: y.enriched(y.integer()), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
      transform: [
        async (update) => {
          await new Promise((resolve) => {
            setTimeout(resolve, (7 * update.n) % 13)
          })
          return { seen: calls.count++ }
        },
      ],
    })
    const { pipeline } = open([Slow])
    await pipeline.submitAll(
      Array.from({ length: 60 }, (_, i) => Slow.toUpdate({ id: `${i % 3}`, n: i, at: day(1) }, source)),
    )
    const numbers = (await collect(pipeline.history(Slow, { id: '1' }))).map((event) =>
      event.operation === 'upsert' ? event.properties.n : -1,
    )
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => 3 * i + 1))
  },
)
