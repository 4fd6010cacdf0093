// What subscriptions put aside, on SQLite: deferrals that will be tried again, and dead letters that wait for
// a person.
import type { DeadLetter, DeadLetters, Deferral, Deferrals } from '../../../ports/topic.ts'
import type { Row } from './codec.ts'
import type { Sqlite } from './client.ts'
import type { Wake } from './wake.ts'

const deferralOf = (row: Row): Deferral => ({
  subscription: row['subscription'] as string,
  entity: row['entity'] as string,
  entityId: row['entity_id'] as string,
  from: row['from_sequence'] as number,
  through: row['through_sequence'] as number,
  attempts: row['attempts'] as number,
  nextAttempt: row['next_attempt'] as number,
  reason: row['reason'] as string,
})

const letterOf = (row: Row): DeadLetter => ({
  subscription: row['subscription'] as string,
  entity: row['entity'] as string,
  entityId: row['entity_id'] as string,
  sequence: row['sequence'] as number,
  gated: row['gated'] === 1,
  reason: row['reason'] as string,
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
          .statement(`SELECT * FROM deferred WHERE subscription = ? AND entity = ? AND ${among}`)
          .all(subscription, entity, ids)
          .map(deferralOf),
        parked: db
          .statement(
            `SELECT * FROM dead_letters WHERE subscription = ? AND entity = ? AND gated = 1 AND ${among}`,
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
          'SELECT * FROM deferred WHERE subscription = ? AND entity = ? AND next_attempt <= ? ORDER BY ' +
            'next_attempt LIMIT ?',
        )
        .all(subscription, entity, now, limit)
        .map(deferralOf),
    ),
  done: ({ subscription, entity, entityId }, through) =>
    db.write('deferred', () => {
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

export const deadLetters = (db: Sqlite): DeadLetters => ({
  put: ({ subscription, entity, entityId, sequence, gated, reason, parkedAt }) =>
    db.write('park', () => {
      db.statement(
        'INSERT INTO dead_letters (subscription, entity, entity_id, sequence, gated, reason, parked_at) ' +
          'SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 ' +
          'WHERE ?5 = 0 OR NOT EXISTS (SELECT 1 FROM dead_letters WHERE subscription = ?1 AND entity = ' +
          '?2 AND entity_id = ?3 AND gated = 1) ON CONFLICT DO NOTHING',
      ).run(subscription, entity, entityId, sequence, gated ? 1 : 0, reason, parkedAt)
    }),
  list: ({ entity, subscription, entityId }, limit) =>
    db.read('dead letters', () =>
      db
        .statement(
          'SELECT * FROM dead_letters WHERE (?1 IS NULL OR entity = ?1) AND (?2 IS NULL OR subscription ' +
            '= ?2) AND (?3 IS NULL OR entity_id = ?3) ORDER BY parked_at, entity_id, sequence LIMIT ?4',
        )
        .all(entity ?? null, subscription ?? null, entityId ?? null, limit)
        .map(letterOf),
    ),
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
