// Steps that contract cases share: append a batch under its guards, read a history to its end, publish what
// was stored.
import type { Candidate, Outcome } from '../model/candidate.ts'
import type { StoredEvent } from '../model/event.ts'
import type { Ports } from '../ports/driver.ts'
import type { EventStore, ScanCursor, SchemaGuard } from '../ports/event-store.ts'
import { right } from './check.ts'
import { schemaFor } from './samples.ts'

/** The guards of a batch: the versions stored now, and a first schema where there is none. */
export const guardsOf = async (
  store: EventStore,
  candidates: readonly Candidate[],
): Promise<readonly SchemaGuard[]> => {
  const entities = [...new Set(candidates.map(({ entity }) => entity))]
  return Promise.all(
    entities.map(async (entity): Promise<SchemaGuard> => {
      const found = await right(store.schema(entity))
      return found === undefined
        ? { entity, version: 0, next: schemaFor([]) }
        : { entity, version: found.version }
    }),
  )
}

/** Appends as the receiver does: where a schema has moved, once more under the new one. */
export const append = async (
  store: EventStore,
  candidates: readonly Candidate[],
): Promise<readonly Outcome[]> => {
  const appended = await right(store.append({ candidates, guards: await guardsOf(store, candidates) }))
  return appended._tag === 'appended' ? appended.outcomes : append(store, candidates)
}

/** Outcomes in short: `stored 1`, `duplicate 1`. */
export const short = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map(({ status, event }) => `${status} ${event.sequence}`)

/** All events of one entity, read in pages. */
export const historyOf = async (
  store: EventStore,
  entityId: string,
  entity = 'Lead',
  limit = 1_000,
): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for (;;) {
    const page = await right(store.history(entity, entityId, { after: events.at(-1)?.sequence ?? 0, limit }))
    events.push(...page)
    if (page.length < limit) return events
  }
}

/** All events of an entity kind, read in pages; `between` runs after each. */
export const scanAll = async (
  store: EventStore,
  entity = 'Lead',
  limit = 1_000,
  between: () => Promise<void> = async () => undefined,
): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  let cursor: ScanCursor | undefined
  for (;;) {
    const page = await right(store.scan(entity, cursor, limit))
    if (page.length === 0) return events
    events.push(...page)
    cursor = page.at(-1)
    await between()
  }
}

/** A message's attributes. */
export type AttributesOf = (event: StoredEvent) => { readonly [name: string]: string }

/**
 * Appends candidates and publishes the events that came of it, as the receiver and the relay do: the events.
 */
export const release = async (
  { eventStore, topic }: Pick<Ports, 'eventStore' | 'topic'>,
  candidates: readonly Candidate[],
  attributesOf: AttributesOf = () => ({}),
): Promise<readonly StoredEvent[]> => {
  const outcomes = await append(eventStore, candidates)
  const events = await Promise.all(
    outcomes.map(async ({ event: { entityId, sequence } }, i) => {
      const [event] = await right(
        eventStore.history((candidates[i] as Candidate).entity, entityId, { after: sequence - 1, limit: 1 }),
      )
      return event as StoredEvent
    }),
  )
  await right(topic.publish(events, attributesOf))
  await right(eventStore.published(events))
  return events
}
