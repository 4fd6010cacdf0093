// The entry dreampipe/google-cloud: Firestore in Datastore mode, Pub/Sub and BigQuery.
export { googleCloud, type GoogleCloudOptions } from './drivers/google-cloud/driver.ts'
export type { Clients } from './drivers/google-cloud/clients.ts'
export type { NameTemplates, Template } from './drivers/google-cloud/names.ts'
