// verify, for the query engine: each row against its event, by what reads back; a page of whole entities at a
// time.
import { E, type TaskEither } from '../../fp.ts'
import type { Contention, Infra, NotStarted } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { ScanCursor } from '../../ports/event-store.ts'
import type { CheckedRange, CheckedRows } from '../../ports/query-engine.ts'
import { behind, cursorBehind, eventsBetween, nextEntities } from '../events/scan.ts'
import {
  asideOf,
  caughtUp,
  found,
  isOverdue,
  newTally,
  verifiedOf,
  type Tally,
  type Verified,
  type VerifyOptions,
} from './verify.ts'

type VerifyResult<A> = E.Either<Infra | Contention | NotStarted, A>

interface Verifying {
  readonly ports: Ports
  readonly entity: string
  readonly tally: Tally
  readonly repair: boolean
  readonly building: boolean
}

const isClean = ({ missing, surplus, different }: CheckedRows): boolean =>
  missing.length + surplus.length + different.length === 0

const keyOf = ({ entityId, sequence }: ScanCursor): string => `${entityId}.${sequence}`

// Counts what the second look still found; what is yet to come is pending.
const count = async (
  { ports, entity, tally }: Verifying,
  rows: CheckedRows,
  passed: (at: ScanCursor) => boolean,
): Promise<VerifyResult<void>> => {
  for (const { entityId, sequence } of rows.missing) {
    const aside = await asideOf(ports, 'query-engine', entity, entityId)
    if (aside._tag === 'Left') return aside
    if (aside.right.waits || !passed({ entityId, sequence })) tally.pending++
    else
      found(
        tally,
        {
          kind: 'missing',
          entityId,
          sequence,
          ...(aside.right.parked === undefined ? {} : { reason: aside.right.parked }),
        },
        1,
      )
  }
  for (const at of rows.different) found(tally, { kind: 'different', ...at }, 1)
  for (const at of rows.surplus) found(tally, { kind: 'surplus', ...at }, 1)
  return E.right(undefined)
}

// Missing and different rows are written again: the row written last counts. A surplus row stays until a
// rebuild leaves it out.
const mend = async (
  { ports, entity, tally, building }: Verifying,
  events: readonly StoredEvent[],
  rows: CheckedRows,
): Promise<VerifyResult<void>> => {
  const wanted = new Set([...rows.missing, ...rows.different].map(keyOf))
  const again = events.filter((event) => wanted.has(keyOf(event)))
  if (again.length === 0) return E.right(undefined)
  const written = await (
    building ? ports.queryEngine.fill(entity, again) : ports.queryEngine.append(entity, again)
  )()
  if (written._tag === 'Left') return written
  tally.repaired += again.length
  return E.right(undefined)
}

// Rows of events that came while the others were looked at are no surplus.
const withoutNewcomers = async (
  { ports, entity }: Verifying,
  rows: VerifyResult<CheckedRows>,
  after: string | undefined,
  until: string | undefined,
): Promise<VerifyResult<CheckedRows>> => {
  if (rows._tag === 'Left' || rows.right.surplus.length === 0) return rows
  const now = await eventsBetween(ports.eventStore, entity, after, until)
  if (now._tag === 'Left') return now
  const stored = new Set(now.right.map(keyOf))
  return E.right({ ...rows.right, surplus: rows.right.surplus.filter((at) => !stored.has(keyOf(at))) })
}

const comparePage = async (verifying: Verifying, range: CheckedRange): Promise<VerifyResult<void>> => {
  const { ports, entity, repair } = verifying
  const first = await ports.queryEngine.check(entity, range)()
  if (first._tag === 'Left') return first
  if (isClean(first.right)) return E.right(undefined)
  // Events first, then the projection's progress, then the rows: what the store held is there by then, or
  // missing.
  const fresh = await eventsBetween(ports.eventStore, entity, range.after, range.until)
  if (fresh._tag === 'Left') return fresh
  const passed = await caughtUp(ports, 'query-engine', entity, verifying.tally)
  if (passed._tag === 'Left') return passed
  const events = fresh.right
  const until = range.until ?? events[events.length - 1]?.entityId
  const second = await withoutNewcomers(
    verifying,
    await ports.queryEngine.check(entity, { ...range, until, events })(),
    range.after,
    until,
  )
  if (second._tag === 'Left') return second
  const counted = await count(
    verifying,
    second.right,
    (at) =>
      passed.right ||
      events.some((event) => keyOf(event) === keyOf(at) && isOverdue(ports, event.recordedAt)),
  )
  return counted._tag === 'Left' || !repair ? counted : mend(verifying, events, second.right)
}

/** Compares one generation of an entity's rows with its events. A mismatch is read twice before it counts. */
export const verifyQueryEngine =
  (
    ports: Ports,
    entity: string,
    { repair = false, onProgress }: VerifyOptions,
    building = false,
  ): TaskEither<Infra | Contention | NotStarted, Verified> =>
  async () => {
    const verifying: Verifying = { ports, entity, tally: newTally(), repair, building }
    for (let after: string | undefined; ;) {
      const histories = await nextEntities(ports.eventStore, entity, cursorBehind(after))
      if (histories._tag === 'Left') return histories
      const until = behind(histories.right)?.entityId
      const events = [...histories.right.values()].flat()
      const compared = await comparePage(verifying, {
        after,
        until,
        events,
        ...(building ? { building } : {}),
      })
      if (compared._tag === 'Left') return compared
      verifying.tally.events += events.length
      onProgress?.({ events: verifying.tally.events })
      if (until === undefined) return E.right(verifiedOf(verifying.tally))
      after = until
    }
  }
