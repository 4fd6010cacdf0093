// Events by entity, each entity's in sequence and once.
import type { StoredEvent } from '../../model/event.ts'

/** Events by entity, each entity's in sequence and once. */
export const byEntity = (events: readonly StoredEvent[]): ReadonlyMap<string, readonly StoredEvent[]> => {
  const groups = new Map<string, StoredEvent[]>()
  for (const event of events) {
    const group = groups.get(event.entityId)
    if (group === undefined) groups.set(event.entityId, [event])
    else if ((group[group.length - 1] as StoredEvent).sequence < event.sequence) group.push(event)
    else if (!group.some(({ sequence }) => sequence === event.sequence))
      group.splice(
        group.findIndex(({ sequence }) => sequence > event.sequence),
        0,
        event,
      )
  }
  return groups
}
