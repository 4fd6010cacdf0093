// verify, for views: each document against the one that its entity's events make, in order of entity id on
// both sides.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { ScanCursor } from '../../ports/event-store.ts'
import type { ViewDocument, ViewTable } from '../../ports/view-store.ts'
import { putViews } from '../project/put-views.ts'
import { behind, historyAfter, nextEntities } from '../events/scan.ts'
import {
  asideOf,
  caughtUp,
  found,
  isOverdue,
  newTally,
  verifiedOf,
  type VerifyResult,
  type Tally,
  type Verified,
  type VerifyOptions,
} from './verify.ts'
import { expected, lastOf, isSound } from './sound-view.ts'

/** Documents read at once. */
const pageSize = 1_000

type Histories = ReadonlyMap<string, readonly StoredEvent[]>

interface Verifying {
  readonly ports: Ports
  readonly definition: Definition
  readonly table: ViewTable
  readonly tally: Tally
  readonly repair: boolean
}

const mend = async (
  { ports, definition, table, tally }: Verifying,
  entityId: string,
  events: readonly StoredEvent[],
): Promise<VerifyResult<void>> => {
  const right = expected(definition, entityId, events, lastOf(events))
  if (right === undefined) return E.right(undefined)
  // One that the store refuses stays a finding: it is parked.
  const mended = await putViews(ports.viewStore, table, [right], 'mend')()
  if (mended._tag === 'Left') return mended
  tally.repaired += mended.right.written
  return E.right(undefined)
}

interface SecondLook {
  readonly events: readonly StoredEvent[]
  readonly held: ViewDocument | undefined
  readonly passed: boolean
}

// History first, then the projection's progress, then the document: what the history holds is in the document
// by then, or missing.
const lookAgain = async (
  { ports, definition, table, tally }: Verifying,
  entityId: string,
): Promise<VerifyResult<SecondLook>> => {
  const history = await historyAfter(ports.eventStore, definition.name, entityId, 0)
  if (history._tag === 'Left') return history
  const passed = await caughtUp(ports, 'views', definition.name, tally)
  if (passed._tag === 'Left') return passed
  const document = await ports.viewStore.get(table, [entityId])()
  if (document._tag === 'Left') return document
  const [held] = document.right
  const events = history.right
  if (held === undefined || held.sequence <= (events[events.length - 1]?.sequence ?? 0))
    return E.right({ events, held, passed: passed.right })
  // The document has moved on meanwhile: its events were stored before it was written.
  const later = await historyAfter(ports.eventStore, definition.name, entityId, 0)
  return later._tag === 'Left'
    ? later
    : E.right({
        events: later.right.filter(({ sequence }) => sequence <= held.sequence),
        held,
        passed: passed.right,
      })
}

// The second look at an entity that did not agree decides.
const judge = async (verifying: Verifying, entityId: string): Promise<VerifyResult<void>> => {
  const { ports, definition, tally } = verifying
  const second = await lookAgain(verifying, entityId)
  if (second._tag === 'Left') return second
  const { events, held, passed } = second.right
  if (events.length === 0) return held === undefined ? E.right(undefined) : surplus(verifying, held)
  if (isSound(definition, events, held)) return E.right(undefined)
  const aside = await asideOf(ports, 'views', definition.name, entityId)
  if (aside._tag === 'Left') return aside
  const sequence = held?.sequence ?? 0
  const lacking = lastOf(events) - sequence
  if (lacking > 0) {
    const overdue = events.some((event) => event.sequence > sequence && isOverdue(ports, event.recordedAt))
    const waits = aside.right.waits || (!passed && !overdue && aside.right.parked === undefined)
    if (waits) tally.pending += lacking
    else
      found(
        tally,
        {
          kind: 'missing',
          entityId,
          sequence: sequence + 1,
          ...(aside.right.parked === undefined ? {} : { reason: aside.right.parked }),
        },
        lacking,
      )
    if (
      waits &&
      (held === undefined ||
        isSound(
          definition,
          events.filter((event) => event.sequence <= sequence),
          held,
        ))
    )
      return E.right(undefined)
  }
  if (lacking < 0) found(tally, { kind: 'surplus', entityId, sequence }, 1)
  else if (
    held !== undefined &&
    !isSound(
      definition,
      events.filter((event) => event.sequence <= sequence),
      held,
    )
  )
    found(tally, { kind: 'different', entityId, sequence }, 1)
  return verifying.repair ? mend(verifying, entityId, events) : E.right(undefined)
}

const surplus = async (
  { ports, table, tally, repair }: Verifying,
  { entityId, sequence }: ViewDocument,
): Promise<VerifyResult<void>> => {
  found(tally, { kind: 'surplus', entityId, sequence }, 1)
  if (!repair) return E.right(undefined)
  const removed = await ports.viewStore.remove(table, [entityId])()
  if (removed._tag === 'Right') tally.repaired++
  return removed
}

// Documents with ids up to `until` (or all behind `after`), page by page; ids that no history stands behind
// are suspects.
const strangers = async (
  { ports, table }: Verifying,
  histories: Histories,
  after: string | undefined,
  until: string | undefined,
): Promise<VerifyResult<readonly string[]>> => {
  const suspects: string[] = []
  for (let at = after; ;) {
    const page = await ports.viewStore.list(table, at, pageSize)()
    if (page._tag === 'Left') return page
    for (const { entityId } of page.right) {
      if (until !== undefined && entityId > until) return E.right(suspects)
      if (!histories.has(entityId)) suspects.push(entityId)
      at = entityId
    }
    if (page.right.length < pageSize) return E.right(suspects)
  }
}

const comparePage = async (
  verifying: Verifying,
  histories: Histories,
  after: ScanCursor | undefined,
  until: ScanCursor | undefined,
): Promise<VerifyResult<readonly string[]>> => {
  const { ports, definition, table, tally } = verifying
  const documents = await ports.viewStore.get(table, [...histories.keys()])()
  if (documents._tag === 'Left') return documents
  const held = new Map(documents.right.map((document) => [document.entityId, document]))
  const suspects: string[] = []
  for (const [entityId, events] of histories) {
    tally.events += events.length
    if (!isSound(definition, events, held.get(entityId))) suspects.push(entityId)
  }
  const others = await strangers(verifying, histories, after?.entityId, until?.entityId)
  return others._tag === 'Left' ? others : E.right([...suspects, ...others.right])
}

/**
 * Compares one generation of an entity's views with its events. A mismatch is read twice before it counts.
 */
export const verifyViews =
  (
    ports: Ports,
    definition: Definition,
    table: ViewTable,
    { repair = false, onProgress }: VerifyOptions,
  ): TaskEither<Infra | Contention, Verified> =>
  async () => {
    const verifying: Verifying = { ports, definition, table, tally: newTally(), repair }
    for (let cursor: ScanCursor | undefined; ;) {
      const histories = await nextEntities(ports.eventStore, definition.name, cursor)
      if (histories._tag === 'Left') return histories
      const until = behind(histories.right)
      const suspects = await comparePage(verifying, histories.right, cursor, until)
      if (suspects._tag === 'Left') return suspects
      if (suspects.right.length > 0) {
        for (const entityId of suspects.right) {
          const judged = await judge(verifying, entityId)
          if (judged._tag === 'Left') return judged
        }
      }
      onProgress?.({ events: verifying.tally.events })
      if (until === undefined) return E.right(verifiedOf(verifying.tally))
      cursor = until
    }
  }
