// The fields of an object, printed to be pasted, and read as they were pasted.
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { y } from 'dreampipe'
import { describeFields, salesforce } from 'dreampipe/adapters/salesforce'
import { fields, loginOf, Person, server, setting } from './salesforce-kit.ts'

test('the fields of an object, to paste', async () => {
  const sf = await server()
  const text = await describeFields({ login: loginOf(sf), object: 'Account' })
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'fields: {',
      '  Id: y.string(),',
      '  SystemModstamp: y.dateTime(),',
      '  Name: y.optional(y.string()),',
      '  AnnualRevenue: y.optional(y.decimal()),',
      '}',
      '  BillingAddress: y.optional(y.object({ Street: y.optional(y.string()), City: ' +
        'y.optional(y.string()), State: y.optional(y.string()), PostalCode: y.optional(y.string()), ' +
        'Country: y.optional(y.string()), Latitude: y.optional(y.double()), Longitude: ' +
        'y.optional(y.double()) })),',
    ]),
  )
})

test.for(['rest', 'bulk'] as const)(
  'what is printed reads every field of every type, pasted as it is: %s',
  async (via) => {
    const given = await setting()
    const { sf } = given
    const account = sf.insert('Account', { Name: 'Acme' })
    sf.insert('Lead', {
      Name: 'Full',
      Status: 'Open',
      Interests__c: 'A;C',
      AnnualRevenue: '12.50',
      Discount__c: '12.5',
      NumberOfEmployees: 7,
      Visits__c: '9007199254740993',
      HasOptedOut: true,
      Birthday__c: '2020-11-16',
      LastCall__c: '2020-10-22T21:03:23.000+0000',
      BestTime__c: '10:15:00.000Z',
      Extra__c: '{"a":1}',
      AccountId: account,
      Latitude: '46.947922',
      City: 'Bern',
      Place__Latitude__s: '46.5',
    })
    sf.insert('Lead', { Name: 'Empty' })
    sf.clock.advance(60)
    const text = await describeFields({ login: loginOf(sf), object: 'Lead' })
    const pasted = (runInNewContext(`({ ${text} })`, { y }) as { readonly fields: typeof fields }).fields
    const records: unknown[] = []
    const all = salesforce({
      object: 'Lead',
      entity: Person,
      login: loginOf(sf),
      reading: { via, poll: 5 },
      fields: pasted,
      normalise: (record, to) => {
        records.push(record)
        return to.update({ id: record.Id, name: record.Name, updatedAt: record.SystemModstamp })
      },
    })
    expect(await given.run(all as never)).toMatchObject({ stored: 2, rejected: 0 })
    expect(
      given.warnings.filter((message) => message.includes('left out') && !message.includes('Photo__c')),
    ).toEqual([])
    expect(records.find((record) => (record as { readonly Name: string }).Name === 'Full')).toMatchObject({
      Interests__c: ['A', 'C'],
      AnnualRevenue: '12.5',
      Discount__c: '12.5',
      NumberOfEmployees: 7,
      Visits__c: 9007199254740993n,
      HasOptedOut: true,
      Birthday__c: '2020-11-16',
      LastCall__c: '2020-10-22T21:03:23.000000Z',
      BestTime__c: '10:15:00',
      Extra__c: { a: 1 },
      AccountId: account,
      Address: { City: 'Bern', Latitude: 46.947922, Street: null },
      Place__c: { Latitude: 46.5, Longitude: null },
      Weighted__c: '12.5',
      OwnerId: null,
    })
  },
)
