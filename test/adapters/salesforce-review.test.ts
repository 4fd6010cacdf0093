// Ways to lose a record, a change or a delete, each of which was one.
import { expect, test } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { lead } from 'dreampipe/adapters/salesforce/testing'
import { csvReader } from '../../adapters/salesforce/scan/csv.ts'
import { closing, errorOf, open } from '../flow/kit.ts'
import { expectSame, leads, loginOf, people, Person, server, setting } from './salesforce-kit.ts'

const Wide = entity('Wide', {
  properties: {
    id: y.string(),
    name: y.optional(y.string()),
    email: y.optional(y.string()),
    phone: y.optional(y.string()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})

test('a job that was created for other fields is not read on with new ones', async () => {
  const sf = await server()
  const { pipeline } = open([Wide])
  for (let n = 0; n < 30; n++)
    sf.insert('Lead', { Name: `Lead ${n}`, Email: `lead${n}@example.com`, Phone: `+41 ${n}` })
  sf.clock.advance(60)
  const reading = { via: 'bulk', poll: 5, bulkPage: 10 } as const
  const narrow = salesforce({
    name: 'wide',
    object: 'Lead',
    entity: Wide,
    login: loginOf(sf),
    reading,
    fields: { Id: y.string(), Name: y.string(), SystemModstamp: y.dateTime() },
    normalise: (record, to) => to.update({ id: record.Id, name: record.Name, at: record.SystemModstamp }),
  })
  const wide = salesforce({
    name: 'wide',
    object: 'Lead',
    entity: Wide,
    login: loginOf(sf),
    reading,
    fields: {
      Id: y.string(),
      Name: y.string(),
      Email: y.string(),
      Phone: y.optional(y.string()),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) =>
      to.update({
        id: record.Id,
        name: record.Name,
        email: record.Email,
        phone: record.Phone,
        at: record.SystemModstamp,
      }),
  })
  // Ended in the midst of the job's result pages.
  sf.faults.add({ kind: 'hang' }, { on: /\/results/, after: 1 })
  const end = new AbortController()
  sf.faults.add(
    {
      kind: 'rewrite',
      body: (body) => {
        setTimeout(() => end.abort(), 200)
        return body
      },
    },
    { on: /\/results/ },
  )
  expect((await pipeline.run(narrow, { signal: end.signal })).ended).toBe('stopped')
  sf.faults.clear()
  expect(await pipeline.run(wide)).toMatchObject({ ended: 'done', rejected: 0 })
  await pipeline.start()
  await pipeline.settled()
  expect(
    await pipeline.sql('SELECT count(*) AS n FROM Wide WHERE email IS NOT NULL AND phone IS NOT NULL'),
  ).toEqual([{ n: 30 }])
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

test('a long refresh of formulas lets increments pass', async () => {
  const Valued = entity('Valued', {
    properties: { id: y.string(), weighted: y.optional(y.decimal()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    deduplication: { by: 'latest' },
  })
  const sf = await server({ pageSize: 5 })
  const { pipeline } = open([Valued])
  const producer = salesforce({
    object: 'Lead',
    entity: Valued,
    login: loginOf(sf),
    formulas: { hours: 1 },
    reading: { via: 'rest' },
    fields: { Id: y.string(), Weighted__c: y.optional(y.decimal()), SystemModstamp: y.dateTime() },
    normalise: (record, to) =>
      to.update({ id: record.Id, weighted: record.Weighted__c, at: record.SystemModstamp }),
  })
  const ids = Array.from({ length: 30 }, (_, n) => sf.insert('Lead', { Name: `${n}`, AnnualRevenue: '1.0' }))
  sf.clock.advance(60)
  await pipeline.run(producer)
  sf.clock.advance(3_600)
  sf.world.settings['rate'] = 2
  const before = sf.seen.length
  sf.faults.add(
    {
      kind: 'rewrite',
      body: (body) => {
        sf.update(ids[29] as string, { AnnualRevenue: '50.0' })
        sf.clock.advance(400)
        return body
      },
    },
    { on: /\/query\/01g/, times: 2 },
  )
  await pipeline.run(producer)
  const asked = sf.seen
    .slice(before)
    .map(({ request }) =>
      /ORDER BY SystemModstamp/.test(request) ? 'increment' : /\/query\/01g/.test(request) ? 'page' : '',
    )
  expect(asked.lastIndexOf('increment')).toBeGreaterThan(asked.indexOf('page'))
  expect(asked.lastIndexOf('increment')).toBeLessThan(asked.lastIndexOf('page'))
  sf.clock.advance(60)
  await pipeline.run(producer)
  await pipeline.start()
  await pipeline.settled()
  expect((await pipeline.current(Valued, { id: ids[29] as string }))?.weighted).toBe('100')
  expect((await pipeline.current(Valued, { id: ids[3] as string }))?.weighted).toBe('2')
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

test('CSV that begins with a byte order mark', async () => {
  const given = await setting()
  leads(given.sf, 12)
  given.sf.clock.advance(60)
  given.sf.faults.add({ kind: 'rewrite', body: (body) => `\uFEFF${body}` }, { on: /\/results/, times: 9 })
  expect((await given.run(people(given.sf, { reading: { via: 'bulk' } }))).stored).toBe(12)
  await expectSame(given, true)
  expect(csvReader().push('"a","b"\n')).toEqual([['a', 'b']])
})

const History = entity('LeadHistory', { identifier: ['Id'], timestamp: 'CreatedDate' })
const Anything = entity('Anything', { identifier: ['Id'], timestamp: 'SystemModstamp' })

test(
  'what is not seen to change is told once: deletes behind a stamp that they do not move, formulas, ' +
    'fields of parents',
  async () => {
    const sf = await server()
    const warnings: string[] = []
    const pipeline = closing(
      createPipeline([History, Anything, Person], {
        driver: embedded({ folder: ':memory:' }),
        observe: (signal) => {
          if (signal._tag === 'producer') warnings.push(signal.message)
        },
      }),
    )
    const told = async (running: Promise<unknown>): Promise<string[]> => {
      await running
      return warnings.splice(0)
    }
    const histories = salesforce({ object: 'LeadHistory', entity: History, login: loginOf(sf) })
    expect(await told(pipeline.run(histories))).toEqual([
      'LeadHistory: CreatedDate does not move when a record changes or is deleted: only reconcile finds ' +
        'deletes',
    ])
    expect(await told(pipeline.run(histories))).toEqual([])
    const all = salesforce({ object: 'Lead', entity: Anything, login: loginOf(sf) })
    expect((await told(pipeline.run(all))).filter((warning) => /formulas/.test(warning))).toEqual([
      'Lead: Weighted__c changes without its record changing: without formulas that is seen only when the ' +
        'record changes',
    ])
    expect((await told(pipeline.run(all))).filter((warning) => /formulas/.test(warning))).toEqual([])
  },
)

test(
  'a record that is deleted while it cannot be read is deleted all the same, once its definition is ' +
    'mended',
  async () => {
    const sf = await server({ objects: [lead] })
    const { pipeline } = open([Person])
    const of = (states: readonly ['Open', ...string[]]) =>
      salesforce({
        name: 'people',
        object: 'Lead',
        entity: Person,
        login: loginOf(sf),
        fields: { Id: y.string(), Status: y.enum(states), SystemModstamp: y.dateTime() },
        normalise: (record, to) =>
          to.update({ id: record.Id, name: record.Status, updatedAt: record.SystemModstamp }),
      })
    const id = sf.insert('Lead', { Name: 'x', Status: 'Open' })
    sf.clock.advance(60)
    await pipeline.run(of(['Open']))
    sf.update(id, { Status: 'Lost' })
    sf.delete(id)
    sf.clock.advance(60)
    expect(await pipeline.run(of(['Open']))).toMatchObject({ rejected: 1 })
    expect(await pipeline.quarantine.replay(of(['Open', 'Lost']))).toMatchObject({ replayed: 1, failed: [] })
    await pipeline.start()
    await pipeline.settled()
    expect(await pipeline.current(Person, { id })).toBeUndefined()
  },
)

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

test('a record that no refresh can read is in quarantine once, not once a night', async () => {
  const Valued = entity('Valued', {
    properties: { id: y.string(), status: y.optional(y.string()), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
    deduplication: { by: 'latest' },
  })
  const sf = await server()
  const { pipeline } = open([Valued])
  const producer = salesforce({
    object: 'Lead',
    entity: Valued,
    login: loginOf(sf),
    formulas: { hours: 0 },
    fields: { Id: y.string(), Status: y.enum(['Open']), SystemModstamp: y.dateTime() },
    normalise: (record, to) => to.update({ id: record.Id, status: record.Status, at: record.SystemModstamp }),
  })
  sf.insert('Lead', { Name: 'Bad', Status: 'Lost' })
  sf.clock.advance(60)
  for (let night = 0; night < 3; night++) {
    await pipeline.run(producer)
    sf.clock.advance(86_400)
  }
  expect(await pipeline.quarantine.list(producer)).toHaveLength(1)
})

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
