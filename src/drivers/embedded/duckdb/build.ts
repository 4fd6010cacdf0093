// Generations of an entity's tables in DuckDB: a schema each, one that serves and one that may be built
// beside it.
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Build, Generations } from '../../../ports/view-store.ts'
import { createLog, dropLog, sqlObjects } from '../../../schema/duckdb.ts'
import { inTransaction, type DuckDb, type LiveTables } from './client.ts'

/** Keeps what is live of an entity, in the transaction that changes it. */
export const saveLive = (
  connection: DuckDBConnection,
  entity: string,
  { generation, columns, updates, building }: LiveTables,
): Promise<unknown> =>
  connection.run('INSERT OR REPLACE INTO dreampipe.entities VALUES ($1, $2, $3, $4, $5)', [
    entity,
    generation,
    JSON.stringify(columns),
    JSON.stringify(updates),
    building === undefined ? null : JSON.stringify(building),
  ])

const changed = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  next: LiveTables,
  statements: readonly string[],
): Promise<void> => {
  await inTransaction(connection, async () => {
    for (const statement of statements) await connection.run(statement)
    await saveLive(connection, entity, next)
    return true
  })
  duckdb.live.set(entity, next)
}

export const generationsOf = (live: LiveTables | undefined): Generations =>
  live === undefined
    ? { active: 1 }
    : { active: live.generation, ...(live.building === undefined ? {} : { building: live.building }) }

export const beginBuild = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  live: LiveTables,
  definition: string,
): Promise<Build> => {
  if (live.building?.definition === definition) return live.building
  const build: Build = {
    generation: Math.max(live.generation, live.building?.generation ?? 0) + 1,
    definition,
    events: 0,
  }
  const old = Array.from({ length: build.generation - 1 }, (_, i) => i + 1).filter(
    (generation) => generation !== live.generation,
  )
  await changed(duckdb, connection, entity, { ...live, building: build }, [
    ...old.map((generation) => dropLog(entity, generation)),
    ...createLog(entity, build.generation, live.columns),
  ])
  return build
}

export const advanceBuild = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  live: LiveTables,
  build: Build,
): Promise<void> => {
  if (live.building?.generation === build.generation)
    await changed(duckdb, connection, entity, { ...live, building: build }, [])
}

export const swapBuild = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  entity: string,
  live: LiveTables,
  generation: number,
): Promise<boolean> => {
  if (live.building?.generation !== generation) return false
  const { building: _, ...rest } = live
  await changed(
    duckdb,
    connection,
    entity,
    { ...rest, generation },
    sqlObjects(entity, generation, live.columns, live.updates),
  )
  return true
}
