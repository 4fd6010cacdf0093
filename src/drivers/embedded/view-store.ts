// The view store on SQLite: a table per entity and generation, an index per indexed property.
import { E, type TaskEither } from '../../fp.ts'
import type { Yadto } from '../../model/yadto.ts'
import type {
  DocumentFold,
  FindQuery,
  ViewDocument,
  ViewError,
  ViewStore,
  ViewTable,
} from '../../ports/view-store.ts'
import { bytesOfId, idOfBytes, type Row } from './sqlite/codec.ts'
import { generations } from './sqlite/generations.ts'
import type { Sqlite, SqlInput } from './sqlite/client.ts'
import { createView, hasView, indexed, viewTable } from './sqlite/tables.ts'

const columns = 'entity_id, sequence, deleted, fold, content'

const documentOf = (row: Row): ViewDocument => ({
  entityId: idOfBytes(row['entity_id']),
  sequence: row['sequence'] as number,
  deleted: row['deleted'] === 1,
  fold: JSON.parse(row['fold'] as string) as DocumentFold,
  content: JSON.parse(row['content'] as string) as Yadto,
})

export const viewStore = (db: Sqlite): ViewStore => {
  // Asked each time: another process may have dropped a generation that no longer serves.
  const ready = ({ entity, generation }: ViewTable): boolean => hasView(db, entity, generation, [])

  const find = (table: ViewTable, { where, limit, after }: FindQuery): readonly ViewDocument[] => {
    if (!ready(table)) return []
    const conditions = where.map(
      ([property, text]) => `${indexed(property)} ${text === null ? 'IS NULL' : '= ?'}`,
    )
    const values: SqlInput[] = where.flatMap(([, text]) => (text === null ? [] : [text]))
    return db
      .statement(
        `SELECT ${columns} FROM ${viewTable(table.entity, table.generation)} WHERE ` +
          `${['deleted = 0', ...conditions, 'entity_id > ?'].join(' AND ')} ORDER BY entity_id LIMIT ?`,
      )
      .all(...values, after === undefined ? new Uint8Array(0) : bytesOfId(after), limit)
      .map(documentOf)
  }

  const put = (table: ViewTable, documents: readonly ViewDocument[], replaces: '>' | '>='): number => {
    const statement = db.statement(
      `INSERT INTO ${viewTable(table.entity, table.generation)} AS v (${columns}) VALUES (?, ?, ?, ?, ?) ` +
        `ON CONFLICT (entity_id) DO UPDATE SET ` +
        'sequence = excluded.sequence, deleted = excluded.deleted, fold = excluded.fold, content = ' +
        'excluded.content ' +
        `WHERE excluded.sequence ${replaces} v.sequence`,
    )
    let written = 0
    for (const { entityId, sequence, deleted, fold, content } of documents) {
      written += Number(
        statement.run(
          bytesOfId(entityId),
          sequence,
          deleted ? 1 : 0,
          JSON.stringify(fold),
          JSON.stringify(content),
        ).changes,
      )
    }
    return written
  }

  return {
    prepare:
      (table): TaskEither<ViewError, void> =>
      async () => {
        const { entity, generation, index } = table
        const there = await db.read('views', () => hasView(db, entity, generation, index))()
        if (there._tag === 'Left') return there
        return there.right
          ? E.right(undefined)
          : db.write('views', () => createView(db, entity, generation, index))()
      },
    put: (table, documents) => db.writeLazily('views', () => put(table, documents, '>')),
    mend: (table, documents) => db.writeLazily('views', () => put(table, documents, '>=')),
    remove: (table, entityIds) =>
      db.writeLazily('views', () => {
        const statement = db.statement(
          `DELETE FROM ${viewTable(table.entity, table.generation)} WHERE entity_id = ?`,
        )
        for (const id of entityIds) statement.run(bytesOfId(id))
      }),
    list: (table, after, limit) =>
      db.read('views', () =>
        !ready(table)
          ? []
          : db
              .statement(
                `SELECT ${columns} FROM ${viewTable(table.entity, table.generation)} WHERE entity_id > ? ` +
                  `ORDER BY entity_id LIMIT ?`,
              )
              .all(after === undefined ? new Uint8Array(0) : bytesOfId(after), limit)
              .map(documentOf),
      ),
    get: (table, entityIds) =>
      db.read('views', () => {
        if (!ready(table)) return []
        const one = db.statement(
          `SELECT ${columns} FROM ${viewTable(table.entity, table.generation)} WHERE entity_id = ?`,
        )
        const found: ViewDocument[] = []
        for (const id of entityIds) {
          const row = one.get(bytesOfId(id))
          if (row !== undefined) found.push(documentOf(row))
        }
        return found
      }),
    find: (table, query) => db.read('find', () => find(table, query)),
    generations: generations(db),
  }
}
