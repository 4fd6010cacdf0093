// The floor: the same durable work by hand, on the raw engines in one thread: same rows, indexes, hashes,
// synchronous=FULL.
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Sample } from './sample.ts'

const pragmas = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'cache_size = -65536',
  'wal_autocheckpoint = 20000',
]

const open = (folder: string): DatabaseSync => {
  const db = new DatabaseSync(join(folder, 'floor.sqlite'))
  for (const pragma of pragmas) db.exec(`PRAGMA ${pragma}`)
  db.exec(`CREATE TABLE events (position INTEGER PRIMARY KEY, entity_id BLOB NOT NULL,
    sequence INTEGER NOT NULL, kind TEXT NOT NULL, occurred_at TEXT NOT NULL, recorded_at TEXT NOT NULL,
      source TEXT NOT NULL, version TEXT, correlation_id TEXT, mark INTEGER NOT NULL,
        fingerprint BLOB NOT NULL, payload TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX by_entity ON events (entity_id, sequence);
    CREATE INDEX by_mark ON events (mark);
    CREATE TABLE heads (entity_id BLOB PRIMARY KEY, sequence INTEGER NOT NULL, latest_at TEXT NOT NULL,
      latest_sequence INTEGER NOT NULL, rule TEXT NOT NULL, content BLOB NOT NULL, seen_at TEXT NOT NULL,
      seen TEXT) STRICT, WITHOUT ROWID;
    CREATE TABLE view (entity_id BLOB PRIMARY KEY, sequence INTEGER NOT NULL, deleted INTEGER NOT NULL,
      fold TEXT NOT NULL, content TEXT NOT NULL) STRICT;`)
  return db
}

const sha1 = (text: string): Buffer => createHash('sha1').update(text).digest()
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Appends samples, `size` a transaction: id, two fingerprints, JSON, look up, insert, head. */
export const floorAppend = (folder: string, samples: readonly Sample[], size: number): void => {
  const db = open(folder)
  const head = db.prepare('SELECT sequence, latest_at, content FROM heads WHERE entity_id = ?')
  const marked = db.prepare(
    'SELECT sequence FROM events WHERE mark = ? AND entity_id = ? AND fingerprint = ?',
  )
  const insert = db.prepare(
    'INSERT INTO events (entity_id, sequence, kind, occurred_at, recorded_at, source, version, ' +
      "correlation_id, mark, fingerprint, payload) VALUES (?, ?, 'full', ?, ?, 'bench', NULL, NULL, ?, ?, ?)",
  )
  const putHead = db.prepare(
    "INSERT INTO heads VALUES (?, ?, ?, ?, '1/history/', ?, ?, NULL) ON CONFLICT (entity_id) DO UPDATE " +
      'SET sequence = excluded.sequence, latest_at = excluded.latest_at, latest_sequence = ' +
      'excluded.latest_sequence, content = excluded.content, seen_at = excluded.seen_at',
  )
  for (let at = 0; at < samples.length; at += size) {
    db.exec('BEGIN IMMEDIATE')
    for (const sample of samples.slice(at, at + size)) {
      const id = sha1(JSON.stringify(['Bench', ['id', sample.id]])).subarray(0, 16)
      const payload = JSON.stringify(sample.yadto)
      const content = sha256(payload)
      const fingerprint = sha256(content.toString('hex') + sample.at)
      const row = head.get(id) as { sequence: number } | undefined
      const sequence = (row?.sequence ?? 0) + 1
      const mark = fingerprint.readUIntBE(0, 6)
      if (row !== undefined && marked.get(mark, id, fingerprint) !== undefined) continue
      insert.run(id, sequence, sample.at, sample.at, mark, fingerprint, payload)
      putHead.run(id, sequence, sample.at, sequence, content, sample.at)
    }
    db.exec('COMMIT')
  }
  db.close()
}

