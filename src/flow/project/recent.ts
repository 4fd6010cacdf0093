// What this process had stored of late: where the topic is no log, `settled` looks for just these events in
// the projections.
import type { StoredEvent } from '../../model/event.ts'
import type { ScanCursor } from '../../ports/event-store.ts'

/** Entities remembered of each kind; the oldest are forgotten first. */
const most = 200_000

export interface Recent {
  readonly note: (events: readonly StoredEvent[]) => void
  /** Each entity's last event here. */
  readonly of: (entity: string) => readonly ScanCursor[]
  /** These are held by both projections now. */
  readonly forget: (entity: string, events: readonly ScanCursor[]) => void
}

export const recent = (): Recent => {
  const kinds = new Map<string, Map<string, number>>()
  return {
    note: (events) => {
      for (const { entity, entityId, sequence } of events) {
        const kind = kinds.get(entity) ?? new Map<string, number>()
        kinds.set(entity, kind)
        kind.set(entityId, Math.max(sequence, kind.get(entityId) ?? 0))
        if (kind.size > most)
          for (const [oldest] of kind) {
            kind.delete(oldest)
            break
          }
      }
    },
    of: (entity) => [...(kinds.get(entity) ?? [])].map(([entityId, sequence]) => ({ entityId, sequence })),
    forget: (entity, events) => {
      const kind = kinds.get(entity)
      for (const { entityId, sequence } of events) if (kind?.get(entityId) === sequence) kind.delete(entityId)
    },
  }
}
