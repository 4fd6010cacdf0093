// The query engine on BigQuery: rows by streaming inserts, idempotent by event; what is live of an entity
// stands in the registry, for all replicas.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { unavailable } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { QueryEngine, QueryEngineError } from '../../ports/query-engine.ts'
import { restOf, type BigQuerySource } from './bigquery/client.ts'
import { engineError } from './bigquery/errors.ts'
import type { JobOptions } from './bigquery/jobs.ts'
import { select } from './bigquery/select.ts'
import { advanceBuild, beginBuild, generationsOf, swapBuild } from './bigquery/build.ts'
import { checkRows, lackingRows } from './bigquery/check.ts'
import type { Row } from '../../schema/bigquery-row.ts'
import { insertRows, isTableGone, rowsOf, type Inserting, type NotLive } from './bigquery/insert.ts'
import { lateness } from './bigquery/late.ts'
import { livesIn, writtenTo, type LiveTables } from './bigquery/live.ts'
import { ensureDataset, hasDataset } from './bigquery/tables.ts'
import { evolve } from './bigquery/evolve.ts'
import type { Registry } from './datastore/registry.ts'

export interface QueryEngineOptions extends JobOptions {
  readonly dataset: string
  /**
   * Milliseconds for which a replica trusts what it knows of an entity's tables, and a rebuild waits for all
   * to know of it; 1,000 unless said. The same for all replicas.
   */
  readonly freshFor?: number
  /** Milliseconds for which a call to BigQuery is tried again; 30,000 unless said. */
  readonly patience?: number
  /** Milliseconds after which columns that BigQuery did not take yet are tried again; 10,000 unless said. */
  readonly retryLate?: number
}

/** The query engine, and what the driver keeps it in order by. */
export interface BigQueryEngine extends QueryEngine {
  /**
   * Writes rows again whose columns were late, where there are any; answers how many still wait. To be called
   * now and then, and after a start.
   */
  readonly mendLate: (entity: string) => TaskEither<QueryEngineError, number>
}

/** Makes the dataset where it is missing: for provisioning. True where it was made. */
export const provisionDataset = (
  bigquery: BigQuerySource,
  { dataset, location, patience = 30_000 }: QueryEngineOptions,
): TaskEither<QueryEngineError, boolean> =>
  TE.tryCatch(
    () => ensureDataset(restOf(bigquery, dataset, patience), location),
    (thrown) => engineError(`provision ${dataset}`, thrown),
  )

/** Whether the dataset is there. */
export const datasetExists = (
  bigquery: BigQuerySource,
  { dataset, patience = 30_000 }: QueryEngineOptions,
): TaskEither<QueryEngineError, boolean> =>
  TE.tryCatch(
    () => hasDataset(restOf(bigquery, dataset, patience)),
    (thrown) => engineError(`provision ${dataset}`, thrown),
  )

