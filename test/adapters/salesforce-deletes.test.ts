// What ends: into the recycle bin and out of it again, merges, the archive, and deletes that are ignored.
import { expect, test } from 'vitest'
import { collect } from '../flow/kit.ts'
import { expectSame, leads, people, Person, setting } from './salesforce-kit.ts'

for (const via of ['rest', 'bulk'] as const) {
  test(`into the recycle bin, out of it again, and merged: ${via}`, async () => {
    const given = await setting()
    const { sf, pipeline } = given
    const producer = people(sf, { reading: { via } })
    const [a, b, c, d] = leads(sf, 4) as [string, string, string, string]
    sf.clock.advance(60)
    const step = async (change: () => void): Promise<void> => {
      change()
      sf.clock.advance(60)
      await given.run(producer)
      await expectSame(given, true)
    }
    await step(() => undefined)
    await step(() => sf.delete(a))
    await step(() => sf.undelete(a))
    await step(() => sf.merge(b, c, d))
    const merged = await collect(pipeline.history(Person, { id: c }))
    expect(merged.map(({ operation }) => operation)).toEqual(['upsert', 'upsert', 'delete'])
    expect(merged[1]).toMatchObject({ properties: { mergedInto: b } })
  })
}

test(
  'deletes can be ignored; what was never there and is deleted before the first run leaves ' + 'nothing',
  async () => {
    const given = await setting()
    const [a, b] = leads(given.sf, 3) as [string, string, string]
    given.sf.delete(b)
    given.sf.clock.advance(60)
    const producer = people(given.sf, { deletes: 'ignore' })
    expect((await given.run(producer)).stored).toBe(2)
    given.sf.delete(a)
    given.sf.clock.advance(60)
    expect((await given.run(producer)).records).toBe(0)
  },
)

test('what was archived is read, also where deletes are ignored', async () => {
  const given = await setting()
  const [first] = leads(given.sf, 3) as [string]
  given.sf.clock.advance(60)
  const producer = people(given.sf, { deletes: 'ignore' })
  await given.run(producer)
  given.sf.update(first, { Name: 'Changed' })
  given.sf.delete(leads(given.sf, 1)[0] as string)
  given.sf.clock.advance(60)
  expect(await given.run(producer)).toMatchObject({ records: 1, stored: 1 })
  // `query` leaves archived activities out; only `queryAll` has them.
  expect(
    given.sf.seen
      .map(({ request }) => request)
      .filter((request) => /\/query\b/.test(request) && !/queryAll/.test(request)),
  ).toEqual([])
})
