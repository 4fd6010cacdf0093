// What is live of an entity in DuckDB: its columns and generations, remembered, and grown with its schema.
import type { DuckDBConnection } from '@duckdb/node-api'
import type { EntitySchema } from '../../../model/schema.ts'
import type { Build } from '../../../ports/view-store.ts'
import { growColumns, leafCount, type Columns } from '../../../schema/columns.ts'
import { addColumn, createLog, sqlObjects } from '../../../schema/duckdb.ts'
import { inTransaction, type DuckDb, type LiveTables } from './client.ts'
import { saveLive } from './build.ts'

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

const first = async (
  connection: DuckDBConnection,
  text: string,
  values: string[],
): Promise<readonly unknown[] | undefined> => (await connection.runAndReadAll(text, values)).getRows()[0]

/** The generations that rows are written to. */
export const tablesOf = ({ generation, building }: LiveTables): readonly number[] =>
  building === undefined ? [generation] : [generation, building.generation]

const remember = async ({ live, makeRoom }: DuckDb, entity: string, now: LiveTables): Promise<LiveTables> => {
  await makeRoom(leafCount(now.columns))
  live.set(entity, now)
  return now
}

export const live = async (
  connection: DuckDBConnection,
  duckdb: DuckDb,
  entity: string,
): Promise<LiveTables | undefined> => {
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

export const evolve = async (
  connection: DuckDBConnection,
  duckdb: DuckDb,
  entity: string,
  schema: EntitySchema,
): Promise<void> => {
  const before = await live(connection, duckdb, entity)
  const { columns, additions } = growColumns(before?.columns ?? {}, schema.properties)
  if (before !== undefined && additions.length === 0 && sameList(before.updates, schema.updates)) return
  const next: LiveTables = { ...(before ?? { generation: 1 }), columns, updates: schema.updates }
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
