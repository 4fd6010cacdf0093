// The result topic on SQLite: a short log that is kept only as far back as its slowest subscription.
import { E, type TaskEither } from '../../../fp.ts'
import type { Results, SubmitResult, TopicError } from '../../../ports/topic.ts'
import { consumer } from './consumer.ts'
import type { Lease } from './lease.ts'
import type { Sqlite } from './client.ts'
import type { Wake } from './wake.ts'

/** Results a delivery holds at most. */
const deliverySize = 500

export const results = (db: Sqlite, lease: Lease, wake: Wake): Results => {
  const leaseName = (name: string): string => `results/${name}`
  const slowest = (): number | null =>
    db.statement('SELECT min(position) AS position FROM result_subscriptions').get()?.['position'] as
      number | null

  const publish = (published: readonly SubmitResult[]): void => {
    if (slowest() === null) return
    const insert = db.statement('INSERT INTO results (result) VALUES (?)')
    for (const result of published) insert.run(JSON.stringify(result))
  }

  // Fenced like every cursor; what everybody has passed goes.
  const advance = (name: string, position: number): TaskEither<TopicError, void> =>
    db.write('results', () => {
      if (!lease.isHeld(leaseName(name))) return
      db.statement('UPDATE result_subscriptions SET position = ? WHERE name = ?').run(position, name)
      db.statement('DELETE FROM results WHERE position <= ?').run(slowest() ?? 0)
    })

  const deliver =
    (
      name: string,
      handler: (results: readonly SubmitResult[]) => TaskEither<TopicError, void>,
    ): TaskEither<TopicError, number> =>
    async () => {
      const found = await db.read('results', () =>
        db
          .statement(
            `SELECT position, result FROM results WHERE position > (SELECT position FROM ` +
              `result_subscriptions WHERE name = ?) ORDER BY position LIMIT ${deliverySize}`,
          )
          .all(name),
      )()
      if (found._tag === 'Left') return found
      const last = found.right[found.right.length - 1]
      if (last === undefined) return E.right(0)
      const handled = await handler(
        found.right.map(({ result }) => JSON.parse(result as string) as SubmitResult),
      )()
      const moved = handled._tag === 'Left' ? handled : await advance(name, last['position'] as number)()
      return moved._tag === 'Left' ? moved : E.right(found.right.length)
    }

  return {
    publish: (published) => async () => {
      const written = await db.write('results', () => publish(published))()
      if (written._tag === 'Right') wake.now()
      return written
    },
    register: (name) =>
      db.write('results', () => {
        // AUTOINCREMENT remembers the last position even of an emptied log.
        db.statement(
          'INSERT INTO result_subscriptions (name, position) VALUES (?, coalesce((SELECT seq FROM ' +
            "sqlite_sequence WHERE name = 'results'), 0)) ON CONFLICT DO NOTHING",
        ).run(name)
      }),
    subscribe: (name, handler, events) =>
      consumer({
        lease,
        wake,
        name: leaseName(name),
        events,
        deliver: deliver(name, handler),
        onLost: () => undefined,
        keepsLease: false,
      }),
  }
}
