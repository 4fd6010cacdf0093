// The query engine on DuckDB: a disposable replica; its position stands in the same transaction as its rows.
import type { DuckDBConnection } from '@duckdb/node-api'
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { notStarted, unavailable, type NotStarted } from '../../model/errors.ts'
import type { QueryEngine, QueryEngineError } from '../../ports/query-engine.ts'
import { logTable } from '../../schema/duckdb.ts'
import type { DuckDb, LiveTables } from './duckdb/client.ts'
import { duckDbError } from './duckdb/errors.ts'
import { advanceBuild, beginBuild, generationsOf, swapBuild } from './duckdb/build.ts'
import { checkRows } from './duckdb/check.ts'
import { select } from './duckdb/select.ts'
import { live, evolve } from './duckdb/live.ts'
import { position, insert, append } from './duckdb/insert.ts'

/** Who opens DuckDB in this process, and who projects into it elsewhere. */
export interface Replica {
  /** Opens the file for this process, once. */
  readonly open: TaskEither<QueryEngineError, DuckDb>
  /** What this process has open already. */
  readonly opened: () => DuckDb | undefined
  /** The process that projects, as `host:pid`. */
  readonly owner: TaskEither<QueryEngineError, string | undefined>
  readonly release: () => Promise<void>
}

export const queryEngine = (replica: Replica): QueryEngine => {
  const withWriter = <A>(
    verb: string,
    work: (connection: DuckDBConnection, duckdb: DuckDb) => Promise<A>,
  ): TaskEither<QueryEngineError, A> =>
    pipe(
      replica.open,
      TE.flatMap((duckdb) =>
        TE.tryCatch(
          () => duckdb.exclusive((connection) => work(connection, duckdb)),
          (thrown): QueryEngineError => duckDbError(verb, thrown),
        ),
      ),
    )

  // Only where this process projects: opening the file elsewhere would take it from its owner.
  const opened =
    (verb: string): TaskEither<QueryEngineError | NotStarted, DuckDb> =>
    async () => {
      const duckdb = replica.opened()
      if (duckdb !== undefined) return E.right(duckdb)
      const owner = await replica.owner()
      if (owner._tag === 'Left') return owner
      return E.left(
        owner.right === undefined
          ? notStarted(verb, 'nobody projects into the query engine: call pipeline.start() in this process')
          : unavailable(
              verb,
              owner.right.endsWith(`:${process.pid}`)
                ? 'this process is about to open the query engine: try again'
                : `the query engine belongs to the process ${owner.right}: ask there, or try again when ` +
                    `it has gone`,
            ),
      )
    }

  // What is live of an entity, for work on its tables in the process that projects.
  const onLive = <A>(
    verb: string,
    entity: string,
    work: (connection: DuckDBConnection, duckdb: DuckDb, now: LiveTables) => Promise<A>,
  ): TaskEither<QueryEngineError | NotStarted, A> =>
    pipe(
      opened(`${verb} ${entity}`),
      TE.flatMap((duckdb) =>
        TE.tryCatch(
          () =>
            duckdb.exclusive(async (connection) => {
              const now = await live(connection, duckdb, entity)
              if (now === undefined) throw unavailable(`${verb} ${entity}`, 'its tables are not made yet')
              await duckdb.makeRoomToAsk()
              return work(connection, duckdb, now)
            }),
          (thrown): QueryEngineError | NotStarted => duckDbError(`${verb} ${entity}`, thrown),
        ),
      ),
    )

  return {
    evolve: (entity, schema) =>
      withWriter(`query engine ${entity}`, (connection, duckdb) =>
        evolve(connection, duckdb, entity, schema),
      ),
    append: (entity, events, step) =>
      withWriter(`query engine ${entity}`, (connection, duckdb) =>
        append(connection, duckdb, entity, events, step),
      ),
    position: (entity) => withWriter(`query engine ${entity}`, (_, duckdb) => position(duckdb, entity)),
    lacking: (entity, events) =>
      withWriter(`query engine ${entity}`, async (connection, duckdb) => {
        const current = await live(connection, duckdb, entity)
        if (current === undefined || events.length === 0) return events
        const asked = JSON.stringify(events.map(({ entityId, sequence }) => ({ e: entityId, s: sequence })))
        const rows = (
          await connection.runAndReadAll(
            `SELECT l._entity_id, l._sequence FROM ${logTable(entity, current.generation)} AS l SEMI JOIN ` +
              `(SELECT unnest(from_json($1, '[{"e":"VARCHAR","s":"BIGINT"}]')) AS a) AS q ON ` +
              `l._entity_id = q.a.e AND l._sequence = q.a.s`,
            [asked],
          )
        ).getRows()
        const held = new Set(rows.map(([entityId, sequence]) => `${String(entityId)}.${String(sequence)}`))
        return events.filter(({ entityId, sequence }) => !held.has(`${entityId}.${sequence}`))
      }),
    check: (entity, range) =>
      onLive('verify', entity, (connection, duckdb, now) =>
        checkRows(duckdb, connection, entity, now, range),
      ),
    fill: (entity, events) =>
      onLive('rebuild', entity, (_, duckdb, now) =>
        insert(duckdb, entity, now, now.building === undefined ? [] : [now.building.generation], events),
      ),
    generations: {
      of: (entity) => onLive('rebuild', entity, async (_, __, now) => generationsOf(now)),
      begin: (entity, definition) =>
        onLive('rebuild', entity, (connection, duckdb, now) =>
          beginBuild(duckdb, connection, entity, now, definition),
        ),
      advance: (entity, build) =>
        onLive('rebuild', entity, (connection, duckdb, now) =>
          advanceBuild(duckdb, connection, entity, now, build),
        ),
      swap: (entity, generation) =>
        onLive('rebuild', entity, (connection, duckdb, now) =>
          swapBuild(duckdb, connection, entity, now, generation),
        ),
    },
    query: (text, parameters, options) =>
      pipe(
        opened('sql'),
        TE.flatMap((duckdb) => select(duckdb, text, parameters, options)),
      ),
  }
}
