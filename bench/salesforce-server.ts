// The server of the Salesforce benchmark, in a process of its own: two objects with 200,000 records each,
// pages kept once they are rendered.
import {
  localSalesforce,
  systemFields,
  type Field,
  type SObject,
  type Values,
} from 'dreampipe/adapters/salesforce/testing'
import { generator } from './sample.ts'

const count = Number(process.argv[2] ?? 200_000)
const narrow: readonly Field[] = [
  ...systemFields('MasterRecordId', 'LastModifiedDate'),
  { name: 'Name', type: 'string' },
  { name: 'Email', type: 'email' },
  { name: 'Revenue__c', type: 'currency', precision: 18, scale: 2 },
  { name: 'Employees__c', type: 'int' },
  { name: 'Active__c', type: 'boolean' },
]
const more: readonly Field[] = Array.from({ length: 43 }, (_, n): Field => {
  const name = `Field${n}__c`
  return n % 6 === 0
    ? { name, type: 'double', precision: 16, scale: 3 }
    : n % 6 === 1
      ? { name, type: 'date' }
      : n % 6 === 2
        ? { name, type: 'datetime' }
        : { name, type: 'string' }
})
const objects: readonly SObject[] = [
  { name: 'Narrow__c', keyPrefix: 'a01', fields: narrow },
  { name: 'Wide__c', keyPrefix: 'a02', fields: [...narrow, ...more] },
]

const random = generator(3)
const words = ['Alpine Cargo', 'Berlin "Freight" GmbH', 'Delta, Ember & Co', 'Fjord', 'Granite Harbour']
const word = (): string => `${words[Math.floor(random() * words.length)]} ${Math.floor(random() * 1e5)}`
const day = (): string => new Date(Date.UTC(2020, 0, 1) + Math.floor(random() * 2e11)).toISOString()
const valuesOf = (fields: readonly Field[]): Values =>
  Object.fromEntries(
    fields
      .filter(({ name }) => name.endsWith('__c') || name === 'Name' || name === 'Email')
      .map(({ name, type }) => [
        name,
        type === 'email'
          ? `${Math.floor(random() * 1e6)}@example.com`
          : type === 'currency' || type === 'double'
            ? (random() * 1e6).toFixed(2)
            : type === 'int'
              ? Math.floor(random() * 1e4)
              : type === 'boolean'
                ? random() < 0.5
                : type === 'date'
                  ? day().slice(0, 10)
                  : type === 'datetime'
                    ? `${day().slice(0, 19)}.000+0000`
                    : random() < 0.1
                      ? null
                      : word(),
      ]),
  )

const sf = await localSalesforce({ objects, keepPages: true, bulkPageSize: count, polls: 1, dailyCalls: 1e9 })
for (const { name, fields } of objects) for (let n = 0; n < count; n++) sf.insert(name, valuesOf(fields))
sf.clock.advance(24 * 3_600)
console.log(JSON.stringify({ url: sf.url, token: sf.sessions.issue() }))
process.stdin.on('end', () => process.exit(0)).resume()
