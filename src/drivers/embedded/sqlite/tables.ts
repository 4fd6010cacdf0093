// The SQLite tables: shared ones, and per entity its events, heads and view documents.
import { brokenDown } from '../../../model/errors.ts'
import type { Sqlite } from './client.ts'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
export const eventsTable = (entity: string): string => quoted(`events_${entity}`)
export const headsTable = (entity: string): string => quoted(`heads_${entity}`)
export const viewTable = (entity: string, generation: number): string =>
  quoted(`view_${entity}_${generation}`)

/** The built-in subscription that feeds the query engine, and its lease. */
export const queryEngineLease = 'query-engine'

/** Raised when the layout changes; a folder of another layout is refused, never guessed at. */
export const layout = 2

const shared = `
CREATE TABLE IF NOT EXISTS schemas (entity TEXT PRIMARY KEY COLLATE NOCASE, version INTEGER NOT NULL,
  schema TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS generations (entity TEXT PRIMARY KEY COLLATE NOCASE, active INTEGER NOT NULL,
  building INTEGER, definition TEXT, cursor TEXT, events INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS subscriptions (name TEXT, entity TEXT COLLATE NOCASE, position INTEGER NOT NULL,
  filter TEXT, PRIMARY KEY (name, entity)) STRICT;
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, owner TEXT NOT NULL,
  host TEXT NOT NULL, pid INTEGER NOT NULL, expires INTEGER NOT NULL, fence INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS deferred (subscription TEXT, entity TEXT COLLATE NOCASE, entity_id TEXT,
  from_sequence INTEGER NOT NULL, through_sequence INTEGER NOT NULL,
  attempts INTEGER NOT NULL, next_attempt INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (subscription, entity, entity_id)) STRICT;
CREATE INDEX IF NOT EXISTS deferred_due ON deferred (subscription, entity, next_attempt);
CREATE TABLE IF NOT EXISTS dead_letters (subscription TEXT, entity TEXT COLLATE NOCASE, entity_id TEXT,
  sequence INTEGER, gated INTEGER NOT NULL, reason TEXT NOT NULL, parked_at TEXT NOT NULL,
  PRIMARY KEY (subscription, entity, entity_id, sequence)) STRICT;
CREATE TABLE IF NOT EXISTS results (position INTEGER PRIMARY KEY AUTOINCREMENT, result TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, version INTEGER NOT NULL,
  value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS quarantine (producer TEXT, id TEXT, entry TEXT NOT NULL,
  PRIMARY KEY (producer, id)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS result_subscriptions (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
`

// Tables and indexes share their names' space; with a point in it, an index never bears the name of another
// entity's table.
const viewIndexName = (entity: string, generation: number, property: string): string =>
  `view_${entity}_${generation}.by_${property}`

// `mark` holds the first 48 bits of the fingerprint: a small index finds the row, the row's own fingerprint
// decides.
const perEntity = (entity: string): string => `
CREATE TABLE IF NOT EXISTS ${eventsTable(entity)} (position INTEGER PRIMARY KEY, entity_id BLOB NOT NULL,
  sequence INTEGER NOT NULL, kind TEXT NOT NULL, occurred_at TEXT NOT NULL,
  recorded_at TEXT NOT NULL, source TEXT NOT NULL, version TEXT, correlation_id TEXT,
  mark INTEGER NOT NULL, fingerprint BLOB NOT NULL, payload TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS ${quoted(`events_${entity}.by_entity`)}
  ON ${eventsTable(entity)} (entity_id, sequence);
CREATE INDEX IF NOT EXISTS ${quoted(`events_${entity}.by_mark`)} ON ${eventsTable(entity)} (mark);
CREATE TABLE IF NOT EXISTS ${headsTable(entity)} (entity_id BLOB PRIMARY KEY, sequence INTEGER NOT NULL,
  latest_at TEXT NOT NULL, latest_sequence INTEGER NOT NULL, rule TEXT NOT NULL,
  content BLOB NOT NULL, seen_at TEXT NOT NULL, seen TEXT) STRICT, WITHOUT ROWID;
`

const view = (entity: string, generation: number): string =>
  `CREATE TABLE IF NOT EXISTS ${viewTable(entity, generation)} (entity_id BLOB PRIMARY KEY, sequence ` +
  `INTEGER NOT NULL, deleted INTEGER NOT NULL, fold TEXT NOT NULL, content TEXT NOT NULL) STRICT;`

/** The expression that an index on a view property covers and `find` asks for. */
export const indexed = (property: string): string => `json_extract(content, '$.${property}.value')`

const viewIndex = (entity: string, generation: number, property: string): string =>
  `CREATE INDEX IF NOT EXISTS ${quoted(viewIndexName(entity, generation, property))} ON ` +
  `${viewTable(entity, generation)} (${indexed(property)}, entity_id) WHERE deleted = 0;`

export const createShared = (db: Sqlite, file: string): void => {
  const found = Number(db.statement('PRAGMA user_version').get()?.['user_version'] ?? 0)
  if (found !== 0 && found !== layout)
    throw brokenDown(
      `open ${file}`,
      `this folder has layout ${found}, this version of dreampipe reads layout ${layout}`,
    )
  if (found === 0) db.exec(`${shared} PRAGMA user_version = ${layout};`)
}

const exists = (db: Sqlite, type: 'table' | 'index', name: string): boolean =>
  db.statement('SELECT 1 FROM sqlite_master WHERE type = ? AND name = ? COLLATE NOCASE').get(type, name) !==
  undefined

export const hasEvents = (db: Sqlite, entity: string): boolean => exists(db, 'table', `events_${entity}`)
/** Inside a write. */
export const createEvents = (db: Sqlite, entity: string): void => db.exec(perEntity(entity))

export const hasView = (db: Sqlite, entity: string, generation: number, index: readonly string[]): boolean =>
  exists(db, 'table', `view_${entity}_${generation}`) &&
  index.every((property) => exists(db, 'index', viewIndexName(entity, generation, property)))
/** Inside a write. */
export const createView = (db: Sqlite, entity: string, generation: number, index: readonly string[]): void =>
  db.exec(
    [view(entity, generation), ...index.map((property) => viewIndex(entity, generation, property))].join(
      '\n',
    ),
  )
/** Inside a write. */
export const dropView = (db: Sqlite, entity: string, generation: number): void =>
  db.exec(`DROP TABLE IF EXISTS ${viewTable(entity, generation)}`)
