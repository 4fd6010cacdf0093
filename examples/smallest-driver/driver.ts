// The smallest driver: everything in memory, made of public entries alone, to read before you write your own.
//
// Read on in event-store.ts, topic.ts with consumer.ts and aside.ts, view-store.ts, checkpoint-store.ts and
// query-engine.ts: a file for each port, in the order in which data moves. sharing.ts is for all of them.
import type { Driver, Ports } from 'dreampipe/driver'
import { pipe, TE } from 'dreampipe/fp'
import { once } from 'dreampipe/waiting'
import { checkpointStores } from './checkpoint-store.ts'
import { eventLog } from './event-store.ts'
import { sharedEngine } from './query-engine.ts'
import { newBell, newLeases } from './sharing.ts'
import { topics } from './topic.ts'
import { viewStore } from './view-store.ts'

/**
 * A driver that keeps everything as long as it is there itself. Whatever opens it is one more connection to
 * the same data, as another process would be: pipelines that are given one `smallest()` share their events.
 */
export const smallest = (): Driver => {
  const bell = newBell()
  const leases = newLeases(bell)
  const events = eventLog(bell)
  const topicOf = topics(events, leases, bell)
  const views = viewStore()
  const checkpointsOf = checkpointStores(leases)
  const engine = sharedEngine()
  let connections = 0

  return {
    name: 'smallest',
    open: () =>
      pipe(
        engine.open,
        TE.map((queryEngine): Ports => {
          const connection = `memory:${++connections}`
          const closing = once(
            TE.fromTask(() => {
              leases.releaseAll(connection)
              return engine.close()
            }),
          )
          return {
            eventStore: events.store,
            topic: topicOf(connection),
            viewStore: views,
            queryEngine,
            checkpointStore: checkpointsOf(connection),
            close: async () => void (await closing.get()),
          }
        }),
      ),
  }
}
