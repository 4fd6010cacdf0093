// Handlers that keep failing, and outages: the others go on, and nothing becomes a dead letter that could
// still be handled.
import { expect, test } from 'vitest'
import { createPipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { flaky } from 'dreampipe/testing'
import { closing, day, Lead, open, source, temporaryFolder, until } from '../flow/kit.ts'
import { persist, prove } from './kit.ts'

const update = (id: string, n: number) => Lead.toUpdate({ id, score: n, at: day(1 + (n % 300)) }, source)

test(
  'a handler that fails a thousand times for its entities while the others proceed; no dead letter, ' +
    'and all of it once it heals',
  async () => {
    const { pipeline, signals } = open([Lead], temporaryFolder())
    const bad = 500
    let failures = 0
    let broken = true
    const handled = new Map<string, number[]>()
    pipeline.subscribe(Lead, {
      name: 'billing',
      from: 'start',
      handle: (event) => {
        if (event.operation !== 'upsert') return
        const { id } = event.properties
        if (broken && id.startsWith('bad')) {
          failures++
          throw new Error('not yet')
        }
        handled.set(id, [...(handled.get(id) ?? []), event.sequence])
      },
    })
    await pipeline.start()
    await pipeline.submitAll(
      [1, 2].flatMap((n) =>
        Array.from({ length: bad }, (_, i) => [
          update(`bad${i}`, n),
          update(`good${i % 50}`, n * 1000 + i),
        ]).flat(),
      ),
    )
    await until(() => [...handled.values()].flat().length === 2 * bad)
    await until(() => failures >= 1_000, 30_000)
    // New events of healthy entities pass while all of that waits.
    await pipeline.submit(update('late', 1))
    await until(() => handled.has('late'))
    expect([...handled.keys()].some((id) => id.startsWith('bad'))).toBe(false)
    const { subscriptions } = await pipeline.status()
    expect(subscriptions.find(({ name }) => name === 'billing')).toMatchObject({
      deferred: bad,
      deadLetters: 0,
    })
    broken = false
    await until(() => [...handled.values()].flat().length === 4 * bad + 1, 60_000)
    for (let i = 0; i < bad; i++) expect(handled.get(`bad${i}`)).toEqual([1, 2])
    expect(signals.some(({ _tag }) => _tag === 'parked')).toBe(false)
    expect(await pipeline.deadLetters.list()).toEqual([])
    expect(await prove(pipeline, Lead)).toBe(4 * bad + 1)
  },
  120_000,
)

test('an outage of everything that writes fills no dead letters, and loses nothing', async () => {
  const driver = flaky(embedded({ folder: temporaryFolder() }), {
    calls: { before: 0, after: 0, delay: 0 },
    deliveries: { duplicate: 0, reorder: 0, withhold: 0, redeliver: 0 },
    // Projections cannot write at all; the store takes events.
    verbs: {
      'viewStore.put': { before: 1 },
      'queryEngine.append': { before: 1 },
      'topic.deferrals.put': { before: 0.5, after: 0.5 },
    },
  })
  const pipeline = closing(createPipeline([Lead], { driver, observe: () => undefined }))
  await pipeline.start()
  let down = true
  const handled = new Set<string>()
  pipeline.subscribe(Lead, {
    name: 'billing',
    from: 'start',
    handle: (event) => {
      if (down) throw new Error('the service behind is away')
      handled.add(event.eventId)
    },
  })
  for (let n = 0; n < 200; n++) await persist(() => pipeline.submit(update(`${n % 20}`, n)))
  await until(
    () =>
      (driver.injected()['viewStore.put before'] ?? 0) >= 3 &&
      (driver.injected()['queryEngine.append before'] ?? 0) >= 3,
  )
  expect(await pipeline.deadLetters.list()).toEqual([])
  const during = await pipeline.verify(Lead)
  expect([
    during.views.missing,
    during.queryEngine.missing,
    during.views.pending > 0,
    during.queryEngine.pending > 0,
  ]).toEqual([0, 0, true, true])
  down = false
  driver.calm()
  expect(await prove(pipeline, Lead)).toBe(200)
  await until(() => handled.size === 200, 30_000)
  expect(await pipeline.deadLetters.list()).toEqual([])
}, 120_000)
