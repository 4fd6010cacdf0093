// Outages and endings: what cannot be done now is no fault of an event, nobody waits for ever, and nothing is
// dropped in silence.
import { expect, test } from 'vitest'
import { createPipeline, entity, y, type SubmitResult } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { closing, day, errorOf, Lead, open, source, temporaryFolder, until } from './kit.ts'

const update = (id: string, n = 1) => Lead.toUpdate({ id, score: n, at: day(n) }, source)

test('a handler that meets a closing pipeline parks nothing: its event comes again', async () => {
  const folder = temporaryFolder()
  const { pipeline } = open([Lead], folder)
  const { promise: called, resolve } = Promise.withResolvers<void>()
  const { promise: gate, resolve: go } = Promise.withResolvers<void>()
  pipeline.subscribe(Lead, {
    name: 's',
    handle: async () => {
      resolve()
      await gate
      await pipeline.submit(update('other'))
    },
  })
  await pipeline.start()
  await pipeline.submit(update('1'))
  await called
  const closed = pipeline.close()
  go()
  await closed
  const again = open([Lead], folder).pipeline
  const seen: number[] = []
  again.subscribe(Lead, { name: 's', handle: (event) => void seen.push(event.sequence) })
  await again.start()
  await until(() => seen.length === 1)
  expect(await again.deadLetters.list()).toEqual([])
})

test('a transformer whose service is away ends submitAll instead of dropping the stream', async () => {
  const Enriched = entity('Enriched', {
    properties: { id: y.string(), kind: y.enriched(y.enum(['a', 'b'])), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    attributes: ['kind'],
    transform: [
      (lead) => {
        if (lead.id === 'away') throw new Error('service away')
        return { kind: lead.id as 'a' }
      },
    ],
  })
  const { pipeline } = open([Enriched])
  const of = (id: string) => Enriched.toUpdate({ id, at: day(1) }, source)
  expect(await errorOf(pipeline.submitAll([of('a'), of('away'), of('b')]))).toMatchObject({
    _tag: 'TransformFailed',
    retry: true,
  })
  expect(await errorOf(pipeline.submit(of('c')))).toMatchObject({
    _tag: 'TransformFailed',
    retry: false,
    message: 'submit Enriched: transform: kind: is one of a, b [WrongType]',
  })
}, 30_000)

test('in latest mode a rule that ignores less sees what the old one did not look at', async () => {
  const folder = temporaryFolder()
  const of = (ignore: 'city'[]) =>
    entity('Lead', {
      properties: { id: y.string(), city: y.optional(y.string()), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
      deduplication: { by: 'latest', ignore },
    })
  const send = async (ignore: 'city'[], cities: readonly string[], from: number) => {
    const L = of(ignore)
    const { pipeline } = open([L], folder)
    const statuses: string[] = []
    for (const [i, city] of cities.entries())
      statuses.push((await pipeline.submit(L.toUpdate({ id: '1', city, at: day(from + i) }, source))).status)
    await pipeline.close()
    return statuses
  }
  expect(await send(['city'], ['Graz', 'Linz'], 1)).toEqual(['stored', 'duplicate'])
  expect(await send([], ['Wien', 'Bern', 'Bern'], 5)).toEqual(['stored', 'stored', 'duplicate'])
})

test('close does not wait for a question that runs for hours', async () => {
  const { pipeline } = open([Lead])
  await pipeline.start()
  const asked = errorOf(
    pipeline.sql(
      'SELECT count(*) AS n FROM range(10000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3',
    ),
  )
  await until(async () => (await pipeline.status()).subscriptions.length > 0)
  await pipeline.close({ timeout: 500 })
  expect(['Unavailable', 'InvalidQuery']).toContain((await asked)._tag)
}, 20_000)

test('an abort or a close ends a stream whose source is silent', async () => {
  const { pipeline } = open([Lead])
  const silent = async function* () {
    yield update('1')
    await new Promise(() => undefined)
  }
  const abort = new AbortController()
  const counting = pipeline.submitAll(silent(), { signal: abort.signal })
  await until(async () => (await pipeline.submit(update('1'))).status === 'duplicate')
  abort.abort()
  expect((await counting).stored).toBeLessThanOrEqual(1)
})

test('an update that is no object is a rejection like any other, with results too', async () => {
  const pipeline = closing(
    createPipeline([Lead], { driver: embedded({ folder: ':memory:' }), results: true }),
  )
  const seen: SubmitResult[] = []
  pipeline.subscribeResults({ name: 'r', handle: (result) => void seen.push(result) })
  await pipeline.start()
  expect(await pipeline.submitAll([null, 5, 'x', undefined, update('1')] as never)).toEqual({
    stored: 1,
    duplicate: 0,
    outdated: 0,
    rejected: 4,
  })
  await until(() => seen.length === 5)
  expect(await errorOf(pipeline.submit(null as never))).toMatchObject({ _tag: 'UnknownEntity' })
})

test('before the first event a definition may change its mind', async () => {
  const folder = temporaryFolder()
  const of = (required: boolean) =>
    entity('Lead', {
      properties: {
        id: y.string(),
        key: required ? (y.string() as never) : y.optional(y.string()),
        at: y.dateTime(),
      },
      identifier: ['id'],
      timestamp: 'at',
    })
  const first = open([of(false)], folder).pipeline
  await first.start()
  await first.close()
  const second = open([of(true)], folder).pipeline
  await second.start()
  await second.submit(of(true).toUpdate({ id: '1', key: 'k', at: day(1) } as never, source))
  await second.close()
  expect(
    (
      await errorOf(
        open(
          [
            entity('Lead', {
              properties: { id: y.string(), more: y.string(), at: y.dateTime() },
              identifier: ['id'],
              timestamp: 'at',
            }),
          ],
          folder,
        ).pipeline.start(),
      )
    )._tag,
  ).toBe('SchemaConflict')
})

test('a learned entity is found by its stored types', async () => {
  const Learnt = entity('Learnt', { identifier: ['id'], timestamp: 'at', view: { index: ['due', 'amount'] } })
  const { pipeline } = open([Learnt])
  await pipeline.start()
  await pipeline.settled(
    await pipeline.submit(
      Learnt.toUpdate(
        {
          id: y.string().of('1'),
          due: y.dateTime().of('2024-01-01T00:00:00Z'),
          amount: y.decimal().of('1.50'),
          at: y.dateTime().of(day(1)),
        },
        source,
      ),
    ),
  )
  for (const where of [{ due: '2024-01-01T01:00:00+01:00' }, { amount: '1.5' }, { amount: '1.50' }])
    expect((await pipeline.find(Learnt, { where })).items).toHaveLength(1)
})
