// The google-cloud driver on emulators of Datastore, Pub/Sub and BigQuery, for benchmarks and try-outs.
import { BigQuery } from '@google-cloud/bigquery'
import { Datastore } from '@google-cloud/datastore'
import { PubSub } from '@google-cloud/pubsub'
import type { Driver } from 'dreampipe'
import { googleCloud } from 'dreampipe/google-cloud'
import { bigQueryProject, findBigQuery, startBigQuery } from '../test/emulators/bigquery.ts'
import { emulator, howToGet } from '../test/emulators/google.ts'

/** Starts all three; says what is missing, and ends, where one cannot be had. */
export const startCloud = async (): Promise<{
  readonly driver: Driver
  readonly stop: () => Promise<void>
}> => {
  const [store, messages] = await Promise.all([emulator('firestore'), emulator('pubsub')])
  const warehouse = findBigQuery()
  if (store === undefined || messages === undefined || warehouse.at === undefined) {
    const missing = [
      ...(store === undefined ? [howToGet('firestore')] : []),
      ...(messages === undefined ? [howToGet('pubsub')] : []),
      ...(warehouse.at === undefined ? [warehouse.missing] : []),
    ]
    console.log(`not run: ${missing.join('; ')}`)
    process.exit(0)
  }
  const { front, stop } = await startBigQuery(warehouse.at)
  const projectId = 'bench'
  const driver = googleCloud({
    projectId,
    dataset: 'bench',
    provision: 'at run time',
    clients: {
      datastore: new Datastore({ projectId, apiEndpoint: store.host }),
      pubsub: new PubSub({ projectId, apiEndpoint: messages.host }),
      bigquery: new BigQuery({ projectId: bigQueryProject, apiEndpoint: front.endpoint }),
    },
  })
  return { driver, stop: async () => void (await Promise.all([store.stop(), messages.stop(), stop()])) }
}
