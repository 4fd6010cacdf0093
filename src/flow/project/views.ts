// The view projection: the gate lets each event through once and in sequence, and reads a gap from the event
// store.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { reasonOf } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import { apply, type Folded, nothingYet } from '../../model/state.ts'
import type { EventStore } from '../../ports/event-store.ts'
import type { TopicError } from '../../ports/topic.ts'
import type { ViewDocument, ViewStore, ViewTable } from '../../ports/view-store.ts'
import type { Failed, Work } from '../consume/consume.ts'
import { putViews } from './put-views.ts'
import { documentOf, foldedOf, tableOf } from './view.ts'
import { byEntity } from '../events/by-entity.ts'

const pageSize = 500

interface Projecting {
  readonly definition: Definition
  readonly store: EventStore
  readonly views: ViewStore
  readonly table: ViewTable
}

// Applies what the event store holds between `after` and `before`.
const applyStored = async (
  { store, definition }: Projecting,
  folded: Folded,
  entityId: string,
  after: number,
  before: number,
): Promise<E.Either<TopicError, Folded>> => {
  let state = folded
  for (let at = after; at < before - 1;) {
    const page = await store.history(definition.name, entityId, {
      after: at,
      limit: Math.min(pageSize, before - 1 - at),
    })()
    if (page._tag === 'Left') return page
    if (page.right.length === 0) break
    for (const event of page.right) state = apply(state, event)
    at = (page.right[page.right.length - 1] as StoredEvent).sequence
  }
  return E.right(state)
}

// The document after an entity's events, or undefined where the gate has seen them all.
const projectOne = async (
  projecting: Projecting,
  document: ViewDocument | undefined,
  events: readonly StoredEvent[],
): Promise<E.Either<TopicError, ViewDocument | Failed | undefined>> => {
  const gate = document?.sequence ?? 0
  const fresh = events.filter(({ sequence }) => sequence > gate)
  const [first] = fresh
  if (first === undefined) return E.right(undefined)
  const held = document === undefined ? nothingYet : foldedOf(projecting.definition, document)
  let folded = held ?? nothingYet
  let at = held === undefined ? 0 : gate
  for (const event of fresh) {
    if (event.sequence > at + 1) {
      const healed = await applyStored(projecting, folded, event.entityId, at, event.sequence)
      if (healed._tag === 'Left') return healed
      folded = healed.right
    }
    folded = apply(folded, event)
    at = event.sequence
  }
  // What came was older than what shows: only the gate moves. (A document that shows a part of its state
  // could not be made anew.)
  if (document !== undefined && folded === held) return E.right({ ...document, sequence: at })
  try {
    return E.right(documentOf(projecting.definition, first.entityId, at, folded))
  } catch (thrown) {
    // calculate is a pure function: what it throws, it will throw again.
    return E.right({
      entityId: first.entityId,
      sequence: first.sequence,
      retry: false,
      reason: `calculate: ${reasonOf(thrown)}`,
    })
  }
}

/** Keeps the documents of one entity kind, in one generation. */
export const projectViews =
  (projecting: Projecting): Work =>
  (events): TaskEither<TopicError, readonly Failed[]> =>
  async () => {
    if (events.length === 0) return E.right([])
    const { views, table } = projecting
    const groups = byEntity(events)
    const found = await views.get(table, [...groups.keys()])()
    if (found._tag === 'Left') return found
    const documents = new Map(found.right.map((document) => [document.entityId, document]))
    const changed: ViewDocument[] = []
    const failures: Failed[] = []
    for (const [entityId, group] of groups) {
      const projected = await projectOne(projecting, documents.get(entityId), group)
      if (projected._tag === 'Left') return projected
      if (projected.right === undefined) continue
      if ('retry' in projected.right) failures.push(projected.right)
      else changed.push(projected.right)
    }
    if (changed.length === 0) return E.right(failures)
    const put = await putViews(views, table, changed)()
    if (put._tag === 'Left') return put
    for (const { entityId, reason } of put.right.refused)
      failures.push({
        entityId,
        sequence: (documents.get(entityId)?.sequence ?? 0) + 1,
        retry: false,
        reason,
      })
    return E.right(failures)
  }

// An entity fails as a whole: in whichever generation, from its first failing event on.
const together = (failures: readonly Failed[]): readonly Failed[] => {
  const first = new Map<string, Failed>()
  for (const failed of failures) {
    const before = first.get(failed.entityId)
    if (before === undefined || failed.sequence < before.sequence) first.set(failed.entityId, failed)
  }
  return [...first.values()]
}

/**
 * Keeps the documents of the generation that serves and of the one being built. Which those are is read after
 * the events were
 * committed: a build that began since then finds them in its scan.
 */
export const projectGenerations =
  (projecting: Omit<Projecting, 'table'>): Work =>
  (events, position): TaskEither<TopicError, readonly Failed[]> =>
  async () => {
    const { definition, views } = projecting
    const generations = await views.generations.of(definition.name)()
    if (generations._tag === 'Left') return generations
    const { active, building } = generations.right
    const failures: Failed[] = []
    for (const generation of building === undefined ? [active] : [active, building.generation]) {
      const projected = await projectViews({ ...projecting, table: tableOf(definition, generation) })(
        events,
        position,
      )()
      if (projected._tag === 'Left') return projected
      failures.push(...projected.right)
    }
    return E.right(building === undefined ? failures : together(failures))
  }
