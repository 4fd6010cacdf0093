// The topic on SQLite: the event log is the topic, a subscription is a position in it, held by one process at
// a time.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import type {
  Consumer,
  ConsumerEvents,
  Delivery,
  Handler,
  Progress,
  Subscription,
  Topic,
  TopicError,
} from '../../ports/topic.ts'
import { arrays, eventColumns, eventOfRow, type EventRow } from './sqlite/codec.ts'
import { deadLetters, deferrals } from './sqlite/aside.ts'
import { consumer } from './sqlite/consumer.ts'
import type { Lease } from './sqlite/lease.ts'
import { results } from './sqlite/results.ts'
import type { Sqlite } from './sqlite/client.ts'
import { eventsTable, hasEvents, queryEngineLease } from './sqlite/tables.ts'
import type { Wake } from './sqlite/wake.ts'

/** Events a delivery holds at most, and characters of their payloads behind which it ends. */
const deliverySize = 1_000
const deliveryLength = 8_000_000
// DuckDB's file belongs to one process whole, so the query engine's subscriptions share one lease.
const leaseName = ({ name, entity }: Subscription): string =>
  name === queryEngineLease ? name : `${name}/${entity.toLowerCase()}`

export const topic = (db: Sqlite, lease: Lease, wake: Wake, onLost: (leaseName: string) => void): Topic => {
  const last = (entity: string): number =>
    hasEvents(db, entity)
      ? ((db.statement(`SELECT max(position) AS position FROM ${eventsTable(entity)}`).get()?.['position'] as
          number | null) ?? 0)
      : 0

  const savedPosition = ({ name, entity }: Subscription): number | undefined =>
    db.statement('SELECT position FROM subscriptions WHERE name = ? AND entity = ?').get(name, entity)?.[
      'position'
    ] as number | undefined

  const register =
    (subscription: Subscription): TaskEither<TopicError, void> =>
    async () => {
      const { name, entity, filter, from } = subscription
      const known = await db.read('register', () => savedPosition(subscription) !== undefined)()
      if (known._tag === 'Left' || known.right) return known._tag === 'Left' ? known : E.right(undefined)
      return db.write('register', () => {
        db.statement(
          'INSERT INTO subscriptions (name, entity, position, filter) VALUES (?, ?, ?, ?) ON CONFLICT DO ' +
            'NOTHING',
        ).run(
          name,
          entity,
          from === 'start' ? 0 : last(entity),
          filter === undefined ? null : JSON.stringify(filter),
        )
      })()
    }

  const behind = (
    entity: string,
    position: number,
  ): readonly { readonly position: number; readonly event: StoredEvent }[] => {
    const found: { readonly position: number; readonly event: StoredEvent }[] = []
    if (!hasEvents(db, entity)) return found
    let length = 0
    const rows = arrays(
      db.statement(
        `SELECT ${eventColumns} FROM ${eventsTable(entity)} WHERE position > ? ORDER BY position LIMIT ` +
          `${deliverySize}`,
      ),
    ).iterate(position)
    for (const row of rows as Iterable<unknown> as Iterable<EventRow>) {
      const event = eventOfRow(entity, row)
      found.push({ position: row[0], event })
      length += event.payload.length
      if (length >= deliveryLength) break
    }
    return found
  }

  // Fenced: a process that lost its lease moves no cursor; its successor delivers again.
  const savePosition = (subscription: Subscription, after: number): TaskEither<TopicError, void> =>
    db.writeLazily('subscription', () => {
      if (lease.isHeld(leaseName(subscription))) {
        db.statement('UPDATE subscriptions SET position = ? WHERE name = ? AND entity = ?').run(
          after,
          subscription.name,
          subscription.entity,
        )
      }
    })

  // A consumer's own word counts; what is saved mirrors it, so that `progress` tells the truth also after a
  // crash between the two.
  const positionOf = (subscription: Subscription): TaskEither<TopicError, number> => {
    const saved = db.read('subscription', () => savedPosition(subscription) ?? 0)
    return subscription.position === undefined
      ? saved
      : pipe(
          subscription.position(),
          TE.flatMap((own) =>
            pipe(
              saved,
              TE.flatMap((position) =>
                position === Number(own ?? 0)
                  ? TE.right(position)
                  : pipe(
                      savePosition(subscription, Number(own ?? 0)),
                      TE.map(() => Number(own ?? 0)),
                    ),
              ),
            ),
          ),
        )
  }

  // One delivery, if there is one: how many events it held.
  const deliver =
    (subscription: Subscription, handler: Handler): TaskEither<TopicError, number> =>
    async () => {
      const position = await positionOf(subscription)()
      if (position._tag === 'Left') return position
      const found = await db.read('subscription', () => behind(subscription.entity, position.right))()
      if (found._tag === 'Left') return found
      if (found.right.length === 0) return E.right(0)
      const after = (found.right[found.right.length - 1] as { readonly position: number }).position
      const before = position.right === 0 ? undefined : String(position.right)
      const delivery: Delivery = {
        events: found.right.map(({ event }) => event),
        position: { before, after: String(after) },
      }
      const handled = await handler(delivery)()
      if (handled._tag === 'Left') return handled
      const saved = await savePosition(subscription, after)()
      return saved._tag === 'Left' ? saved : E.right(found.right.length)
    }

  const subscribe = (subscription: Subscription, handler: Handler, events: ConsumerEvents): Consumer => {
    const name = leaseName(subscription)
    return consumer({
      lease,
      wake,
      name,
      events,
      deliver: deliver(subscription, handler),
      onLost: () => onLost(name),
      // The query engine's lease goes with its file, when the pipeline closes.
      keepsLease: name === queryEngineLease,
    })
  }

  const progress = (subscription: Subscription): TaskEither<TopicError, Progress> =>
    db.read('status', () => {
      const saved = savedPosition(subscription)
      const position = saved ?? 0
      const behindBy = saved === undefined ? 0 : last(subscription.entity) - position
      const oldest =
        behindBy > 0
          ? (db
              .statement(
                `SELECT recorded_at FROM ${eventsTable(subscription.entity)} WHERE position > ? ORDER BY ` +
                  `position LIMIT 1`,
              )
              .get(position)?.['recorded_at'] as string | undefined)
          : undefined
      const holder = lease.holderOf(leaseName(subscription))
      return {
        registered: saved !== undefined,
        behind: Math.max(0, behindBy),
        passed: position,
        mine: holder?.mine === true,
        ...(oldest === undefined ? {} : { oldest }),
        ...(holder === undefined ? {} : { holder: holder.owner }),
      }
    })

  return {
    isLog: true,
    publish: () => async () => {
      wake.now()
      return E.right(undefined)
    },
    register,
    subscribe,
    progress,
    deferrals: deferrals(db, wake),
    deadLetters: deadLetters(db),
    results: results(db, lease, wake),
  }
}
