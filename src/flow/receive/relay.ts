// The relay: hands stored events on to their topics, and publishes what a crash between commit and publish
// left behind.
import type { Definition } from '../../model/definition.ts'
import { reasonOf, unavailable } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import { attributesOf } from '../../model/attributes.ts'
import type { Observe } from '../signal.ts'

/** Events published at once, and milliseconds between looks for those left behind. */
const most = 500
const lookEach = 5_000
/** Events, and characters of their payloads, that wait here to be published at most. */
const mostWaiting = 20_000
const mostLength = 64_000_000

export interface Relay {
  /** Publishes right after the commit; what fails stays pending for the sweeper. */
  readonly publish: (events: readonly StoredEvent[]) => void
  /** Looks for pending events from now on. */
  readonly sweep: () => void
  /** Resolves when nothing is being published. */
  readonly stop: () => Promise<void>
}

export const relay = (
  { topic, eventStore }: Ports,
  definitions: ReadonlyMap<string, Definition>,
  observe: Observe,
): Relay => {
  const running = new Set<Promise<void>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false
  let sweeping = false
  let waiting = 0
  let length = 0

  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  const attributes = (event: StoredEvent): { readonly [name: string]: string } => {
    const definition = definitions.get(event.entity)
    return definition === undefined ? {} : attributesOf(definition, event)
  }
  const publish = async (events: readonly StoredEvent[]): Promise<boolean> => {
    const published = await topic.publish(events, attributes)()
    const cleared = published._tag === 'Left' ? published : await eventStore.published(events)()
    if (cleared._tag === 'Left')
      observe({ _tag: 'unpublished', entity: events[0]?.entity ?? '', error: cleared.left })
    return cleared._tag === 'Right'
  }
  const sweepOnce = async (): Promise<void> => {
    for (const entity of definitions.keys()) {
      for (;;) {
        const pending = await eventStore.pending(entity, most)()
        if (pending._tag === 'Left' || pending.right.length === 0 || !(await publish(pending.right))) break
      }
    }
  }
  const look = (): void => {
    if (stopped) return
    const work = sweepOnce().catch(() => undefined)
    track(work)
    void work.then(() => {
      if (!stopped) timer = setTimeout(look, lookEach)
    })
  }
  const sweep = (): void => {
    if (!sweeping) look()
    sweeping = true
  }
  return {
    publish: (events) => {
      const own = events.reduce((sum, { payload }) => sum + payload.length, 0)
      // An outage of the topic fills no memory: the outbox has them, and they are looked for from now on.
      if (waiting > 0 && (waiting + events.length > mostWaiting || length + own > mostLength)) return sweep()
      waiting += events.length
      length += own
      const done = (): void => {
        waiting -= events.length
        length -= own
      }
      track(
        publish(events)
          .catch((thrown: unknown) =>
            observe({
              _tag: 'unpublished',
              entity: events[0]?.entity ?? '',
              error: unavailable('publish', reasonOf(thrown), thrown),
            }),
          )
          .then(done),
      )
    },
    sweep,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
