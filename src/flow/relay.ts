// The relay: hands stored events on to their topics, and publishes what a crash between commit and publish left behind.
import type { Definition } from '../model/definition.ts'
import type { StoredEvent } from '../model/event.ts'
import type { Ports } from '../ports/driver.ts'
import { attributesOf } from './handle.ts'
import type { Observe } from './signal.ts'

/** Events published at once, and milliseconds between looks for those left behind. */
const most = 500
const lookEach = 5_000

export interface Relay {
  /** Publishes right after the commit; what fails stays pending for the sweeper. */
  readonly publish: (events: readonly StoredEvent[]) => void
  /** Looks for pending events from now on. */
  readonly sweep: () => void
  /** Resolves when nothing is being published. */
  readonly stop: () => Promise<void>
}

export const relay = ({ topic, eventStore }: Ports, definitions: ReadonlyMap<string, Definition>, observe: Observe): Relay => {
  const running = new Set<Promise<void>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

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
    if (cleared._tag === 'Left') observe({ _tag: 'unpublished', entity: events[0]?.entity ?? '', error: cleared.left })
    return cleared._tag === 'Right'
  }
  const sweepOnce = async (): Promise<void> => {
    for (const entity of definitions.keys()) {
      for (;;) {
        const pending = await eventStore.pending(entity, most)()
        if (pending._tag === 'Left' || pending.right.length === 0 || !await publish(pending.right)) break
      }
    }
  }
  const sweep = (): void => {
    if (stopped) return
    const work = sweepOnce().catch(() => undefined)
    track(work)
    void work.then(() => { if (!stopped) timer = setTimeout(sweep, lookEach) })
  }
  return {
    publish: (events) => track(publish(events).then(() => undefined)),
    sweep,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
