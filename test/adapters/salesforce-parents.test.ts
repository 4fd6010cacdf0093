// Fields of parents: polymorphic ones, parents of thirty kinds, and parents of parents, which are refused.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { systemFields, type SObject } from 'dreampipe/adapters/salesforce/testing'
import { errorOf, open } from '../flow/kit.ts'
import { loginOf, Person, server, setting } from './salesforce-kit.ts'

const Thing = entity('Thing', {
  properties: { id: y.string(), owner: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

test(
  'fields of parents, polymorphic ones too, by REST and by Bulk; the address of a query that is too ' +
    'long leaves it to Bulk',
  async () => {
    const many = Array.from({ length: 400 }, (_, n) => ({
      name: `A_field_with_a_rather_long_name_${n}__c`,
      type: 'string' as const,
    }))
    const sf = await server()
    for (const field of many) sf.addField('Lead', field)
    const owner = sf.insert('User', { Name: 'Ann' })
    sf.insert('Lead', { Name: 'One', OwnerId: owner })
    sf.clock.advance(60)
    const { pipeline } = open([Thing])
    const of = (via: 'rest' | 'bulk' | 'auto', more: boolean) =>
      salesforce({
        name: `things-${via}`,
        object: 'Lead',
        entity: Thing,
        login: loginOf(sf),
        reading: { via, poll: 5 },
        fields: {
          Id: y.string(),
          Owner: y.optional(y.object({ Name: y.string() })),
          SystemModstamp: y.dateTime(),
          ...(more ? Object.fromEntries(many.map(({ name }) => [name, y.optional(y.string())])) : {}),
        },
        normalise: (record, to) =>
          to.update({ id: record.Id, owner: record.Owner?.Name, at: record.SystemModstamp }),
      })
    expect(await pipeline.run(of('rest', false))).toMatchObject({ stored: 1 })
    expect(await pipeline.run(of('bulk', false))).toMatchObject({ stored: 0, duplicate: 1 })
    expect(await pipeline.run(of('auto', true))).toMatchObject({ stored: 0, duplicate: 1 })
    expect(sf.seen.filter(({ request }) => /POST .*jobs/.test(request)).length).toBe(2)
    expect(sf.seen.filter(({ request, status }) => status >= 400 && !request.includes('Group'))).toEqual([])
    expect((await pipeline.find(Thing)).items).toMatchObject([])
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.find(Thing)).items).toMatchObject([{ owner: 'Ann' }])
  },
)

const parents = Array.from({ length: 30 }, (_, n): SObject => ({
  name: `Parent${n}__c`,
  keyPrefix: `b${String(n).padStart(2, '0')}`,
  fields: [...systemFields(), { name: 'Name', type: 'string' }],
}))
const visit: SObject = {
  name: 'Visit__c',
  keyPrefix: 'a0V',
  fields: [
    ...systemFields(),
    {
      name: 'WhatId',
      type: 'reference',
      referenceTo: parents.map(({ name }) => name),
      relationshipName: 'What',
    },
  ],
}
const Visit = entity('Visit', {
  properties: { id: y.string(), what: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

test('a parent of thirty kinds does not cost thirty calls', async () => {
  const given = await setting({ objects: [visit, ...parents] })
  const { pipeline } = open([Visit])
  const { sf } = given
  sf.insert('Visit__c', { WhatId: sf.insert('Parent29__c', { Name: 'Last' }) })
  sf.clock.advance(60)
  const producer = salesforce({
    object: 'Visit__c',
    entity: Visit,
    login: loginOf(sf),
    fields: {
      Id: y.string(),
      What: y.optional(y.object({ Name: y.optional(y.string()) })),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) =>
      to.update({ id: record.Id, what: record.What?.Name, at: record.SystemModstamp }),
  })
  expect(await pipeline.run(producer)).toMatchObject({ stored: 1 })
  expect(sf.used()).toBeLessThan(12)
})

test('a parent of a parent is refused before anything is read', async () => {
  const sf = await server()
  const { pipeline } = open([Person])
  const producer = salesforce({
    object: 'Lead',
    entity: Person,
    login: loginOf(sf),
    fields: {
      Id: y.string(),
      Account: y.optional(y.object({ Owner: y.optional(y.object({ Name: y.string() })) })),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) => to.update({ id: record.Id, updatedAt: record.SystemModstamp }),
  })
  expect((await errorOf(pipeline.run(producer))).problems).toMatchObject([
    {
      code: 'Missing',
      path: 'Account.Owner',
      message: expect.stringContaining('a parent of a parent is not read'),
    },
  ])
})
