// Several processes on one folder at once: each update is stored once, numbered without a gap, and projected
// by one of them.
import { expect, test } from 'vitest'
import { entity, y, type Counts } from 'dreampipe'
import { child } from '../processes.ts'
import { collect, open, temporaryFolder } from './kit.ts'

const Item = entity('Item', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

const together = async (
  folder: string,
  processes: number,
  entities: number,
  start?: 'start',
): Promise<readonly Counts[]> => {
  const children = Array.from({ length: processes }, () =>
    child('test/flow/submitter.child.ts', [
      folder,
      '1000',
      String(entities),
      ...(start === undefined ? [] : [start]),
    ]),
  )
  for (const each of children) expect(await each.line()).toBe('ready')
  for (const each of children) each.send('go')
  const counts = await Promise.all(children.map(async (each) => JSON.parse(await each.line()) as Counts))
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(children.map(() => 0))
  return counts
}

const check = async (folder: string, entities: number): Promise<void> => {
  const { pipeline } = open([Item], folder)
  await pipeline.start()
  await pipeline.settled()
  expect(
    await pipeline.sql('SELECT count(*) AS events, count(DISTINCT _event_id) AS ids FROM Item_log'),
  ).toEqual([{ events: 1000, ids: 1000 }])
  for (const id of ['0', String(entities - 1)]) {
    const sequences = (await collect(pipeline.history(Item, { id }))).map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: 1000 / entities }, (_, i) => i + 1))
  }
  expect(
    await pipeline.sql(
      'SELECT _entity_id FROM Item_log GROUP BY _entity_id HAVING max(_sequence) <> count(*)',
    ),
  ).toEqual([])
}

const sum = (counts: readonly Counts[]) => ({
  stored: counts.reduce((n, { stored }) => n + stored, 0),
  duplicate: counts.reduce((n, { duplicate }) => n + duplicate, 0),
})

test('four processes submit the same 1,000 updates at once: 1,000 events, no gap', async () => {
  const folder = temporaryFolder()
  expect(sum(await together(folder, 4, 10))).toEqual({ stored: 1000, duplicate: 3000 })
  await check(folder, 10)
}, 60_000)

test('the same while each of them also projects: one at a time does', async () => {
  const folder = temporaryFolder()
  expect(sum(await together(folder, 3, 100, 'start'))).toEqual({ stored: 1000, duplicate: 2000 })
  await check(folder, 100)
}, 60_000)
