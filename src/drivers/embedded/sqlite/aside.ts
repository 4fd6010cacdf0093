// What subscriptions put aside, on SQLite: deferrals that will be tried again, and dead letters that wait for
// a person.
import type { DeadLetter, DeadLetters, Deferral, Deferrals } from '../../../ports/topic.ts'
import type { Row } from './codec.ts'
import type { Sqlite } from './client.ts'
import type { Wake } from './wake.ts'

/**
 * Every column, and reasons as bytes: node:sqlite before 22.24 and 24.13 ends a text that it reads at a NUL.
 */
const whole = '*, CAST(reason AS BLOB) AS reason'
const textOfBytes = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('utf8')

const deferralOf = (row: Row): Deferral => ({
  subscription: row['subscription'] as string,
  entity: row['entity'] as string,
  entityId: row['entity_id'] as string,
  from: row['from_sequence'] as number,
  through: row['through_sequence'] as number,
  attempts: row['attempts'] as number,
  nextAttempt: row['next_attempt'] as number,
  reason: textOfBytes(row['reason']),
})

const letterOf = (row: Row): DeadLetter => ({
  subscription: row['subscription'] as string,
  entity: row['entity'] as string,
  entityId: row['entity_id'] as string,
  sequence: row['sequence'] as number,
  gated: row['gated'] === 1,
  reason: textOfBytes(row['reason']),
  parkedAt: row['parked_at'] as string,
})

const count = (db: Sqlite, table: string, subscription: string, entity: string): number =>
  db
    .statement(`SELECT count(*) AS n FROM ${table} WHERE subscription = ? AND entity = ?`)
    .get(subscription, entity)?.['n'] as number

// Ids travel as one JSON parameter: one statement whatever their number.
const among = 'entity_id IN (SELECT value FROM json_each(?))'

export const deferrals = (db: Sqlite, wake: Wake): Deferrals => ({
  of: (subscription, entity, entityIds) =>
    db.read('deferred', () => {
      // As a rule nothing waits at all.
      if (
        !['deferred', 'dead_letters'].some(
          (table) =>
            db
              .statement(`SELECT 1 FROM ${table} WHERE subscription = ? AND entity = ? LIMIT 1`)
              .get(subscription, entity) !== undefined,
        )
      )
        return { deferrals: [], parked: [] }
      const ids = JSON.stringify(entityIds)
      return {
        deferrals: db
          .statement(`SELECT ${whole} FROM deferred WHERE subscription = ? AND entity = ? AND ${among}`)
          .all(subscription, entity, ids)
          .map(deferralOf),
        parked: db
          .statement(
            `SELECT ${whole} FROM dead_letters WHERE subscription = ? AND entity = ? AND gated = 1 AND ` +
              `${among}`,
          )
          .all(subscription, entity, ids)
          .map(letterOf),
      }
    }),
  put: ({ subscription, entity, entityId, from, through, attempts, nextAttempt, reason }) =>
    db.write('defer', () => {
      db.statement(
        'INSERT INTO deferred (subscription, entity, entity_id, from_sequence, through_sequence, ' +
          'attempts, next_attempt, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ' +
          'ON CONFLICT (subscription, entity, entity_id) DO UPDATE SET from_sequence = ' +
          'min(from_sequence, excluded.from_sequence), through_sequence = max(through_sequence, ' +
          'excluded.through_sequence), ' +
          'attempts = excluded.attempts, next_attempt = excluded.next_attempt, reason = excluded.reason',
      ).run(subscription, entity, entityId, from, through, attempts, nextAttempt, reason)
    }),
  due: (subscription, entity, now, limit) =>
    db.read('deferred', () =>
      db
        .statement(
          `SELECT ${whole} FROM deferred WHERE subscription = ? AND entity = ? AND next_attempt <= ? ` +
            'ORDER BY next_attempt LIMIT ?',
        )
        .all(subscription, entity, now, limit)
        .map(deferralOf),
    ),
  // Not waited for on the disk: after a power failure it is tried once more.
  done: ({ subscription, entity, entityId }, through) =>
    db.writeLazily('deferred', () => {
      const gone =
        db
          .statement(
            'DELETE FROM deferred WHERE subscription = ? AND entity = ? AND entity_id = ? AND ' +
              'through_sequence <= ?',
          )
          .run(subscription, entity, entityId, through).changes > 0
      if (!gone)
        db.statement(
          'UPDATE deferred SET from_sequence = max(from_sequence, ?) WHERE subscription = ? AND entity = ' +
            '? AND entity_id = ?',
        ).run(through + 1, subscription, entity, entityId)
      wake.now()
      return gone
    }),
  count: (subscription, entity) => db.read('deferred', () => count(db, 'deferred', subscription, entity)),
})

type Asked = { readonly [column: string]: string }

// The columns that are asked for, in the order of their placeholders: plain ones, since numbered ones are
// counted otherwise by node:sqlite before 22.20.
const given = (columns: { readonly [column: string]: string | undefined }): Asked =>
  Object.fromEntries(
    Object.entries(columns).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
const where = (asked: Asked): string => {
  const conditions = Object.keys(asked).map((column) => `${column} = ?`)
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

export const deadLetters = (db: Sqlite): DeadLetters => ({
  put: ({ subscription, entity, entityId, sequence, gated, reason, parkedAt }) =>
    db.write('park', () => {
      const parks = gated ? 1 : 0
      const row = [subscription, entity, entityId, sequence, parks, reason, parkedAt]
      db.statement(
        'INSERT INTO dead_letters (subscription, entity, entity_id, sequence, gated, reason, parked_at) ' +
          'SELECT ?, ?, ?, ?, ?, ?, ? WHERE ? = 0 OR NOT EXISTS (SELECT 1 FROM dead_letters ' +
          'WHERE subscription = ? AND entity = ? AND entity_id = ? AND gated = 1) ON CONFLICT DO NOTHING',
      ).run(...row, parks, ...row.slice(0, 3))
    }),
  list: ({ entity, subscription, entityId }, limit) => {
    const asked = given({ subscription, entity, entity_id: entityId })
    return db.read('dead letters', () =>
      db
        .statement(
          `SELECT ${whole} FROM dead_letters${where(asked)} ORDER BY parked_at, entity_id, sequence LIMIT ?`,
        )
        .all(...Object.values(asked), limit)
        .map(letterOf),
    )
  },
  remove: ({ subscription, entity, entityId, sequence }) =>
    db.write(
      'dead letters',
      () =>
        db
          .statement(
            'DELETE FROM dead_letters WHERE subscription = ? AND entity = ? AND entity_id = ? AND ' +
              'sequence = ?',
          )
          .run(subscription, entity, entityId, sequence).changes > 0,
    ),
  count: (subscription, entity) =>
    db.read('dead letters', () => count(db, 'dead_letters', subscription, entity)),
})
