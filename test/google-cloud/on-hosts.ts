// The google-cloud driver on emulators, for tests and the processes that they start.
import { BigQuery } from '@google-cloud/bigquery'
import { Datastore } from '@google-cloud/datastore'
import { PubSub } from '@google-cloud/pubsub'
import type { Driver } from 'dreampipe'
import { googleCloud, type GoogleCloudOptions } from 'dreampipe/google-cloud'

// Otherwise the clients' first use asks a metadata server that only Google's machines have.
process.env['METADATA_SERVER_DETECTION'] = 'none'

/** Where the emulators are; without BigQuery's, nothing that speaks to it can be called. */
export interface Hosts {
  readonly datastore: string
  readonly pubsub: string
  readonly bigquery?: string
}

export const onHosts = (
  { datastore, pubsub, bigquery }: Hosts,
  projectId: string,
  more: { readonly [O in keyof GoogleCloudOptions]?: GoogleCloudOptions[O] } = {},
): Driver =>
  googleCloud({
    projectId,
    namespace: 'test',
    dataset: 'test',
    provision: 'at run time',
    clients: {
      datastore: new Datastore({ projectId, apiEndpoint: datastore }),
      pubsub: new PubSub({ projectId, apiEndpoint: pubsub }),
      bigquery: new BigQuery({ projectId: 'dreampipe', apiEndpoint: bigquery ?? 'http://127.0.0.1:1' }),
    },
    ...more,
  } as GoogleCloudOptions)
