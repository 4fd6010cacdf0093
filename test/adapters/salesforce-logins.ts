// What the tests of logins share: a pair of keys, and a producer that logs in as it is told.
import { generateKeyPairSync } from 'node:crypto'
import { salesforce, salesforceOrg, type Login } from 'dreampipe/adapters/salesforce'
import { fields, Person } from './salesforce-kit.ts'

export const producerOf = (login: Login, timeout = 1_000) =>
  salesforce({
    object: 'Lead',
    entity: Person,
    login: salesforceOrg({ login, timeout }),
    fields,
    normalise: (record, to) =>
      to.update({ id: record.Id, name: record.Name, updatedAt: record.SystemModstamp }),
  })

export const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
