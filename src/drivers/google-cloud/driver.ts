// The google-cloud driver: Firestore in Datastore mode for truth and views, Pub/Sub for topics, BigQuery for SQL.
import { E, type TaskEither } from '../../fp.ts'
import { brokenDown, reasonOf, type Infra } from '../../model/errors.ts'
import type { Driver, Ports } from '../../ports/driver.ts'
import type { QueryEngine } from '../../ports/query-engine.ts'
import { checkpointStore } from './checkpoint-store.ts'
import { datastoreClient, pubsubClients, type Clients } from './clients.ts'
import { datastore } from './datastore.ts'
import { eventStore } from './event-store.ts'
import { leases } from './lease.ts'
import { namesOf, type NameTemplates } from './names.ts'
import { withoutDataset } from './no-dataset.ts'
import { outbox } from './outbox.ts'
import { provision } from './provision.ts'
import type { TopicOptions } from './provisioning.ts'
import { pubsub } from './pubsub.ts'
import { registry } from './registry-datastore.ts'
import { topic } from './topic.ts'
import { viewStore } from './view-store.ts'

export interface GoogleCloudOptions {
  readonly projectId: string
  /** A named database; the default one without it. */
  readonly databaseId?: string
  /** Keeps pipelines apart in one database. */
  readonly namespace?: string
  /** Where views stand, if not in the same project, database and namespace. A rebuilt generation stands in `<namespace>.g2`, `.g3` … */
  readonly views?: { readonly projectId?: string; readonly databaseId?: string; readonly namespace?: string }
  /** Per entity, properties that events bear as typed indexed values too, for readers with Datastore's own tools. */
  readonly index?: { readonly [entity: string]: readonly string[] }
  /** Names of topics and subscriptions. */
  readonly names?: NameTemplates
  /** Whether the receiver also consumes an update topic per entity, where producers in any language publish YADTO maps. */
  readonly updates?: boolean
  /** Ordering keys that an entity's events are published under; 8 unless said, 0 for none. */
  readonly lanes?: number
  /** Makes topics and subscriptions when they are first used, for emulators and development. In production `provision` makes them beforehand. */
  readonly provision?: 'at run time'
  /** Milliseconds after which stored events that nobody published are published by the sweeper of any process; 10,000 unless said. */
  readonly sweepAfter?: number
  readonly clients?: Clients
}

const open = async (options: GoogleCloudOptions): Promise<E.Either<Infra, Ports>> => {
  const { projectId, databaseId = '', namespace = '', clients = {} } = options
  const rpc = await datastoreClient(projectId, clients.datastore)()
  if (rpc._tag === 'Left') return rpc
  const wires = await pubsubClients(projectId, clients.pubsub)()
  if (wires._tag === 'Left') return wires
  const store = datastore(rpc.right, { projectId, databaseId, namespace })
  const views = { projectId, databaseId, namespace, ...options.views }
  const shared = registry(store)
  const leased = leases(shared)
  const events = eventStore(store, outbox(store, options.sweepAfter ?? 10_000), { index: options.index ?? {}, pause: 10 })
  const pub = pubsub(wires.right, projectId)
  const queryEngine: QueryEngine = withoutDataset
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await leased.releaseAll()
    await Promise.all([rpc.right.close(), wires.right.publisher.close(), wires.right.subscriber.close()])
  }
  const settings: TopicOptions = { names: namesOf(options.names), lanes: options.lanes ?? 8, provisions: options.provision === 'at run time', updates: options.updates === true }
  return E.right({
    eventStore: events, queryEngine, checkpointStore: checkpointStore(store, shared, leased),
    topic: topic(pub, store, shared, leased, events, settings),
    provision: provision(pub, undefined, settings),
    viewStore: viewStore((generation) => datastore(rpc.right, { ...views, namespace: generation === 1 ? views.namespace : `${views.namespace}${views.namespace === '' ? '' : '.'}g${generation}` }), shared),
    close: () => (closing ??= close()),
  })
}

/** A pipeline on Google Cloud: `googleCloud({ projectId, namespace, dataset })`. */
export const googleCloud = (options: GoogleCloudOptions): Driver => ({
  name: 'google-cloud',
  open: (): TaskEither<Infra, Ports> => () => open(options).catch((thrown: unknown) => E.left(brokenDown('google-cloud', reasonOf(thrown), thrown))),
})
