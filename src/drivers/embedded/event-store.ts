// The event store on SQLite: one transaction a batch, decided and numbered inside it.
import { pipe, TE } from '../../fp.ts'
import type { Outcome } from '../../model/candidate.ts'
import type { StoredEvent } from '../../model/event.ts'
import { instantOfDate } from '../../model/instant.ts'
import type { EntitySchema } from '../../model/schema.ts'
import type { Appended, Batch, EventStore, SchemaGuard, Versioned } from '../../ports/event-store.ts'
import { arrays, bytesOfId, eventColumns, eventOfRow, type EventRow, type Row } from './sqlite/codec.ts'
import type { Sqlite } from './sqlite/client.ts'
import { createEvents, eventsTable, hasEvents } from './sqlite/tables.ts'
import { statements, type Statements, decisionOn, appendOne } from './sqlite/append.ts'

const eventsOf = (entity: string, rows: readonly unknown[]): readonly StoredEvent[] =>
  rows.map((row) => eventOfRow(entity, row as EventRow))

const versionedOf = (row: Row | undefined): Versioned | undefined =>
  row === undefined
    ? undefined
    : { version: row['version'] as number, schema: JSON.parse(row['schema'] as string) as EntitySchema }

export const eventStore = (db: Sqlite): EventStore => {
  const made = new Map<string, Statements>()
  const created = (entity: string): boolean => made.has(entity) || hasEvents(db, entity)
  const sqlOf = (entity: string): Statements => {
    const found = made.get(entity)
    if (found !== undefined) return found
    const sql = statements(db, entity)
    made.set(entity, sql)
    return sql
  }
  const schema = (entity: string): Versioned | undefined =>
    versionedOf(db.statement('SELECT version, schema FROM schemas WHERE entity = ?').get(entity))
  const version = (entity: string): number =>
    (db.statement('SELECT version FROM schemas WHERE entity = ?').get(entity)?.['version'] as
      number | undefined) ?? 0
  const putSchema = (entity: string, next: EntitySchema, expected: number): number => {
    db.statement(
      'INSERT INTO schemas (entity, version, schema) VALUES (?, ?, ?) ON CONFLICT (entity) DO UPDATE SET ' +
        'version = excluded.version, schema = excluded.schema',
    ).run(entity, expected + 1, JSON.stringify(next))
    return expected + 1
  }
  const append = ({ candidates, guards }: Batch): Appended => {
    const moved = guards
      .filter((guard: SchemaGuard) => version(guard.entity) !== guard.version)
      .map(({ entity }) => entity)
    if (moved.length > 0) return { _tag: 'schema-moved', entities: moved }
    for (const { entity, next, version: expected } of guards) {
      if (next !== undefined) putSchema(entity, next, expected)
      if (!created(entity)) createEvents(db, entity)
    }
    const recordedAt = instantOfDate(new Date()) as string
    const outcomes: Outcome[] = []
    // Redeliveries come in runs.
    let isExpected = false
    for (const candidate of candidates) {
      const outcome = appendOne(sqlOf(candidate.entity), candidate, recordedAt, isExpected)
      isExpected = outcome.status === 'duplicate'
      outcomes.push(outcome)
    }
    return { _tag: 'appended', outcomes }
  }
  return {
    append: (batch) =>
      pipe(
        db.write('append', () => append(batch)),
        TE.mapLeft((error) => {
          // A statement prepared inside a transaction that was rolled back may name a table that is gone
          // again.
          made.clear()
          return error
        }),
      ),
    lookup: (candidates) =>
      db.read('lookup', () =>
        candidates.map(
          (candidate) =>
            created(candidate.entity) &&
            decisionOn(sqlOf(candidate.entity), bytesOfId(candidate.entityId), candidate, true).decision
              ._tag !== 'store',
        ),
      ),
    history: (entity, entityId, { after, limit }) =>
      db.read('history', () =>
        !created(entity)
          ? []
          : eventsOf(
              entity,
              arrays(
                db.statement(
                  `SELECT ${eventColumns} FROM ${eventsTable(entity)} WHERE entity_id = ? AND sequence > ` +
                    `? ORDER BY sequence LIMIT ?`,
                ),
              ).all(bytesOfId(entityId), after, limit),
            ),
      ),
    scan: (entity, after, limit) =>
      db.read('scan', () =>
        !created(entity)
          ? []
          : eventsOf(
              entity,
              arrays(
                db.statement(
                  `SELECT ${eventColumns} FROM ${eventsTable(entity)} WHERE (entity_id, sequence) > (?, ` +
                    `?) ORDER BY entity_id, sequence LIMIT ?`,
                ),
              ).all(
                after === undefined ? new Uint8Array(0) : bytesOfId(after.entityId),
                after?.sequence ?? 0,
                limit,
              ),
            ),
      ),
    pending: () => TE.right([]),
    published: () => TE.right(undefined),
    schema: (entity) => db.read('schema', () => schema(entity)),
    saveSchema: (entity, next, expected) =>
      db.write('schema', () =>
        version(entity) === expected ? putSchema(entity, next, expected) : undefined,
      ),
  }
}
