// Generations of an entity's view on SQLite: which one serves, and which one is being built beside it.
import type { ScanCursor } from '../../../ports/event-store.ts'
import type { Build, Generations, ViewStore } from '../../../ports/view-store.ts'
import type { Row } from './codec.ts'
import type { Sqlite } from './client.ts'
import { dropView } from './tables.ts'

const buildOf = (row: Row): Build => ({
  generation: row['building'] as number,
  definition: row['definition'] as string,
  events: row['events'] as number,
  ...(row['cursor'] === null ? {} : { cursor: JSON.parse(row['cursor'] as string) as ScanCursor }),
})

const generationsOf = (row: Row | undefined): Generations =>
  row === undefined
    ? { active: 1 }
    : { active: row['active'] as number, ...(row['building'] === null ? {} : { building: buildOf(row) }) }

export const generations = (db: Sqlite): ViewStore['generations'] => {
  const of = (entity: string): Generations =>
    generationsOf(
      db
        .statement('SELECT active, building, definition, cursor, events FROM generations WHERE entity = ?')
        .get(entity),
    )

  const begin = (entity: string, definition: string): Build => {
    const { active, building } = of(entity)
    if (building?.definition === definition) return building
    const generation = Math.max(active, building?.generation ?? 0) + 1
    for (let old = 1; old < generation; old++) if (old !== active) dropView(db, entity, old)
    db.statement(
      'INSERT INTO generations (entity, active, building, definition, cursor, events) VALUES (?, ?, ?, ' +
        '?, NULL, 0) ON CONFLICT (entity) DO UPDATE SET ' +
        'building = excluded.building, definition = excluded.definition, cursor = NULL, events = 0',
    ).run(entity, active, generation, definition)
    return { generation, definition, events: 0 }
  }

  return {
    of: (entity) => db.read('views', () => of(entity)),
    begin: (entity, definition) => db.write('rebuild', () => begin(entity, definition)),
    advance: (entity, { generation, cursor, events }) =>
      db.write('rebuild', () => {
        db.statement('UPDATE generations SET cursor = ?, events = ? WHERE entity = ? AND building = ?').run(
          cursor === undefined ? null : JSON.stringify(cursor),
          events,
          entity,
          generation,
        )
      }),
    swap: (entity, generation) =>
      db.write(
        'rebuild',
        () =>
          db
            .statement(
              'UPDATE generations SET active = building, building = NULL, definition = NULL, cursor = ' +
                'NULL, events = 0 WHERE entity = ? AND building = ?',
            )
            .run(entity, generation).changes > 0,
      ),
  }
}
