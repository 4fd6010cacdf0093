// Events in order, and a check of what the query engine has of them: what the contracts of checks and of
// generations share.
import type { StoredEvent } from '../../model/event.ts'
import type { CheckedRange, QueryEngine } from '../../ports/query-engine.ts'
import { range, right } from '../check.ts'
import { awkwardSource, integer, storedEvent, string } from '../samples.ts'

export const inOrder = (events: readonly StoredEvent[]): readonly StoredEvent[] =>
  [...events].sort((a, b) => (a.eventId < b.eventId ? -1 : 1))

export const events = inOrder(
  range(1, 6).flatMap((id) =>
    range(1, 3).map((n) =>
      storedEvent({
        id: String(id),
        sequence: n,
        at: n,
        kind: n === 3 && id === 1 ? 'delete' : 'full',
        source: awkwardSource,
        content: { n: integer(n), city: string(`${id}/${n}`) },
      }),
    ),
  ),
)

export const check = (engine: QueryEngine, all: readonly StoredEvent[], more: Partial<CheckedRange> = {}) =>
  right(engine.check('Lead', { after: undefined, until: undefined, events: all, ...more }))

export const clean = { missing: [], surplus: [], different: [] }
export const cursor = ({ entityId, sequence }: StoredEvent) => ({ entityId, sequence })
