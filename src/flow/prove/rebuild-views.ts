// rebuild: a projection made anew from the event store beside the one that serves, then put in its place at
// once.
import { createHash } from 'node:crypto'
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { reasonOf, type Contention, type Infra } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import { instantOfDate } from '../../model/instant.ts'
import { apply, nothingYet, type Folded } from '../../model/state.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Build, ViewDocument } from '../../ports/view-store.ts'
import { list, retry } from '../consume/dead-letters.ts'
import { putViews } from '../project/put-views.ts'
import { behind, nextEntities } from '../events/scan.ts'
import { verifyViews } from './verify-views.ts'
import { documentOf, tableOf } from '../project/view.ts'
import { type RebuildOptions, type Rebuilt, ticker, incomplete, tookOver } from './rebuild.ts'

type RebuildResult<A> = E.Either<Infra | Contention, A>

// Functions count by their source: code that calculates otherwise is another definition.
const definitionHash = ({ view, properties, updates }: Definition): string =>
  createHash('sha256')
    .update(JSON.stringify([view, properties, updates, String(view.calculate)]))
    .digest('hex')

// What a history makes: its document; where its calculation throws at the end, the last one that it did not
// throw for, and from where on it is parked.
interface Made {
  readonly document?: ViewDocument
  readonly failed?: { readonly entityId: string; readonly sequence: number; readonly reason: string }
}

const lastGood = (
  definition: Definition,
  entityId: string,
  events: readonly StoredEvent[],
  reason: string,
): Made => {
  let folded: Folded = nothingYet
  let document: ViewDocument | undefined
  for (const event of events) {
    folded = apply(folded, event)
    try {
      document = documentOf(definition, entityId, event.sequence, folded)
    } catch {
      // This one and perhaps the next cannot be calculated; an earlier document serves.
    }
  }
  return {
    ...(document === undefined ? {} : { document }),
    failed: { entityId, sequence: (document?.sequence ?? 0) + 1, reason },
  }
}

const madeOf = (definition: Definition, entityId: string, events: readonly StoredEvent[]): Made => {
  const last = events[events.length - 1] as StoredEvent
  try {
    return { document: documentOf(definition, entityId, last.sequence, events.reduce(apply, nothingYet)) }
  } catch (thrown) {
    return lastGood(definition, entityId, events, `calculate: ${reasonOf(thrown)}`)
  }
}

interface Filling {
  build: Build
  entities: number
  readonly failed: NonNullable<Made['failed']>[]
}

const fill = async (
  ports: Ports,
  definition: Definition,
  filling: Filling,
  tick: (events: number, end?: boolean) => void,
): Promise<RebuildResult<void>> => {
  const { eventStore, viewStore } = ports
  const table = tableOf(definition, filling.build.generation)
  for (;;) {
    const groups = await nextEntities(eventStore, definition.name, filling.build.cursor)
    if (groups._tag === 'Left') return groups
    const cursor = behind(groups.right)
    if (cursor === undefined) return E.right(undefined)
    const documents: ViewDocument[] = []
    const failures: NonNullable<Made['failed']>[] = []
    let events = 0
    for (const [entityId, each] of groups.right) {
      events += each.length
      const { document, failed } = madeOf(definition, entityId, each)
      if (document !== undefined) documents.push(document)
      if (failed !== undefined) failures.push(failed)
    }
    const put = await putViews(viewStore, table, documents)()
    if (put._tag === 'Left') return put
    failures.push(...put.right.refused.map(({ entityId, reason }) => ({ entityId, sequence: 1, reason })))
    // Before the cursor moves on: a kill in between must not forget them.
    const parked = await parkAll(ports, definition, failures)
    if (parked._tag === 'Left') return parked
    filling.failed.push(...failures)
    filling.entities += groups.right.size
    filling.build = { ...filling.build, cursor, events: filling.build.events + events }
    const kept = await viewStore.generations.advance(definition.name, filling.build)()
    if (kept._tag === 'Left') return kept
    tick(filling.build.events)
  }
}

const parkAll = async (
  { topic }: Ports,
  { name }: Definition,
  failed: Filling['failed'],
): Promise<RebuildResult<void>> => {
  for (const { entityId, sequence, reason } of failed) {
    const put = await topic.deadLetters.put({
      subscription: 'views',
      entity: name,
      entityId,
      sequence,
      gated: true,
      reason,
      parkedAt: instantOfDate(new Date()) as string,
    })()
    if (put._tag === 'Left') return put
  }
  return E.right(undefined)
}

// Entities that were parked and can be calculated now go on: their gate passes over what the build holds
// already.
const resumeParked = async (
  ports: Ports,
  { name }: Definition,
  failed: Filling['failed'],
): Promise<RebuildResult<void>> => {
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

// A build takes over only complete: what a first look finds is mended, what a second one finds stops it.
// Parked entities are known.
const proven = async (
  ports: Ports,
  definition: Definition,
  generation: number,
): Promise<RebuildResult<void>> => {
  const table = tableOf(definition, generation)
  const first = await verifyViews(ports, definition, table, { repair: true })()
  if (first._tag === 'Left') return first
  if (first.right.findings.length === 0) return E.right(undefined)
  const second = await verifyViews(ports, definition, table, {})()
  if (second._tag === 'Left') return second
  const unexplained = second.right.findings.filter(({ reason }) => reason === undefined)
  return unexplained.length === 0 ? E.right(undefined) : E.left(incomplete(definition.name, unexplained))
}

/**
 * Builds an entity's views anew. While it runs, projections write to both generations; killed in between, the
 * next call of the same
 * definition goes on where it was. The old generation stays until the next rebuild begins.
 */
export const rebuildViews =
  (
    ports: Ports,
    definition: Definition,
    total: number,
    options: RebuildOptions,
  ): TaskEither<Infra | Contention, Rebuilt> =>
  async () => {
    const { generations } = ports.viewStore
    const begun = await generations.begin(definition.name, definitionHash(definition))()
    if (begun._tag === 'Left') return begun
    const prepared = await ports.viewStore.prepare(tableOf(definition, begun.right.generation))()
    if (prepared._tag === 'Left') return prepared
    const filling: Filling = { build: begun.right, entities: 0, failed: [] }
    const tick = ticker(total, begun.right.events, options)
    const filled = await fill(ports, definition, filling, tick)
    if (filled._tag === 'Left') return filled
    const verified = await proven(ports, definition, filling.build.generation)
    if (verified._tag === 'Left') return verified
    const swapped = tookOver(
      definition.name,
      await generations.swap(definition.name, filling.build.generation)(),
    )
    if (swapped._tag === 'Left') return swapped
    const resumed = await resumeParked(ports, definition, filling.failed)
    if (resumed._tag === 'Left') return resumed
    tick(filling.build.events, true)
    return E.right({
      generation: filling.build.generation,
      events: filling.build.events,
      entities: filling.entities,
      failed: filling.failed.map(({ entityId, reason }) => ({ entityId, reason })),
    })
  }
