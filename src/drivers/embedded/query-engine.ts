// The query engine on DuckDB: a disposable replica; its position stands in the same transaction as its rows.
import type { DuckDBConnection } from '@duckdb/node-api'
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { notStarted, unavailable, type NotStarted } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { EntitySchema } from '../../model/schema.ts'
import type { PositionStep, QueryEngine, QueryEngineError } from '../../ports/query-engine.ts'
import type { Build } from '../../ports/view-store.ts'
import { growColumns, leafCount, type Columns } from '../../schema/columns.ts'
import { addColumn, createLog, insertRows, logTable, sqlObjects } from '../../schema/duckdb.ts'
import { rowText } from '../../schema/row.ts'
import { duckDbError, inTransaction, type DuckDb, type Live } from './duckdb.ts'
import { advanceBuild, beginBuild, generationsOf, saveLive, swapBuild } from './query-engine-build.ts'
import { checkRows } from './query-engine-check.ts'
import { select } from './select.ts'

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

/** Characters of rows that one statement takes: DuckDB needs several times their memory. */
const statementLength = 300_000

// Base64 as DuckDB's BLOB literal text.
const escaped = (base64: string): string =>
  Buffer.from(base64, 'base64').toString('hex').replace(/../g, '\\x$&')

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

const first = async (
  connection: DuckDBConnection,
  text: string,
  values: string[],
): Promise<readonly unknown[] | undefined> => (await connection.runAndReadAll(text, values)).getRows()[0]

const none: Live = { generation: 1, columns: {}, updates: [] }

/** The generations that rows are written to. */
const tablesOf = ({ generation, building }: Live): readonly number[] =>
  building === undefined ? [generation] : [generation, building.generation]

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

  const remember = async ({ live, makeRoom }: DuckDb, entity: string, now: Live): Promise<Live> => {
    await makeRoom(leafCount(now.columns))
    live.set(entity, now)
    return now
  }

  const live = async (
    connection: DuckDBConnection,
    duckdb: DuckDb,
    entity: string,
  ): Promise<Live | undefined> => {
    const found = duckdb.live.get(entity)
    if (found !== undefined) return found
    const row = await first(
      connection,
      'SELECT generation, columns, updates, building FROM dreampipe.entities WHERE entity = $1',
      [entity],
    )
    if (row === undefined) return undefined
    return remember(duckdb, entity, {
      generation: row[0] as number,
      columns: JSON.parse(row[1] as string) as Columns,
      updates: JSON.parse(row[2] as string) as EntitySchema['updates'],
      ...(row[3] === null ? {} : { building: JSON.parse(row[3] as string) as Build }),
    })
  }

  const evolve = async (
    connection: DuckDBConnection,
    duckdb: DuckDb,
    entity: string,
    schema: EntitySchema,
  ): Promise<void> => {
    const before = await live(connection, duckdb, entity)
    const { columns, additions } = growColumns(before?.columns ?? {}, schema.properties)
    if (before !== undefined && additions.length === 0 && sameList(before.updates, schema.updates)) return
    const next: Live = { ...(before ?? { generation: 1 }), columns, updates: schema.updates }
    await inTransaction(connection, async () => {
      const statements =
        before === undefined
          ? createLog(entity, next.generation, columns)
          : tablesOf(next).flatMap((generation) =>
              additions.map((addition) => addColumn(entity, generation, addition)),
            )
      for (const statement of statements) await connection.run(statement)
      for (const statement of sqlObjects(entity, next.generation, columns, schema.updates))
        await connection.run(statement)
      await saveLive(connection, entity, next)
      return true
    })
    await remember(duckdb, entity, next)
  }

  const position = async ({ execute }: DuckDb, entity: string): Promise<string | undefined> =>
    (
      await (await execute('SELECT position FROM dreampipe.positions WHERE entity = $1', [entity])).getRows()
    )[0]?.[0] as string | undefined

  const insert = async (
    { execute, nextWritten }: DuckDb,
    entity: string,
    { columns }: Live,
    generations: readonly number[],
    events: readonly StoredEvent[],
  ): Promise<void> => {
    if (events.length === 0) return
    const written = nextWritten()
    let rows = ''
    for (const [i, event] of events.entries()) {
      rows += `${rows === '' ? '' : ','}${rowText(event, columns, written, escaped)}`
      if (rows.length < statementLength && i < events.length - 1) continue
      for (const generation of generations)
        await execute(insertRows(entity, generation, columns), [`[${rows}]`])
      rows = ''
    }
  }

  const append = async (
    connection: DuckDBConnection,
    duckdb: DuckDb,
    entity: string,
    events: readonly StoredEvent[],
    step?: PositionStep,
  ): Promise<boolean> => {
    const now = (await live(connection, duckdb, entity)) ?? none
    return inTransaction(connection, async () => {
      if (step !== undefined && (await position(duckdb, entity)) !== step.before) return false
      await insert(duckdb, entity, now, tablesOf(now), events)
      if (step !== undefined)
        await duckdb.execute('INSERT OR REPLACE INTO dreampipe.positions VALUES ($1, $2)', [
          entity,
          step.after,
        ])
      return true
    })
  }

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
    work: (connection: DuckDBConnection, duckdb: DuckDb, now: Live) => Promise<A>,
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
