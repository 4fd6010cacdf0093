// What changes without its record changing: formulas are refreshed, and what is not seen is told.
import { expect, test } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { closing, collect, open } from '../flow/kit.ts'
import { expectProven, loginOf, memory, Person, server } from './salesforce-kit.ts'

const Valued = entity('Valued', {
  properties: { id: y.string(), weighted: y.optional(y.decimal()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  deduplication: { by: 'latest' },
})

for (const via of ['rest', 'bulk'] as const) {
  test(`formulas change without a stamp: refreshed, stored where changed, and back: ${via}`, async () => {
    const sf = await server({ pageSize: 10 })
    const { pipeline } = memory([Valued])
    const producer = salesforce({
      object: 'Lead',
      entity: Valued,
      login: loginOf(sf),
      formulas: { hours: 1 },
      reading: { via, poll: 5, bulkPage: 10 },
      fields: { Id: y.string(), Weighted__c: y.optional(y.decimal()), SystemModstamp: y.dateTime() },
      normalise: (record, to) =>
        to.update({ id: record.Id, weighted: record.Weighted__c, at: record.SystemModstamp }),
    })
    sf.world.settings['rate'] = 1
    const ids = Array.from({ length: 25 }, (_, n) =>
      sf.insert('Lead', { Name: `${n}`, AnnualRevenue: n % 5 === 0 ? '0.0' : `${n}.0` }),
    )
    sf.clock.advance(60)
    expect((await pipeline.run(producer)).stored).toBe(25)
    for (const [rate, changed] of [
      [2, 20],
      [2, 0],
      [1, 20],
    ] as const) {
      sf.world.settings['rate'] = rate
      sf.clock.advance(3_600)
      expect((await pipeline.run(producer)).stored, `rate ${rate}`).toBe(changed)
    }
    // Changed after the instant that the refresh shows: left to its increment, which brings it, formula and
    // all.
    sf.clock.advance(3_630)
    sf.update(ids[1] as string, { AnnualRevenue: '100.0' })
    expect(await pipeline.run(producer)).toMatchObject({ stored: 0, outdated: 0, duplicate: 24 })
    sf.clock.advance(60)
    expect((await pipeline.run(producer)).stored).toBe(1)
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.current(Valued, { id: ids[1] as string }))?.weighted).toBe('100')
    expect((await pipeline.current(Valued, { id: ids[2] as string }))?.weighted).toBe('2')
    expect(
      (await collect(pipeline.history(Valued, { id: ids[2] as string }))).map((event) =>
        event.operation === 'upsert' ? event.properties.weighted : '',
      ),
    ).toEqual(['2', '4', '2'])
    expectProven(await pipeline.verify(Valued))
  })
}

test('formulas need an entity that tells a change from its repetition', () => {
  expect(() =>
    salesforce({
      object: 'Lead',
      entity: Person,
      login: { instanceUrl: 'http://127.0.0.1', accessToken: 'none' },
      fields: { Id: y.string() },
      formulas: { hours: 24 },
      normalise: (record, to) => to.update({ id: record.Id, updatedAt: '' }),
    }),
  ).toThrow(expect.objectContaining({ _tag: 'InvalidDefinition', path: 'formulas' }))
})

test('a long refresh of formulas lets increments pass', async () => {
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
