// A chaos driver under the whole pipeline: calls that fail before and after, deliveries that repeat, mix and
// gap; nothing is lost.
import { expect, test } from 'vitest'
import { createPipeline, entity, y, type AnyEntity, type Signal, type Submittable } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { flaky, type FlakyOptions } from 'dreampipe/testing'
import { closing, day, source, temporaryFolder } from '../flow/kit.ts'
import { everything, noUnhandled, persist, prove, randomOf, say, type Random } from './kit.ts'

const properties = { id: y.string(), a: y.optional(y.integer()), b: y.optional(y.string()), at: y.dateTime() }
const shape = {
  properties,
  identifier: ['id'],
  timestamp: 'at',
  view: {
    properties: ['id', 'a'],
    index: ['even'],
    calculated: { even: y.boolean() },
    calculate: (state: { readonly a?: number | null }) => ({ even: (state.a ?? 0) % 2 === 0 }),
  },
} as const
const Full = entity('Thing', shape)
const Partial = entity('Thing', { ...shape, updates: 'partial' })
const Latest = entity('Thing', { ...shape, deduplication: { by: 'latest' } })
type Thing = typeof Full | typeof Partial | typeof Latest
const modes = { full: Full, partial: Partial, latest: Latest }

const storm: FlakyOptions = {
  calls: { before: 0.12, after: 0.12, delay: 0.1 },
  deliveries: { duplicate: 0.5, reorder: 0.5, withhold: 0.5, redeliver: 0.3 },
  longest: 3,
  verbs: { 'topic.deliver': { before: 0.05, after: 0.05 } },
}
const [writers, each] = [6, 40]

// Updates and deletes of a few entities, late ones and repeated ones among them; a submitter's own are new to
// its entity.
const updateOf = (E: Thing, random: Random, writer: number, i: number): Submittable<AnyEntity> => {
  const id = `${Math.floor(random() * 12)}`
  const at = day(1 + Math.floor(random() * 300))
  if (random() < 0.1) return E.toDelete({ id, at }, source)
  const more = random() < 0.5 ? { b: `${writer}/${i}` } : {}
  return E.toUpdate({ id, at, a: writer * 1000 + i, ...more }, source)
}

const seeds = Array.from({ length: everything ? 20 : 3 }, (_, i) => i + 1)
if (!everything) say(`flaky driver: ${seeds.length} seeds a mode; 20 with npm run test:thorough`)
const injected = new Set<string>()
const runs = (Object.keys(modes) as (keyof typeof modes)[]).flatMap((mode) =>
  seeds.map((seed) => ({ mode, seed })),
)

test.each(runs)(
  '$mode, seed $seed: what was acknowledged is stored once, and verify is all zero',
  async ({ mode, seed }) => {
    const unhandled = noUnhandled()
    const E: Thing = modes[mode]
    const driver = flaky(embedded({ folder: temporaryFolder() }), { ...storm, seed })
    const signals: Signal[] = []
    const pipeline = closing(
      createPipeline([E] as readonly AnyEntity[], { driver, observe: (signal) => void signals.push(signal) }),
    )
    await persist(() => pipeline.start())
    const handled = new Map<string, number>()
    const billing = pipeline.subscribe(E as AnyEntity, {
      name: 'billing',
      from: 'start',
      handle: (event) => void handled.set(event.eventId, (handled.get(event.eventId) ?? 0) + 1),
    })
    await billing.ready
    const acknowledged = new Map<string, { readonly id: string; readonly status: string }>()
    let failures = 0
    const submitting = Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        const random = randomOf(seed, `writer ${writer}`)
        for (let i = 0; i < each; i++) {
          const update = updateOf(E, random, writer, i)
          const { eventId, entityId, status } = await persist(
            () => pipeline.submit(update),
            () => {
              failures++
            },
          )
          acknowledged.set(`${writer}/${i}`, { id: eventId, status })
          expect(eventId.startsWith(entityId)).toBe(true)
        }
      }),
    )
    const rebuilding = (async () => {
      for (const target of ['views', 'query-engine'] as const)
        await persist(() => pipeline.rebuild(E as AnyEntity, { target }))
    })()
    await Promise.all([submitting, rebuilding])
    driver.calm()

    const events = await prove(pipeline, E)
    expect(failures).toBeGreaterThan(5)
    expect(acknowledged.size).toBe(writers * each)
    const stored = await pipeline.sql<{ id: string }>('SELECT _event_id AS id FROM Thing_events')
    const ids = new Set(stored.map(({ id }) => id))
    expect([events, ids.size]).toEqual([stored.length, stored.length])
    expect([...acknowledged.values()].filter(({ id }) => !ids.has(id))).toEqual([])
    // A stored event is one that somebody was told of, or the trace of an answer that was lost: then its
    // update was told duplicate or outdated.
    if (mode !== 'latest') expect(new Set([...acknowledged.values()].map(({ id }) => id))).toEqual(ids)
    expect(
      await pipeline.sql(
        'SELECT _entity_id FROM Thing_events GROUP BY _entity_id HAVING max(_sequence) <> count(*)',
      ),
    ).toEqual([])
    await expect.poll(() => handled.size, { timeout: 20_000 }).toBe(events)
    expect(await pipeline.deadLetters.list()).toEqual([])
    expect(signals.filter(({ _tag }) => _tag === 'parked')).toEqual([])
    for (const fault of Object.keys(driver.injected())) injected.add(fault.slice(fault.lastIndexOf(' ') + 1))
    expect(unhandled).toEqual([])
  },
  90_000,
)

test('every kind of fault came in those runs', () => {
  expect([...injected].toSorted()).toEqual([
    'after',
    'before',
    'delay',
    'duplicate',
    'redeliver',
    'reorder',
    'withhold',
  ])
})

test('the same seed gives each call of a verb the same fate', async () => {
  const fates = async (seed: number): Promise<readonly string[]> => {
    const faults: string[] = []
    const driver = flaky(embedded({ folder: ':memory:' }), {
      seed,
      longest: 0,
      calls: { before: 0.3, after: 0.3 },
      verbs: { open: { before: 0 } },
      onFault: ({ verb, call, fault }) => void faults.push(`${verb} ${call} ${fault}`),
    })
    const opened = await driver.open()()
    if (opened._tag === 'Left') throw opened.left
    for (let i = 0; i < 50; i++)
      await opened.right.topic.deferrals.put({
        subscription: 's',
        entity: 'Thing',
        entityId: `${i}`,
        from: 1,
        through: 1,
        attempts: 1,
        nextAttempt: 0,
        reason: 'test',
      })()
    await opened.right.close()
    return faults
  }
  const [first, again, other] = [await fates(7), await fates(7), await fates(8)]
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  expect(first.length).toBeGreaterThan(15)
})
