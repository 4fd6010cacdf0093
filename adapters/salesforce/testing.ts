// The entry dreampipe/adapters/salesforce/testing: a local Salesforce over HTTP, its data, and its faults.
export {
  localSalesforce,
  type LocalSalesforce,
  type LocalSalesforceOptions,
  type Seen,
} from './testing/server.ts'
export { faults, type Fault, type Faults, type When } from './testing/faults.ts'
export { account, activity, lead, leadHistory, sampleObjects, user } from './testing/sample.ts'
export {
  systemFields,
  type Field,
  type FieldType,
  type SObject,
  type Value,
  type Values,
} from './testing/objects.ts'
export type { Changes, ChangeKind, Clock, Logged, Store, Transaction } from './testing/store.ts'
export type { Client } from './testing/oauth.ts'
