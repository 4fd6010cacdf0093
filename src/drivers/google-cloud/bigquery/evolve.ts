// Makes an entity's tables and SQL objects hold its schema, side by side with other replicas.
import type { EntitySchema } from '../../../model/schema.ts'
import { growColumns } from '../../../schema/columns.ts'
import type { Rest } from './client.ts'
import { writtenTo, type LiveTables, type Lives } from './live.ts'
import { ensureTable, makeObjects } from './tables.ts'

const withUpdates = (
  known: EntitySchema['updates'],
  brought: EntitySchema['updates'],
): EntitySchema['updates'] => {
  const fresh = brought.filter((mode) => !known.includes(mode))
  return fresh.length === 0 ? known : [...known, ...fresh]
}

// The record that holds the schema too; `live` itself where it does already.
const grown = (live: LiveTables | undefined, schema: EntitySchema): LiveTables => {
  const { columns, additions } = growColumns(live?.columns ?? {}, schema.properties)
  const updates = withUpdates(live?.updates ?? [], schema.updates)
  if (live !== undefined && additions.length === 0 && updates === live.updates) return live
  return {
    ...(live ?? { generation: 1, made: 0, old: [] }),
    columns,
    updates,
    revision: (live?.revision ?? 0) + 1,
  }
}

/**
 * Makes tables and SQL objects hold the schema. Tables first, then the registry, then the SQL objects:
 * whoever reads the registry finds the
 * columns there, and a crash in between leaves something that the next one goes on from.
 */
export const evolve = async (
  rest: Rest,
  lives: Lives,
  entity: string,
  schema: EntitySchema,
): Promise<void> => {
  const known = await lives.current(entity)
  if (known !== undefined && grown(known, schema) === known && known.made === known.revision) return
  for (;;) {
    const before = await lives.reload(entity)
    const next = grown(before, schema)
    if (next === before) return makeObjects(rest, lives, entity)
    for (const generation of writtenTo(next)) await ensureTable(rest, entity, generation, next.columns)
    // What another has changed meanwhile may need other tables: back to the start.
    let taken = false
    await lives.change(entity, (live) => {
      taken =
        live?.revision === before?.revision && live?.building?.generation === before?.building?.generation
      if (!taken) return undefined
      return live === undefined
        ? next
        : { ...live, columns: next.columns, updates: next.updates, revision: next.revision }
    })
    if (taken) return makeObjects(rest, lives, entity)
  }
}
