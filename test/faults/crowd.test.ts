// 32 submitters at once while both projections are rebuilt again and again: 20,000 events, nothing is missed,
// five rounds.
import { expect, test } from 'vitest'
import { day, Lead, open, source, temporaryFolder } from '../flow/kit.ts'
import { rounds } from '../thorough.ts'
import { noUnhandled, prove } from './kit.ts'

const [submitters, each] = [32, 625]

// Late events, deletes and many writers an entity; no two updates are the same.
const update = (w: number, i: number) => {
  const [id, at] = [
    `${(w * 31 + i) % 500}`,
    new Date(Date.UTC(2024, 0, 1 + (i % 25)) + w * 1000 + i).toISOString(),
  ]
  return i % 41 === 7
    ? Lead.toDelete({ id, at }, source)
    : Lead.toUpdate({ id, email: `${w}@x`, score: w * 1000 + i, at }, source)
}

const count = rounds('rounds of 20,000 events under continuous rebuilds', 5, 1)

test.each([1, 2, 3, 4, 5].slice(0, count))(
  `${submitters * each} events from ${submitters} submitters under continuous rebuilds of both targets, ` +
    `round %i of 5`,
  async () => {
    const unhandled = noUnhandled()
    const { pipeline, signals } = open([Lead], temporaryFolder())
    await pipeline.start()
    await pipeline.settled(await pipeline.submit(Lead.toUpdate({ id: 'first', at: day(1) }, source)))
    let writing = true
    const rebuilt = { views: 0, 'query-engine': 0 }
    const rebuilding = Promise.all(
      (['views', 'query-engine'] as const).map(async (target) => {
        while (writing || rebuilt[target] === 0) {
          await pipeline.rebuild(Lead, { target })
          rebuilt[target]++
        }
      }),
    )
    const acknowledged = new Set<string>()
    await Promise.all(
      Array.from({ length: submitters }, async (_, w) => {
        for (let i = 0; i < each; i++) acknowledged.add((await pipeline.submit(update(w, i))).eventId)
      }),
    )
    writing = false
    await rebuilding
    expect(acknowledged.size).toBe(submitters * each)
    expect(await prove(pipeline, Lead)).toBe(submitters * each + 1)
    const stored = await pipeline.sql<{ id: string }>(
      'SELECT _event_id AS id FROM Lead_events WHERE id <> $first',
      { first: 'first' },
    )
    expect(new Set(stored.map(({ id }) => id))).toEqual(acknowledged)
    expect([rebuilt.views > 1, rebuilt['query-engine'] > 0]).toEqual([true, true])
    expect(signals.filter(({ _tag }) => _tag === 'parked')).toEqual([])
    expect(unhandled).toEqual([])
  },
  120_000,
)
