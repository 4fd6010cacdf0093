// Reconcile: what was deleted unseen is found by comparing Ids, behind a guard against mass deletes.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { errorOf, open } from '../flow/kit.ts'
import { expectSame, leads, loginOf, people, Person, server, setting } from './salesforce-kit.ts'

for (const via of ['rest', 'bulk'] as const) {
  test(`hard deletes are found by comparing Ids, and what else feeds the entity stays: ${via}`, async () => {
    const given = await setting({ pageSize: 10, bulkPageSize: 10 })
    const { sf, pipeline } = given
    const producer = people(sf, { reading: { via, bulkPage: 10 }, reconcile: { hours: 24 } })
    const ids = leads(sf, 40)
    sf.clock.advance(60)
    await given.run(producer)
    for (const id of ids.slice(0, 3)) sf.purge(id)
    sf.delete(ids[4] as string)
    sf.clock.advance(3_600)
    expect((await given.run(producer)).stored).toBe(1)
    sf.clock.advance(24 * 3_600)
    expect((await given.run(producer)).stored).toBe(3)
    await expectSame(given, true)
    // By hand, and from another object.
    for (const id of ['somebody else', '0035g0000000001EAA'])
      await pipeline.submit(Person.toUpdate({ id, updatedAt: '2026-03-01T00:00:00Z' }, { source: 'hand' }))
    sf.clock.advance(24 * 3_600)
    expect((await given.run(producer)).stored).toBe(0)
    expect(sf.seen.filter(({ request }) => / IN \(/.test(request)).length).toBe(1)
  })
}

test('a mass delete is refused, nothing of it is done, and it can be allowed', async () => {
  const given = await setting()
  const { sf } = given
  const ids = leads(sf, 40)
  sf.clock.advance(60)
  const guarded = people(sf, { reconcile: { hours: 0 } })
  await given.run(guarded)
  for (const id of ids.slice(0, 11)) sf.purge(id)
  sf.clock.advance(60)
  expect(await errorOf(given.run(guarded))).toMatchObject({
    _tag: 'SourceFailed',
    retry: false,
    message: expect.stringContaining('11 of 40 records would be deleted: more than the guard allows'),
  })
  leads(sf, 1)
  sf.clock.advance(60)
  expect((await given.run(people(sf, { reconcile: { hours: 0, share: 0.5 } }))).stored).toBe(12)
  await expectSame(given, true)
})

for (const via of ['rest', 'bulk'] as const) {
  test(
    `reconcile counts only what is gone: what lies in the bin is none of it, and stays where deletes ` +
      `are ignored: ${via}`,
    async () => {
      const given = await setting()
      const { sf } = given
      const ids = leads(sf, 40)
      sf.clock.advance(60)
      const producer = people(sf, { reading: { via }, deletes: 'ignore', reconcile: { hours: 0 } })
      await given.run(producer)
      for (const id of ids.slice(0, 30)) sf.delete(id)
      sf.purge(ids[31] as string)
      sf.clock.advance(60)
      expect(await given.run(producer)).toMatchObject({ ended: 'done', stored: 1 })
    },
  )
}

test('a gap longer than the recycle bin keeps is compared at once, where that is done at all', async () => {
  const given = await setting()
  const { sf } = given
  const ids = leads(sf, 40)
  sf.clock.advance(60)
  const producer = people(sf, { reconcile: { hours: 24 * 60 } })
  await given.run(producer)
  for (const id of ids.slice(0, 3)) sf.purge(id)
  sf.clock.advance(16 * 86_400)
  expect((await given.run(producer)).stored).toBe(3)
  await expectSame(given)
})

const Titled = entity('Titled', {
  properties: { title: y.string(), at: y.dateTime() },
  identifier: ['title'],
  timestamp: 'at',
})

test('reconcile tells when nothing could be compared', async () => {
  const sf = await server()
  const { pipeline, signals } = open([Titled])
  leads(sf, 3)
  sf.clock.advance(60)
  const producer = salesforce({
    object: 'Lead',
    entity: Titled,
    login: loginOf(sf),
    reconcile: { hours: 0 },
    fields: { Id: y.string(), Name: y.string(), SystemModstamp: y.dateTime() },
    normalise: (record, to) => to.update({ title: record.Name, at: record.SystemModstamp }),
  })
  await pipeline.run(producer)
  expect(JSON.stringify(signals)).toContain('none of the 3 entities has an Id of Lead for its identifier')
})

test('what could not be seen when it was due is found by reconcile', async () => {
  const given = await setting()
  const { sf } = given
  const ids = leads(sf, 40)
  sf.clock.advance(60)
  const producer = people(sf, { reconcile: { hours: 24 } })
  // Hidden from the first load: not shared with this user then.
  const hidden = ids.slice(0, 4)
  const leave = (body: string): string => {
    const page = JSON.parse(body) as { totalSize: number; records: { Id: string }[] }
    page.records = page.records.filter(({ Id }) => !hidden.includes(Id))
    page.totalSize = page.records.length
    return JSON.stringify(page)
  }
  sf.faults.add({ kind: 'rewrite', body: leave }, { on: /query/ })
  expect((await given.run(producer)).stored).toBe(36)
  sf.clock.advance(25 * 3_600)
  expect((await given.run(producer)).stored).toBe(4)
  await expectSame(given, true)
  sf.clock.advance(25 * 3_600)
  expect(await given.run(producer)).toMatchObject({ stored: 0, records: 0 })
})

test('a mass delete far beyond the guard asks little', async () => {
  const given = await setting()
  const { sf } = given
  const ids = leads(sf, 3_000)
  sf.clock.advance(60)
  const producer = people(sf, { reconcile: { hours: 0 } })
  await given.run(producer)
  for (const id of ids.slice(0, 2_900)) sf.purge(id)
  sf.clock.advance(60)
  const used = sf.used()
  expect(await errorOf(given.run(producer))).toMatchObject({
    _tag: 'SourceFailed',
    message: expect.stringContaining('more than the guard allows'),
  })
  expect(sf.used() - used).toBeLessThan(10)
})

test(
  'away for longer than the recycle bin keeps: a warning says so, and reconcile finds what left ' + 'it',
  async () => {
    const given = await setting()
    const { sf } = given
    const producer = people(sf, { reconcile: { hours: 24 } })
    const ids = leads(sf, 20)
    sf.clock.advance(60)
    await given.run(producer)
    sf.delete(ids[3] as string)
    sf.clock.advance(16 * 24 * 3_600)
    await given.run(producer)
    expect(given.warnings.at(-1)).toMatch(
      /^Lead was last read 2026-03-01T12:0\d:00Z: what left the recycle bin since then shows only by rec/,
    )
    await given.pipeline.start()
    await given.pipeline.settled()
    expect(await given.pipeline.current(Person, { id: ids[3] as string })).toBeUndefined()
    expect(await given.pipeline.sql('SELECT count(*) AS n FROM Person')).toEqual([{ n: 19 }])
  },
)