export const queryEngine = (
  bigquery: BigQuerySource,
  registry: Registry,
  options: QueryEngineOptions,
): BigQueryEngine => {
  const { dataset, location, labels, freshFor = 1_000, patience = 30_000, retryLate = 10_000 } = options
  // What a user's query may cost does not bind the engine's own.
  const own: JobOptions = { location, labels }
  const rest = restOf(bigquery, dataset, patience)
  const lives = livesIn(registry, dataset, freshFor)
  const notLive = new Map<string, NotLive>()
  const inserting = (entity: string, { columns }: LiveTables): Inserting => ({
    rest,
    entity,
    columns,
    notLive,
    retryLate,
    late: (recordedAt) => late.mark(entity, recordedAt),
  })
  const late = lateness(rest, lives, own, inserting)
  const mending = new Map<string, { readonly from: number; readonly gap: number }>()
  const turns = new Map<string, Promise<unknown>>()

  const attempt = <A>(
    verb: string,
    entity: string,
    work: () => Promise<A>,
  ): TaskEither<QueryEngineError, A> =>
    TE.tryCatch(work, (thrown) => engineError(`${verb} ${entity}`, thrown))

  // One at a time in this process: those that wait find it done.
  const inTurn = <A>(entity: string, work: () => Promise<A>): Promise<A> => {
    const next = (turns.get(entity) ?? Promise.resolve()).then(work)
    turns.set(
      entity,
      next.catch(() => undefined),
    )
    return next
  }

  // The rows of events, and what was live when they were made.
  const encoded = async (
    entity: string,
    events: readonly StoredEvent[],
  ): Promise<{ readonly live: LiveTables; readonly rows: readonly Row[] }> => {
    const known = await lives.current(entity)
    const rows = known === undefined ? [] : rowsOf(entity, events, known.columns)
    if (known !== undefined && rows.every((row) => row.late === 0)) return { live: known, rows }
    // A value without a column: another replica may have made it a moment ago.
    const live = await lives.reload(entity)
    if (live === undefined) throw unavailable(`query engine ${entity}`, 'its tables are not made yet')
    return { live, rows: rowsOf(entity, events, live.columns) }
  }

  const append = async (entity: string, events: readonly StoredEvent[]): Promise<boolean> => {
    if (events.length === 0) return true
    const { live: first, rows } = await encoded(entity, events)
    for (let live = first; ;) {
      const written = await Promise.allSettled(
        writtenTo(live).map((generation) => insertRows(inserting(entity, first), generation, rows)),
      )
      const failures = written.flatMap((one): readonly unknown[] =>
        one.status === 'rejected' ? [one.reason] : [],
      )
      if (failures.length === 0) return true
      const now = failures.every(isTableGone) ? await lives.reload(entity) : undefined
      // A generation that is written to no more was dropped, and all that count are to be written to.
      if (now === undefined || writtenTo(now).join() === writtenTo(live).join())
        throw failures.find((failure) => !isTableGone(failure)) ?? failures[0]
      live = now
    }
  }

  // Less often each time in vain: what is late is looked for in all rows since then.
  const mendNow = async (entity: string): Promise<number> => {
    const still = await late.mend(entity)
    const gap =
      still === 0 ? retryLate : Math.min((mending.get(entity)?.gap ?? retryLate / 2) * 2, retryLate * 30)
    mending.set(entity, { from: performance.now() + gap, gap })
    return still
  }

  const evolveNow = async (entity: string, schema: Parameters<QueryEngine['evolve']>[1]): Promise<void> => {
    await evolve(rest, lives, entity, schema)
    const live = await lives.current(entity)
    if (live?.late !== undefined && performance.now() > (mending.get(entity)?.from ?? 0))
      await mendNow(entity)
  }

  const onLive = <A>(
    verb: string,
    entity: string,
    work: (live: LiveTables) => Promise<A>,
  ): TaskEither<QueryEngineError, A> =>
    attempt(verb, entity, async () => {
      const live = await lives.reload(entity)
      if (live === undefined) throw unavailable(`${verb} ${entity}`, 'its tables are not made yet')
      return work(live)
    })

  return {
    evolve: (entity, schema) =>
      attempt('query engine', entity, () => inTurn(entity, () => evolveNow(entity, schema))),
    append: (entity, events) => attempt('query engine', entity, () => append(entity, events)),
    position: () => TE.right(undefined),
    lacking: (entity, events) =>
      attempt('query engine', entity, async () => {
        const live = await lives.current(entity)
        return live === undefined ? events : lackingRows(rest, own, entity, live, events)
      }),
    check: (entity, range) => onLive('verify', entity, (live) => checkRows(rest, own, entity, live, range)),
    fill: (entity, events) =>
      onLive('rebuild', entity, async (live) => {
        if (live.building !== undefined)
          await insertRows(
            inserting(entity, live),
            live.building.generation,
            rowsOf(entity, events, live.columns),
          )
      }),
    generations: {
      of: (entity) => onLive('rebuild', entity, async (live) => generationsOf(live)),
      begin: (entity, definition) =>
        pipe(
          attempt('rebuild', entity, () => inTurn(entity, () => beginBuild(rest, lives, entity, definition))),
          TE.flatMap((build) =>
            build === undefined
              ? TE.left<QueryEngineError, never>(
                  unavailable(`rebuild ${entity}`, 'its tables are not made yet'),
                )
              : TE.fromEither(E.right(build)),
          ),
        ),
      advance: (entity, build) => attempt('rebuild', entity, () => advanceBuild(lives, entity, build)),
      swap: (entity, generation) =>
        attempt('rebuild', entity, () => inTurn(entity, () => swapBuild(rest, lives, entity, generation))),
    },
    query: (text, parameters, { integers }) => select(rest, text, parameters, integers, options),
    mendLate: (entity) => attempt('query engine', entity, () => mendNow(entity)),
  }
}
