// The producer as it is defined: options, objects and cursors that are refused, or taken as they are.
import { expect, test } from 'vitest'
import { salesforce, salesforceOrg, type Cursor } from 'dreampipe/adapters/salesforce'
import { errorOf } from '../flow/kit.ts'
import { expectSame, fields, leads, loginOf, people, Person, setting } from './salesforce-kit.ts'
import { producerOf } from './salesforce-logins.ts'

test('a stored cursor of another version ends the run before anything is read', async () => {
  const given = await setting()
  const producer = producerOf(loginOf(given.sf))
  const strange = {
    ...producer,
    definition: { ...producer.definition, start: { ...producer.definition.start, version: 2 } as never },
  }
  expect(await errorOf(given.run(strange))).toMatchObject({
    _tag: 'SourceFailed',
    message: expect.stringContaining('the stored cursor does not fit its codec'),
  })
  expect(given.sf.seen).toEqual([])
})

test('a cursor of a run before columns were kept goes on, and nothing is read again', async () => {
  const given = await setting()
  leads(given.sf, 5)
  given.sf.clock.advance(60)
  const producer = people(given.sf)
  const { cursor } = await given.run(producer)
  const { late: _, ...old } = { ...(cursor as Cursor), fields: {} }
  const decoded = producer.definition.cursor.decode(JSON.parse(JSON.stringify(old)))
  expect(decoded._tag).toBe('Right')
  const from = {
    ...producer,
    name: 'older',
    definition: { ...producer.definition, name: 'older', start: old },
  }
  expect(await given.run(from as never)).toMatchObject({ records: 0, ended: 'done' })
})

test('an object that cannot be queried says so', async () => {
  const given = await setting()
  given.sf.faults.add(
    { kind: 'rewrite', body: (body) => body.replace('"queryable":true', '"queryable":false') },
    { on: /describe/, times: 9 },
  )
  expect(await errorOf(given.run(people(given.sf)))).toMatchObject({
    _tag: 'SourceFailed',
    retry: false,
    message: expect.stringContaining('Lead cannot be queried'),
  })
})

test('options that are no numbers are refused at once', () => {
  const of = (more: object) => () =>
    salesforce({
      object: 'Lead',
      entity: Person,
      login: salesforceOrg({ login: { instanceUrl: 'http://127.0.0.1', accessToken: 'none' } }),
      fields,
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
      ...more,
    })
  for (const [more, path] of [
    [{ reconcile: { hours: NaN } }, 'reconcile.hours'],
    [{ reconcile: { hours: 1, share: -1 } }, 'reconcile.share'],
    [{ reading: { bulkPage: 0 } }, 'reading.bulkPage'],
    [{ reading: { poll: 0 } }, 'reading.poll'],
    [{ reading: { via: 'soap' } }, 'reading.via'],
  ] as const) {
    expect(of(more)).toThrow(expect.objectContaining({ _tag: 'InvalidDefinition', path }))
  }
})

for (const via of ['rest', 'bulk'] as const) {
  test(`no records at all, and then some: ${via}`, async () => {
    const given = await setting()
    const producer = people(given.sf, { reading: { via }, reconcile: { hours: 0 } })
    for (let n = 0; n < 2; n++) {
      expect(await given.run(producer)).toMatchObject({ ended: 'done', records: 0 })
      given.sf.clock.advance(60)
    }
    if (via === 'bulk') {
      given.sf.faults.add({ kind: 'answer', status: 200, body: '' }, { on: /\/results/ })
      expect(await given.run(producer)).toMatchObject({ ended: 'done', records: 0 })
    }
    leads(given.sf, 3)
    given.sf.clock.advance(60)
    expect((await given.run(producer)).stored).toBe(3)
    await expectSame(given, true)
  })
}
