// Custom subscriptions: a user's handler, called per entity in order, many entities at once, none in
// another's way.
import PQueue from 'p-queue'
import { E, type TaskEither } from '../../fp.ts'
import type { AnyEntity, DefinitionOf, EventOf } from '../../model/entity.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { TopicError } from '../../ports/topic.ts'
import type { Failed, Work } from './consume.ts'
import { byEntity } from '../events/by-entity.ts'
import { readEvent } from '../events/read.ts'
import { type Filter, attributesOf, matches } from '../../model/attributes.ts'
import { type Called, call } from '../call.ts'
import { within } from '../../waiting.ts'

/**
 * Entities handled at once, and how long a handler may run (ms) before its entity steps aside and the others
 * go on.
 */
const concurrency = 16

const patience = 1_000

/** A call that outlasted the patience: what it handles, and what came of it once it ended. */
interface Lasting {
  readonly sequence: number
  ended: Called | undefined
}

/**
 * The work of a custom subscription. A handler's throw with `retry: false` parks the event; any other is
 * tried again, with backoff and no limit.
 */
export const handling = <L extends AnyEntity>(
  definition: DefinitionOf<L>,
  verb: string,
  filter: Filter | undefined,
  handle: (event: EventOf<L>) => unknown,
): Work => {
  const lasting = new Map<string, Lasting>()
  const queue = new PQueue({ concurrency })

  const callOnce = async (event: StoredEvent, read: EventOf<L>): Promise<Called | undefined> => {
    const before = lasting.get(event.entityId)
    if (before !== undefined && before.sequence === event.sequence) {
      if (before.ended !== undefined) lasting.delete(event.entityId)
      return before.ended
    }
    const called = call(handle, read)
    const first = await within(patience, called)
    if (first !== undefined) return first
    const entry: Lasting = { sequence: event.sequence, ended: undefined }
    lasting.set(event.entityId, entry)
    void called.then((ended) => {
      entry.ended = ended
    })
    return undefined
  }

  // Events of one entity, in order, up to the first that fails.
  const handleEntity = async (events: readonly StoredEvent[]): Promise<Failed | undefined> => {
    for (const event of events) {
      if (!matches(filter, attributesOf(definition, event))) continue
      const { entityId, sequence } = event
      const read = readEvent<L>(verb, definition, event)
      if (read._tag === 'Left') return { entityId, sequence, retry: false, reason: read.left.message }
      if (read.right === undefined) continue
      const called = await callOnce(event, read.right)
      if (called === undefined)
        return {
          entityId,
          sequence,
          retry: true,
          reason: `the handler has been running for more than ${patience} ms`,
        }
      if (!called.done) return { entityId, sequence, retry: called.retry, reason: called.reason }
    }
    return undefined
  }

  return (events): TaskEither<TopicError, readonly Failed[]> =>
    async () => {
      const failures = await queue.addAll(
        [...byEntity(events).values()].map((group) => () => handleEntity(group)),
      )
      return E.right(failures.filter((failed) => failed !== undefined))
    }
}
