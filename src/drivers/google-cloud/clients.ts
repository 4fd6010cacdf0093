// Google's clients, loaded on first use and only then: a package that is not installed is told with the
// command that installs it.
import type { BigQuery } from '@google-cloud/bigquery'
import type { Datastore as DatastoreClient } from '@google-cloud/datastore'
import type { PubSub as PubSubClient } from '@google-cloud/pubsub'
import { E, type TaskEither } from '../../fp.ts'
import { missingDependency, unavailable, type Infra } from '../../model/errors.ts'
import type { PubSubClients } from './pubsub/client.ts'

/**
 * Clients of one's own, with their own credentials and options; without them, Application Default Credentials
 * and the `*_EMULATOR_HOST` variables decide.
 */
export interface Clients {
  readonly datastore?: DatastoreClient
  readonly pubsub?: PubSubClient
  readonly bigquery?: BigQuery
}

const isMissing = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  (thrown.code === 'ERR_MODULE_NOT_FOUND' || thrown.code === 'MODULE_NOT_FOUND')

const loaded =
  <A>(name: string, load: () => Promise<A>): TaskEither<Infra, A> =>
  async () => {
    try {
      return E.right(await load())
    } catch (thrown) {
      return E.left(
        isMissing(thrown)
          ? missingDependency('google-cloud', name, thrown)
          : unavailable('google-cloud', `${name} does not load`, thrown),
      )
    }
  }

/** The low-level client of a database: the high-level one lends its options and credentials. */
export const datastoreClient = (projectId: string, given: DatastoreClient | undefined) =>
  loaded('@google-cloud/datastore', async () => {
    const { Datastore, v1 } = await import('@google-cloud/datastore')
    const client = given ?? new Datastore({ projectId })
    return new v1.DatastoreClient(client.options as never)
  })

export const pubsubClients = (projectId: string, given: PubSubClient | undefined) =>
  loaded('@google-cloud/pubsub', async (): Promise<PubSubClients> => {
    const { PubSub, v1 } = await import('@google-cloud/pubsub')
    const client = given ?? new PubSub({ projectId })
    // Endpoint and credentials of an emulator are found out here.
    await client.getClientConfig()
    const { options } = client
    return {
      publisher: new v1.PublisherClient(options as never),
      subscriber: new v1.SubscriberClient(options as never),
    }
  })
