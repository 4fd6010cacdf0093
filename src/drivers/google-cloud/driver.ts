// The google-cloud driver: Firestore in Datastore mode for truth and views, Pub/Sub for topics, BigQuery for
// SQL.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { brokenDown, invalidOption, isDreampipeError, reasonOf, type Infra } from '../../model/errors.ts'
import { checkOptions } from '../../model/options.ts'
import type { Driver, Ports } from '../../ports/driver.ts'
import type { QueryEngine, QueryEngineError } from '../../ports/query-engine.ts'
import { bigQueryClient } from './bigquery/client.ts'
import { checkpointStore } from './checkpoint-store.ts'
import { datastoreClient, pubsubClients, type Clients } from './clients.ts'
import { datastore } from './datastore/client.ts'
import { eventStore } from './event-store.ts'
import { leases } from './datastore/lease.ts'
import { checkTemplates, namesOf, type NameTemplates } from './names.ts'
import { outbox } from './datastore/outbox.ts'
import {
  datasetExists,
  provisionDataset,
  queryEngine as bigQueryEngine,
  type BigQueryEngine,
  type QueryEngineOptions,
} from './query-engine.ts'
import { provision, provisionNotes } from './provision.ts'
import type { TopicOptions } from './pubsub/provisioning.ts'
import { pubsub } from './pubsub/client.ts'
import { registry } from './datastore/registry-datastore.ts'
import { topic } from './topic.ts'
import { viewStore } from './view-store.ts'
import { once } from '../../waiting.ts'

/**
 * Which project, database and dataset a pipeline lives in, how its parts are named, and injected clients.
 */
export interface GoogleCloudOptions {
  readonly projectId: string
  /** A named database; the default one without it. */
  readonly databaseId?: string
  /** Keeps pipelines apart in one database. */
  readonly namespace?: string
  /**
   * Where views stand, if not in the same project, database and namespace. A rebuilt generation stands in
   * `<namespace>.g2`, `.g3` …
   */
  readonly views?: { readonly projectId?: string; readonly databaseId?: string; readonly namespace?: string }
  /**
   * Per entity, properties that events bear as typed indexed values too, for readers with Datastore's own
   * tools.
   */
  readonly index?: { readonly [entity: string]: readonly string[] }
  /** Names of topics and subscriptions. */
  readonly names?: NameTemplates
  /**
   * Whether the receiver also consumes an update topic per entity, where producers in any language publish
   * YADTO maps.
   */
  readonly updates?: boolean
  /** Ordering keys that an entity's events are published under; 8 unless said, 0 for none. */
  readonly lanes?: number
  /**
   * Makes topics and subscriptions when they are first used, for emulators and development. In production
   * `provision` makes them beforehand.
   */
  readonly provision?: 'at run time'
  /**
   * Milliseconds after which stored events that nobody published are published by the sweeper of any process;
   * 10,000 unless said.
   */
  readonly sweepAfter?: number
  /** The dataset of the query engine, in the same project unless `bigquery` says otherwise. */
  readonly dataset: string
  /** Where the dataset is, and what queries may cost. */
  readonly bigquery?: {
    readonly projectId?: string
    readonly location?: string
    /** Refuses a `sql` that would read more bytes. */
    readonly maximumBytesBilled?: bigint | number
    /** Labels of every job, for the bill. */
    readonly labels?: { readonly [name: string]: string }
  }
  readonly clients?: Clients
}

/** Milliseconds between looks for rows whose columns were late. */
const mendEach = 60_000

// Rows whose columns were late are written again now and then, also where nothing new comes.
const mending = (
  engine: BigQueryEngine,
  before: TaskEither<QueryEngineError, unknown>,
): { readonly queryEngine: QueryEngine; readonly stop: () => void } => {
  const entities = new Set<string>()
  let timer: ReturnType<typeof setInterval> | undefined
  const look = async (): Promise<void> => {
    for (const entity of entities) await engine.mendLate(entity)()
  }
  return {
    queryEngine: {
      ...engine,
      evolve: (entity, schema) => {
        entities.add(entity)
        timer ??= setInterval(() => void look(), mendEach).unref()
        return pipe(
          before,
          TE.flatMap(() => engine.evolve(entity, schema)),
        )
      },
    },
    stop: () => clearInterval(timer),
  }
}

const open = async (options: GoogleCloudOptions): Promise<E.Either<Infra, Ports>> => {
  const { projectId, databaseId = '', namespace = '', clients = {} } = options
  checkTemplates(options.names, options.updates === true)
  const rpc = await datastoreClient(projectId, clients.datastore)()
  if (rpc._tag === 'Left') return rpc
  const wires = await pubsubClients(projectId, clients.pubsub)()
  if (wires._tag === 'Left') return wires
  const store = datastore(rpc.right, { projectId, databaseId, namespace })
  const views = { projectId, databaseId, namespace, ...options.views }
  const shared = registry(store)
  const leased = leases(shared)
  const events = eventStore(store, outbox(store, options.sweepAfter ?? 10_000), {
    index: options.index ?? {},
    pause: 10,
  })
  const pub = pubsub(wires.right, projectId)
  const { dataset, bigquery: { projectId: warehouse = projectId, ...jobs } = {} } = options
  const bigquery = clients.bigquery ?? bigQueryClient({ projectId: warehouse })
  const settingsOfEngine: QueryEngineOptions = { dataset, ...jobs }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    stop()
    await leased.releaseAll()
    pub.end()
    await Promise.all([rpc.right.close(), wires.right.publisher.close(), wires.right.subscriber.close()])
  }
  const settings: TopicOptions = {
    names: namesOf(options.names, options.updates === true),
    lanes: options.lanes ?? 8,
    provisions: options.provision === 'at run time',
    updates: options.updates === true,
  }
  const made = once(provisionDataset(bigquery, settingsOfEngine)).get
  const { queryEngine, stop } = mending(
    bigQueryEngine(bigquery, shared, settingsOfEngine),
    settings.provisions ? made : TE.right(undefined),
  )
  return E.right({
    eventStore: events,
    queryEngine,
    checkpointStore: checkpointStore(store, shared, leased),
    topic: topic(pub, store, shared, leased, events, settings),
    provisionNotes,
    provision: provision(
      pub,
      shared,
      {
        name: dataset,
        exists: datasetExists(bigquery, settingsOfEngine),
        create: pipe(
          provisionDataset(bigquery, settingsOfEngine),
          TE.map(() => undefined),
        ),
      },
      settings,
    ),
    viewStore: viewStore(
      (generation) =>
        datastore(rpc.right, {
          ...views,
          namespace:
            generation === 1
              ? views.namespace
              : `${views.namespace}${views.namespace === '' ? '' : '.'}g${generation}`,
        }),
      shared,
    ),
    close: () => (closing ??= close()),
  })
}

/** A pipeline on Google Cloud: `googleCloud({ projectId, namespace, dataset })`. */
export const googleCloud = (options: GoogleCloudOptions): Driver => {
  checkOptions('googleCloud', options ?? null)
  for (const option of ['projectId', 'dataset'] as const)
    if (typeof options[option] !== 'string' || options[option] === '')
      throw invalidOption('googleCloud', option, 'is missing: googleCloud({ projectId, namespace, dataset })')
  return {
    name: 'google-cloud',
    open: (): TaskEither<Infra, Ports> => () =>
      open(options).catch((thrown: unknown) =>
        E.left(
          isDreampipeError(thrown, 'Unavailable')
            ? thrown
            : brokenDown('google-cloud', reasonOf(thrown), thrown),
        ),
      ),
  }
}
