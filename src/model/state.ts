// State: what an entity's events make of it, ordered by (occurredAt, sequence) whatever the order of arrival.
import { infoOf, isBefore, payloadOf, type EventInfo, type Moment, type StoredEvent } from './event.ts'
import type { EntityPropertyValue, Yadto } from './yadto.ts'

/** What orders late events without reading history. */
export interface Fold {
  /** The last delete-or-full event. */
  readonly floor?: Moment & { readonly deleted: boolean }
  /** The last upsert at or above the floor; without one the entity is deleted (or was never there). */
  readonly last?: EventInfo
  /** Who set a property, where that was not the floor. */
  readonly set: { readonly [property: string]: Moment }
}

/** An entity's state and what orders it. */
export interface Folded {
  readonly fold: Fold
  readonly state: Yadto
}

export const nothingYet: Folded = { fold: { set: {} }, state: {} }

/** Whether the entity is there: an upsert stands at or above the floor. */
export const isAlive = ({ fold }: Folded): boolean => fold.last !== undefined

const moment = ({ occurredAt, sequence }: StoredEvent): Moment => ({ occurredAt, sequence })

// What stays of the state above a new floor: properties that a later event set.
const above = (
  { fold, state }: Folded,
  floor: Moment,
): {
  readonly set: { [property: string]: Moment }
  readonly state: { [property: string]: EntityPropertyValue }
} => {
  const set: { [property: string]: Moment } = {}
  const kept: { [property: string]: EntityPropertyValue } = {}
  for (const name in fold.set) {
    const by = fold.set[name] as Moment
    if (!isBefore(floor, by)) continue
    set[name] = by
    kept[name] = state[name] as EntityPropertyValue
  }
  return { set, state: kept }
}

const lastAbove = (fold: Fold, floor: Moment): { readonly last?: EventInfo } =>
  fold.last !== undefined && isBefore(floor, fold.last) ? { last: fold.last } : {}

const applyWhole = (before: Folded, event: StoredEvent): Folded => {
  const { fold } = before
  const at = moment(event)
  const kept = above(before, at)
  const deleted = event.kind === 'delete'
  const later = lastAbove(fold, at)
  const state = deleted ? kept.state : { ...payloadOf(event), ...kept.state }
  return {
    fold: {
      floor: { ...at, deleted },
      set: kept.set,
      ...(later.last !== undefined || deleted ? later : { last: infoOf(event) }),
    },
    state,
  }
}

const applyPart = ({ fold, state }: Folded, event: StoredEvent): Folded => {
  const at = moment(event)
  const next: { [property: string]: EntityPropertyValue } = { ...state }
  const set: { [property: string]: Moment } = { ...fold.set }
  const payload = payloadOf(event)
  for (const name in payload) {
    // A property may bear a name that every object inherits (`constructor`).
    const by = Object.hasOwn(set, name) ? set[name] : undefined
    if (by !== undefined && isBefore(at, by)) continue
    next[name] = payload[name] as EntityPropertyValue
    set[name] = at
  }
  const last = fold.last !== undefined && isBefore(at, fold.last) ? fold.last : infoOf(event)
  return { fold: { ...(fold.floor === undefined ? {} : { floor: fold.floor }), set, last }, state: next }
}

/**
 * The state with one more event taken in. Each event's own kind decides: full replaces, partial merges
 * property by property,
 * delete ends, erased says nothing. What lies below the floor (the last delete-or-full event) no longer
 * matters.
 */
export const apply = (before: Folded, event: StoredEvent): Folded => {
  if (event.kind === 'erased') return before
  if (before.fold.floor !== undefined && isBefore(event, before.fold.floor)) return before
  return event.kind === 'partial' ? applyPart(before, event) : applyWhole(before, event)
}