/** Folds what `floorAppend` stored into view documents, 1,000 events a transaction in log order. */
export const floorViews = (folder: string, size: number): void => {
  const db = reopen(folder)
  db.exec('DELETE FROM view')
  const read = db.prepare(
    'SELECT position, entity_id, sequence, payload FROM events WHERE position > ? ORDER BY position LIMIT ?',
  )
  const get = db.prepare('SELECT sequence, fold, content FROM view WHERE entity_id = ?')
  const put = db.prepare(
    'INSERT INTO view AS v VALUES (?, ?, 0, ?, ?) ON CONFLICT (entity_id) DO UPDATE SET sequence = ' +
      'excluded.sequence, fold = excluded.fold, content = excluded.content WHERE excluded.sequence > ' +
      'v.sequence',
  )
  for (let position = 0; ;) {
    const rows = read.all(position, size) as unknown as {
      position: number
      entity_id: Uint8Array
      sequence: number
      payload: string
    }[]
    if (rows.length === 0) break
    const documents = new Map<string, { id: Uint8Array; sequence: number; content: string; fold: string }>()
    for (const row of rows) {
      const key = Buffer.from(row.entity_id).toString('hex')
      if (!documents.has(key)) {
        const held = get.get(row.entity_id) as { fold: string; content: string } | undefined
        if (held !== undefined) JSON.parse(held.fold)
      }
      const content = JSON.parse(row.payload) as object
      documents.set(key, {
        id: row.entity_id,
        sequence: row.sequence,
        content: JSON.stringify(content),
        fold: JSON.stringify({
          floor: { occurredAt: '', sequence: row.sequence },
          last: { eventId: key, source: 'bench' },
          set: {},
        }),
      })
      position = row.position
    }
    db.exec('BEGIN IMMEDIATE')
    for (const { id, sequence, fold, content } of documents.values()) put.run(id, sequence, fold, content)
    db.exec('COMMIT')
  }
  db.close()
}

const reopen = (folder: string): DatabaseSync => {
  const db = new DatabaseSync(join(folder, 'floor.sqlite'))
  for (const pragma of pragmas) db.exec(`PRAGMA ${pragma}`)
  return db
}

/** Copies what `floorAppend` stored into DuckDB, as JSON cast to columns, `size` rows a transaction. */
export const floorRows = async (folder: string, size: number, columns: readonly string[]): Promise<void> => {
  const db = reopen(folder)
  const instance = await DuckDBInstance.create(join(folder, 'floor.duckdb'), {
    threads: '2',
    memory_limit: '256MB',
  })
  const duckdb = await instance.connect()
  await duckdb.run(
    `CREATE TABLE log (entity_id VARCHAR, sequence BIGINT, occurred_at TIMESTAMPTZ, ` +
      `${columns.map((name) => `"${name}" VARCHAR`).join(', ')})`,
  )
  const read = db.prepare(
    'SELECT position, entity_id, sequence, occurred_at, payload FROM events WHERE position > ? ORDER BY ' +
      'position LIMIT ?',
  )
  const shape = JSON.stringify([
    {
      entity_id: 'VARCHAR',
      sequence: 'VARCHAR',
      occurred_at: 'VARCHAR',
      ...Object.fromEntries(columns.map((name) => [name, 'VARCHAR'])),
    },
  ])
  for (let position = 0; ;) {
    const rows = read.all(position, size) as unknown as {
      position: number
      entity_id: Uint8Array
      sequence: number
      occurred_at: string
      payload: string
    }[]
    if (rows.length === 0) break
    const text = JSON.stringify(
      rows.map((row) => ({
        entity_id: Buffer.from(row.entity_id).toString('hex'),
        sequence: String(row.sequence),
        occurred_at: row.occurred_at,
        ...Object.fromEntries(
          Object.entries(JSON.parse(row.payload) as Record<string, { value: string }>).map(
            ([name, { value }]) => [name, value],
          ),
        ),
      })),
    )
    await duckdb.run(
      `INSERT INTO log SELECT r.entity_id, CAST(r.sequence AS BIGINT), CAST(r.occurred_at AS ` +
        `TIMESTAMPTZ), ${columns.map((name) => `r."${name}"`).join(', ')} FROM (SELECT ` +
        `unnest(from_json($1, '${shape}')) AS r)`,
      [text],
    )
    position = (rows[rows.length - 1] as { position: number }).position
  }
  duckdb.closeSync()
  instance.closeSync()
  db.close()
}
