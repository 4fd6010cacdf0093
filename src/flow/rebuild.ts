// rebuild: a projection made anew from the event store beside the one that serves, then put in its place at once.
import { createHash } from 'node:crypto'
import { E, type TaskEither } from '../fp.ts'
import type { Definition } from '../model/definition.ts'
import { reasonOf, type Contention, type Infra } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import { instantOfDate } from '../model/instant.ts'
import { apply } from '../model/state.ts'
import type { Ports } from '../ports/driver.ts'
import type { Build, ViewDocument } from '../ports/view-store.ts'
import { list, retry } from './dead-letters.ts'
import { behind, nextEntities } from './scan.ts'
import { verifyViews } from './verify-views.ts'
import { documentOf, start, tableOf } from './view.ts'

type Answer<A> = E.Either<Infra | Contention, A>

export interface RebuildProgress {
  /** Events read so far by this build, and events a second. */
  readonly events: number
  readonly rate: number
  /** Milliseconds left; undefined until the rate is known. */
  readonly left?: number
}

export interface RebuildOptions {
  readonly onProgress?: (progress: RebuildProgress) => void
}

/** What a rebuild made: the generation that serves now, and what it holds. `failed`: entities whose calculation threw; they are parked as in any projection. */
export interface Rebuilt {
  readonly generation: number
  readonly events: number
  readonly entities: number
  readonly failed: readonly { readonly entityId: string; readonly reason: string }[]
}

// Functions count by their source: code that calculates otherwise is another definition.
const definitionHash = ({ view, properties, updates }: Definition): string =>
  createHash('sha256').update(JSON.stringify([view, properties, updates, String(view.calculate)])).digest('hex')

/** Tells how far a build is, at most ten times a second. */
export const ticker = (total: number, begun: number, { onProgress }: RebuildOptions): ((events: number, end?: boolean) => void) => {
  const started = performance.now()
  let told = 0
  return (events, end = false) => {
    const now = performance.now()
    if (onProgress === undefined || (!end && now - told < 100)) return
    told = now
    const rate = ((events - begun) / Math.max(1, now - started)) * 1000
    onProgress({ events, rate: Math.round(rate), ...(rate > 0 && total > 0 ? { left: Math.round((Math.max(0, total - events) / rate) * 1000) } : {}) })
  }
}

// The document of a whole history, or why there is none.
const madeOf = (definition: Definition, entityId: string, events: readonly StoredEvent[]): ViewDocument | string => {
  const last = events[events.length - 1] as StoredEvent
  try {
    return documentOf(definition, entityId, last.sequence, events.reduce(apply, start))
  } catch (thrown) {
    return `calculate: ${reasonOf(thrown)}`
  }
}

interface Filling { build: Build; entities: number; readonly failed: { readonly entityId: string; readonly reason: string }[] }

const fill = async ({ eventStore, viewStore }: Ports, definition: Definition, filling: Filling, tick: (events: number, end?: boolean) => void): Promise<Answer<void>> => {
  const table = tableOf(definition, filling.build.generation)
  for (;;) {
    const groups = await nextEntities(eventStore, definition.name, filling.build.cursor)
    if (groups._tag === 'Left') return groups
    const cursor = behind(groups.right)
    if (cursor === undefined) return E.right(undefined)
    const documents: ViewDocument[] = []
    let events = 0
    for (const [entityId, each] of groups.right) {
      events += each.length
      const made = madeOf(definition, entityId, each)
      if (typeof made === 'string') filling.failed.push({ entityId, reason: made })
      else documents.push(made)
    }
    const put = await viewStore.put(table, documents)()
    if (put._tag === 'Left') return put
    filling.entities += groups.right.size
    filling.build = { ...filling.build, cursor, events: filling.build.events + events }
    const kept = await viewStore.generations.advance(definition.name, filling.build)()
    if (kept._tag === 'Left') return kept
    tick(filling.build.events)
  }
}

const parkAll = async ({ topic }: Ports, { name }: Definition, failed: Filling['failed']): Promise<Answer<void>> => {
  for (const { entityId, reason } of failed) {
    const put = await topic.deadLetters.put({ subscription: 'views', entity: name, entityId, sequence: 1, gated: true, reason, parkedAt: instantOfDate(new Date()) as string })()
    if (put._tag === 'Left') return put
  }
  return E.right(undefined)
}

// Entities that were parked and can be calculated now go on: their gate passes over what the build holds already.
const resumeParked = async (ports: Ports, { name }: Definition, failed: Filling['failed']): Promise<Answer<void>> => {
  const stillFailing = new Set(failed.map(({ entityId }) => entityId))
  for (;;) {
    const letters = await list(ports, { entity: name, subscription: 'views' })()
    if (letters._tag === 'Left') return letters
    const healed = letters.right.filter(({ entityId }) => !stillFailing.has(entityId))
    if (healed.length === 0) return E.right(undefined)
    for (const letter of healed) {
      const again = await retry(ports, letter)()
      if (again._tag === 'Left') return again
    }
  }
}

/**
 * Builds an entity's views anew. While it runs, projections write to both generations; killed in between, the next call of the same
 * definition goes on where it was. The old generation stays until the next rebuild begins.
 */
export const rebuildViews = (ports: Ports, definition: Definition, total: number, options: RebuildOptions): TaskEither<Infra | Contention, Rebuilt> => async () => {
  const { generations } = ports.viewStore
  const begun = await generations.begin(definition.name, definitionHash(definition))()
  if (begun._tag === 'Left') return begun
  const prepared = await ports.viewStore.prepare(tableOf(definition, begun.right.generation))()
  if (prepared._tag === 'Left') return prepared
  const filling: Filling = { build: begun.right, entities: 0, failed: [] }
  const tick = ticker(total, begun.right.events, options)
  const filled = await fill(ports, definition, filling, tick)
  if (filled._tag === 'Left') return filled
  const failed = await parkAll(ports, definition, filling.failed)
  if (failed._tag === 'Left') return failed
  const verified = await verifyViews(ports, definition, tableOf(definition, filling.build.generation), { repair: true })()
  if (verified._tag === 'Left') return verified
  const swapped = await generations.swap(definition.name, filling.build.generation)()
  if (swapped._tag === 'Left') return swapped
  const resumed = await resumeParked(ports, definition, filling.failed)
  if (resumed._tag === 'Left') return resumed
  tick(filling.build.events, true)
  return E.right({ generation: filling.build.generation, events: filling.build.events, entities: filling.entities, failed: filling.failed })
}
