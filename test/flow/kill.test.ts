// kill -9 at random moments of ingest, projection, rebuild and shutdown: nothing acknowledged is lost, and
// verify is all zero.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { child } from '../processes.ts'
import { rounds } from '../thorough.ts'
import { open, temporaryFolder } from './kit.ts'

const Item = entity('Item', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  view: {
    index: ['even'],
    calculated: { even: y.boolean() },
    calculate: (state) => ({ even: state.n % 2 === 0 }),
  },
})
const zero = { pending: 0, missing: 0, surplus: 0, different: 0 }
const kills = rounds('kills at random moments', 100, 20)

test(`${kills} kills at random moments`, async () => {
  const folder = temporaryFolder()
  const acknowledged = new Set<number>()
  for (let kill = 0; kill < kills; kill++) {
    const running = child('test/flow/kill.child.ts', [folder, String(kill)])
    expect(await running.line()).toBe('ready')
    const timer = setTimeout(() => running.process.kill('SIGKILL'), Math.random() * 700)
    try {
      for (;;) {
        const { from, to } = JSON.parse(await running.line()) as { from: number; to: number }
        for (let n = from; n < to; n++) acknowledged.add(n)
      }
    } catch (error) {
      expect(String(error)).toContain('SIGKILL')
    }
    clearTimeout(timer)
  }
  const { pipeline } = open([Item], folder)
  await pipeline.start()
  await pipeline.settled(undefined, { timeout: 120_000 })
  const proof = await pipeline.verify(Item)
  expect(
    [proof.views, proof.queryEngine].map(({ pending, missing, surplus, different }) => ({
      pending,
      missing,
      surplus,
      different,
    })),
  ).toEqual([zero, zero])
  const stored = new Set((await pipeline.sql<{ n: number }>('SELECT n FROM Item_events')).map(({ n }) => n))
  expect([...acknowledged].filter((n) => !stored.has(n))).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(10 * kills)
  expect(
    await pipeline.sql(
      'SELECT _entity_id FROM Item_events GROUP BY _entity_id HAVING max(_sequence) <> count(*)',
    ),
  ).toEqual([])
}, 280_000)
