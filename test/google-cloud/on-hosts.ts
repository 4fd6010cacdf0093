// The google-cloud driver on emulators, for tests and the processes that they start.
import { Datastore } from '@google-cloud/datastore'
import { PubSub } from '@google-cloud/pubsub'
import type { Driver } from 'dreampipe'
import { googleCloud, type GoogleCloudOptions } from 'dreampipe/google-cloud'

// Otherwise the clients' first use asks a metadata server that only Google's machines have.
process.env['METADATA_SERVER_DETECTION'] = 'none'

export interface Hosts { readonly datastore: string; readonly pubsub: string }

export const onHosts = ({ datastore, pubsub }: Hosts, projectId: string, more: Partial<GoogleCloudOptions> = {}): Driver => googleCloud({
  projectId, namespace: 'test', provision: 'at run time',
  clients: { datastore: new Datastore({ projectId, apiEndpoint: datastore }), pubsub: new PubSub({ projectId, apiEndpoint: pubsub }) }, ...more,
})
