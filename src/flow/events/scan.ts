// Scanning the event store by whole entities: what rebuild and verify read.
import { E } from '../../fp.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { EventStore, ScanCursor } from '../../ports/event-store.ts'
import { turn } from '../../waiting.ts'

type ScanResult<A> = E.Either<Infra | Contention, A>

/** Events read at once. */
const pageSize = 2_000

/** All events of one entity behind a sequence. */
export const historyAfter = async (
  store: EventStore,
  entity: string,
  entityId: string,
  after: number,
): Promise<ScanResult<readonly StoredEvent[]>> => {
  const events: StoredEvent[] = []
  for (let at = after; ;) {
    const page = await store.history(entity, entityId, { after: at, limit: pageSize })()
    if (page._tag === 'Left') return page
    events.push(...page.right)
    if (page.right.length < pageSize) return E.right(events)
    at = (page.right[page.right.length - 1] as StoredEvent).sequence
  }
}

/** The next whole entities behind the cursor, each with all its events. */
export const nextEntities = async (
  store: EventStore,
  entity: string,
  cursor: ScanCursor | undefined,
): Promise<ScanResult<ReadonlyMap<string, readonly StoredEvent[]>>> => {
  await turn()
  const page = await store.scan(entity, cursor, pageSize)()
  if (page._tag === 'Left') return page
  const last = page.right[pageSize - 1]
  // A full page may cut its last entity's events off.
  const rest =
    last === undefined ? E.right([]) : await historyAfter(store, entity, last.entityId, last.sequence)
  if (rest._tag === 'Left') return rest
  const groups = new Map<string, StoredEvent[]>()
  for (const event of [...page.right, ...rest.right]) {
    const group = groups.get(event.entityId)
    if (group === undefined) groups.set(event.entityId, [event])
    else group.push(event)
  }
  return E.right(groups)
}

/** The cursor behind the last event of whole entities. */
export const behind = (groups: ReadonlyMap<string, readonly StoredEvent[]>): ScanCursor | undefined => {
  const last = [...groups.values()].pop()?.at(-1)
  return last === undefined ? undefined : { entityId: last.entityId, sequence: last.sequence }
}

/** Behind all events of an entity. */
export const cursorBehind = (entityId: string | undefined): ScanCursor | undefined =>
  entityId === undefined ? undefined : { entityId, sequence: Number.MAX_SAFE_INTEGER }

/**
 * All events of the entities behind `after` up to `until`; open at its end, the next page of whole entities.
 */
export const eventsBetween = async (
  store: EventStore,
  entity: string,
  after: string | undefined,
  until: string | undefined,
): Promise<ScanResult<readonly StoredEvent[]>> => {
  const events: StoredEvent[] = []
  for (let at = after; ;) {
    const groups = await nextEntities(store, entity, cursorBehind(at))
    if (groups._tag === 'Left') return groups
    for (const [entityId, each] of groups.right) {
      if (until !== undefined && entityId > until) return E.right(events)
      events.push(...each)
      at = entityId
    }
    if (groups.right.size === 0 || until === undefined || at === until) return E.right(events)
  }
}
