// Custom subscriptions: at least once, per entity in order; what fails waits or is parked, and holds up
// nobody else.
import { describe, expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { TE } from 'dreampipe/fp'
import { day, errorOf, Lead, open, source, temporaryFolder, until } from './kit.ts'

const update = (id: string, n: number, more: { email?: string; score?: number } = {}) =>
  Lead.toUpdate({ id, ...more, at: day(n) }, source)
const permanent = (why: string): Error => Object.assign(new Error(why), { retry: false })

test('a subscription gets what is stored after it, filtered by attributes, per entity in order', async () => {
  const { pipeline } = open([Lead])
  await pipeline.submit(update('1', 1, { email: 'a@x' }))
  const seen: string[] = []
  pipeline.subscribe(Lead, { name: 'all', handle: (event) => void seen.push(`${event.sequence}`) })
  const filtered: string[] = []
  pipeline.subscribe(Lead, {
    name: 'filtered',
    filter: { email: 'a@x' },
    handle: async (event) => {
      filtered.push(`${event.sequence}`)
    },
  })
  const lazy: string[] = []
  pipeline.subscribe(Lead, {
    name: 'fromStart',
    from: 'start',
    handle: (event) => TE.fromIO(() => void lazy.push(`${event.sequence}`)),
  })
  await pipeline.start()
  for (const [n, email] of [
    [2, 'a@x'],
    [3, 'b@x'],
    [4, 'a@x'],
  ] as const)
    await pipeline.submit(update('1', n, { email }))
  await until(() => seen.length === 3 && filtered.length === 2 && lazy.length === 4)
  expect([seen, filtered, lazy]).toEqual([
    ['2', '3', '4'],
    ['2', '4'],
    ['1', '2', '3', '4'],
  ])
})

test('a subscription goes on where it was after a restart', async () => {
  const folder = temporaryFolder()
  const seen: number[] = []
  const run = async (n: number, expected: number) => {
    const { pipeline } = open([Lead], folder)
    pipeline.subscribe(Lead, { name: 'durable', handle: (event) => void seen.push(event.sequence) })
    await pipeline.start()
    await pipeline.submit(update('1', n))
    await until(() => seen.length === expected)
    await pipeline.close()
  }
  await run(1, 1)
  const idle = open([Lead], folder)
  await idle.pipeline.submit(update('1', 2))
  await idle.pipeline.close()
  await run(3, 3)
  expect(seen).toEqual([1, 2, 3])
})

describe('failures', () => {
  test(
    'a retryable failure is tried again; later events of that entity queue behind it, others go ' + 'on',
    async () => {
      const { pipeline, signals } = open([Lead])
      const seen: string[] = []
      let failures = 0
      pipeline.subscribe(Lead, {
        name: 's',
        handle: (event) => {
          if (
            event.operation === 'upsert' &&
            event.properties.id === 'bad' &&
            event.sequence === 1 &&
            failures++ < 3
          )
            throw new Error('not yet')
          seen.push(`${event.operation === 'upsert' ? event.properties.id : ''}${event.sequence}`)
        },
      })
      await pipeline.start()
      await pipeline.submitAll([
        update('bad', 1),
        update('bad', 2),
        update('good', 1),
        update('good', 2),
        update('bad', 3),
      ])
      await until(() => seen.length === 5)
      expect(seen.filter((each) => each.startsWith('bad'))).toEqual(['bad1', 'bad2', 'bad3'])
      expect(seen.indexOf('good2')).toBeLessThan(seen.indexOf('bad1'))
      expect(signals.filter(({ _tag }) => _tag === 'deferred').length).toBeGreaterThanOrEqual(3)
      await until(async () =>
        (await pipeline.status()).subscriptions.every(
          ({ deferred, deadLetters }) => deferred === 0 && deadLetters === 0,
        ),
      )
    },
  )

  test(
    'a permanent failure makes the event a dead letter; retry handles it, drop passes over ' + 'it',
    async () => {
      const { pipeline, signals } = open([Lead])
      let broken = true
      const seen: number[] = []
      pipeline.subscribe(Lead, {
        name: 's',
        handle: (event) => {
          if (broken && event.sequence <= 2) throw permanent('never')
          seen.push(event.sequence)
        },
      })
      await pipeline.start()
      for (const n of [1, 2, 3]) await pipeline.submit(update('1', n))
      await until(() => seen.length === 1)
      const letters = await pipeline.deadLetters.list(Lead)
      expect(letters).toMatchObject([
        { subscription: 's', entity: 'Lead', sequence: 1, gated: false, reason: 'never' },
        { sequence: 2 },
      ])
      expect(signals.filter(({ _tag }) => _tag === 'parked')).toHaveLength(2)
      broken = false
      expect(await pipeline.deadLetters.retry(letters[0] as never)).toBe(true)
      await until(() => seen.length === 2)
      expect(seen).toEqual([3, 1])
      expect(await pipeline.deadLetters.drop(letters[1] as never)).toBe(true)
      expect(await pipeline.deadLetters.drop(letters[1] as never)).toBe(false)
      expect(await pipeline.deadLetters.list()).toEqual([])
    },
  )

  test(
    'a handler that hangs for one entity holds up nobody else, and is not called twice ' + 'meanwhile',
    async () => {
      const { pipeline } = open([Lead])
      const seen: string[] = []
      const { promise, resolve } = Promise.withResolvers<void>()
      let calls = 0
      pipeline.subscribe(Lead, {
        name: 's',
        handle: async (event) => {
          if (event.operation !== 'upsert') return
          if (event.properties.id === 'slow' && event.sequence === 1) {
            calls++
            await promise
          }
          seen.push(`${event.properties.id}${event.sequence}`)
        },
      })
      await pipeline.start()
      await pipeline.submitAll([
        update('slow', 1),
        update('slow', 2),
        ...[1, 2, 3].map((n) => update(`quick${n}`, n)),
      ])
      await until(() => seen.length === 3)
      await pipeline.submit(update('later', 1))
      await until(() => seen.length === 4)
      expect(seen.some((each) => each.startsWith('slow'))).toBe(false)
      resolve()
      await until(() => seen.length === 6)
      expect([seen.slice(4), calls]).toEqual([['slow1', 'slow2'], 1])
    },
  )

  test(
    'calculate that throws parks its entity in the view; the query engine and other entities go on; ' +
      'retry heals',
    async () => {
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
      const { pipeline, signals } = open([Sum])
      await pipeline.start()
      const send = (id: string, n: number, d: number) =>
        pipeline.submit(Sum.toUpdate({ id, n, at: day(d) }, source))
      await send('a', 1, 1)
      await pipeline.settled()
      const parked = await send('a', 13, 2)
      await send('b', 2, 1)
      expect((await errorOf(pipeline.settled(parked)))._tag).toBe('Parked')
      await pipeline.settled(await send('b', 3, 2))
      expect([
        await pipeline.current(Sum, { id: 'a' }),
        await pipeline.current(Sum, { id: 'b' }),
      ]).toMatchObject([
        { n: 1, twice: 2 },
        { n: 3, twice: 6 },
      ])
      await until(async () => (await pipeline.sql('SELECT n FROM Sum WHERE n = 13')).length === 1)
      expect(await pipeline.deadLetters.list(Sum)).toMatchObject([
        { subscription: 'views', gated: true, sequence: 2, reason: 'calculate: unlucky' },
      ])
      await send('a', 14, 3)
      await pipeline.settled()
      expect(await pipeline.current(Sum, { id: 'a' })).toMatchObject({ n: 1 })
      broken = false
      const [letter] = await pipeline.deadLetters.list(Sum)
      expect(await pipeline.deadLetters.retry(letter as never)).toBe(true)
      await until(async () => (await pipeline.current(Sum, { id: 'a' }))?.n === 14)
      expect(signals.filter(({ _tag }) => _tag === 'parked')).toHaveLength(1)
    },
  )
})

test('a bad name or filter is refused at once; the same name twice too', () => {
  const { pipeline } = open([Lead])
  const handle = (): void => undefined
  const refused = (make: () => unknown): unknown => {
    try {
      make()
    } catch (error) {
      return (error as { _tag: string })._tag
    }
    return 'nothing'
  }
  expect(refused(() => pipeline.subscribe(Lead, { name: 'views', handle }))).toBe('InvalidDefinition')
  expect(refused(() => pipeline.subscribe(Lead, { name: 'no/slash', handle }))).toBe('InvalidDefinition')
  expect(refused(() => pipeline.subscribe(Lead, { name: 'a', filter: { city: 'x' } as never, handle }))).toBe(
    'InvalidDefinition',
  )
  expect(refused(() => pipeline.subscribe(Lead, { name: 'a', handle }))).toBe('nothing')
  expect(refused(() => pipeline.subscribe(Lead, { name: 'a', handle }))).toBe('InvalidDefinition')
})
