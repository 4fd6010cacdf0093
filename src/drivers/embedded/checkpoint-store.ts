// The checkpoint store on SQLite: cursors by compare-and-set, fenced by the lease that their run holds.
import { E, pipe, TE } from '../../fp.ts'
import type { CheckpointStore, Quarantined } from '../../ports/checkpoint-store.ts'
import type { Lease } from './sqlite/lease.ts'
import type { Sqlite } from './sqlite/client.ts'

const leaseName = (name: string): string => `run/${name}`

export const checkpointStore = (db: Sqlite, lease: Lease): CheckpointStore => ({
  load: (name) =>
    db.read('checkpoint', () => {
      const row = db.statement('SELECT version, value FROM checkpoints WHERE name = ?').get(name)
      return row === undefined
        ? undefined
        : { version: row['version'] as number, value: JSON.parse(row['value'] as string) as unknown }
    }),
  save: (name, value, expected, fence) =>
    db.write('checkpoint', () => {
      if (fence !== undefined && lease.fenceOf(leaseName(name)) !== fence) return undefined
      const version =
        (db.statement('SELECT version FROM checkpoints WHERE name = ?').get(name)?.['version'] as
          number | undefined) ?? 0
      if (version !== expected) return undefined
      db.statement(
        'INSERT INTO checkpoints (name, version, value) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE ' +
          'SET version = excluded.version, value = excluded.value',
      ).run(name, expected + 1, JSON.stringify(value))
      return expected + 1
    }),
  leases: {
    take: (name) =>
      pipe(
        lease.take(leaseName(name)),
        TE.flatMap((taken) =>
          taken
            ? db.read('lease', () => {
                const fence = lease.fenceOf(leaseName(name))
                return fence === undefined ? undefined : { fence }
              })
            : TE.right(undefined),
        ),
      ),
    release: (name) => async () => {
      await lease.release(leaseName(name))
      return E.right(undefined)
    },
  },
  quarantine: {
    put: (entries) =>
      db.write('quarantine', () => {
        const statement = db.statement(
          'INSERT INTO quarantine (producer, id, entry) VALUES (?, ?, ?) ON CONFLICT (producer, id) DO ' +
            'UPDATE SET entry = excluded.entry',
        )
        for (const entry of entries) statement.run(entry.producer, entry.id, JSON.stringify(entry))
      }),
    list: (producer, after, limit) =>
      db.read('quarantine', () =>
        db
          .statement('SELECT entry FROM quarantine WHERE producer = ? AND id > ? ORDER BY id LIMIT ?')
          .all(producer, after ?? '', limit)
          .map(({ entry }) => JSON.parse(entry as string) as Quarantined),
      ),
    remove: (producer, id) =>
      db.write(
        'quarantine',
        () =>
          db.statement('DELETE FROM quarantine WHERE producer = ? AND id = ?').run(producer, id).changes > 0,
      ),
    count: (producer) =>
      db.read(
        'quarantine',
        () =>
          db.statement('SELECT count(*) AS n FROM quarantine WHERE producer = ?').get(producer)?.[
            'n'
          ] as number,
      ),
  },
})
