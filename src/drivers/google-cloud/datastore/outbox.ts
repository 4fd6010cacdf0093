// The outbox: one row a commit that names its events, cleared once they are published; what a crash left
// there is published by the sweeper.
import { randomUUID } from 'node:crypto'
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import type { StoredEvent } from '../../../model/event.ts'
import { parseEventId } from '../../../model/identity.ts'
import type { StoreError } from '../../../ports/event-store.ts'
import { eventOf } from './codec.ts'
import type { Datastore, Found, Mutation } from './datastore.ts'
import { eventKey, eventKind, outboxKind } from './keys.ts'
import { array, instant, instantOfValue, text, textOf } from './value.ts'
import { instantOfDate, millisOf } from '../../../model/instant.ts'

/** Rows a look takes, and rows remembered here; a row that was forgotten is found again by a look. */
const lookSize = 200
const mostRemembered = 20_000

export interface Outbox {
  /** The row of a commit; `committed` remembers it here, so that `published` clears it without a look. */
  readonly row: (
    entity: string,
    eventIds: readonly string[],
  ) => { readonly mutation: Mutation; readonly committed: () => void }
  /** Events whose rows have stood for longer than `age`, the oldest rows first. */
  readonly pending: (entity: string, limit: number) => TaskEither<StoreError, readonly StoredEvent[]>
  readonly published: (events: readonly StoredEvent[]) => TaskEither<StoreError, void>
}

interface Row {
  readonly entity: string
  readonly name: string
  readonly eventIds: readonly string[]
  readonly left: Set<string>
}

/**
 * `age`: milliseconds that a row belongs to the process that wrote it; it publishes right after the commit.
 */
export const outbox = (store: Datastore, age: number): Outbox => {
  const rows = new Map<string, Row>()
  const rowOf = new Map<string, Row>()
  // A row is forgotten as a whole: one that lost some of its events here could never be cleared, and would be
  // published for ever.
  const forget = (row: Row): void => {
    rows.delete(row.name)
    for (const id of row.eventIds) if (rowOf.get(id) === row) rowOf.delete(id)
  }
  const remember = (entity: string, name: string, eventIds: readonly string[]): Row => {
    const known = rows.get(name)
    if (known !== undefined) return known
    const row: Row = { entity, name, eventIds, left: new Set(eventIds) }
    rows.set(name, row)
    for (const id of eventIds) rowOf.set(id, row)
    for (const [, oldest] of rows) {
      if (rowOf.size <= mostRemembered || oldest === row) break
      forget(oldest)
    }
    return row
  }
  const clear =
    (done: readonly Row[]): TaskEither<StoreError, void> =>
    async () => {
      if (done.length === 0) return E.right(undefined)
      const cleared = await store.write(
        'outbox',
        done.map(({ entity, name }) => ({ remove: { kind: outboxKind(entity), name } })),
      )()
      if (cleared._tag === 'Right') done.forEach(forget)
      return cleared
    }
  const idsOf = ({ properties }: Found): readonly string[] =>
    (properties['events']?.arrayValue?.values ?? []).map(textOf)

  // Due rows, oldest first. Keys are random: where a page holds only rows that their writers still publish,
  // the due ones lie behind it.
  const dueRows = async (entity: string): Promise<E.Either<StoreError, readonly Found[]>> => {
    for (let after: string | undefined; ;) {
      const page = await store.query(`outbox ${entity}`, {
        kind: outboxKind(entity),
        limit: lookSize,
        ...(after === undefined ? {} : { after }),
      })()
      if (page._tag === 'Left') return page
      const due = page.right
        .map((row) => ({ row, at: instantOfValue(row.properties['at'] ?? {}) }))
        .filter(({ at }) => millisOf(at) <= Date.now() - age)
        .sort((a, b) => (a.at < b.at ? -1 : 1))
      if (due.length > 0 || page.right.length < lookSize) return E.right(due.map(({ row }) => row))
      after = page.right[page.right.length - 1]?.name
    }
  }

  const pending: Outbox['pending'] = (entity, limit) => async () => {
    for (;;) {
      const due = await dueRows(entity)
      if (due._tag === 'Left') return due
      const wanted: string[] = []
      const published: Row[] = []
      for (const each of due.right) {
        if (wanted.length >= limit) break
        const row = remember(entity, each.name, idsOf(each))
        // Published before, when it could not be cleared.
        if (row.left.size === 0) published.push(row)
        wanted.push(...[...row.left].slice(0, limit - wanted.length))
      }
      const cleared = await clear(published)()
      if (cleared._tag === 'Left') return cleared
      if (wanted.length === 0 && published.length > 0) continue
      const keys = wanted.map((id) => {
        const parsed = parseEventId(id)
        return eventKey(entity, parsed?.entityId ?? '', parsed?.sequence ?? 0)
      })
      return pipe(
        store.lookup(`outbox ${entity}`, keys),
        TE.map((found) =>
          [...found.values()]
            .filter(({ kind }) => kind === eventKind(entity))
            .map((each) => eventOf(entity, each)),
        ),
      )()
    }
  }

  const published: Outbox['published'] = (events) => async () => {
    const done = new Set<Row>()
    for (const { eventId } of events) {
      const row = rowOf.get(eventId)
      row?.left.delete(eventId)
      if (row?.left.size === 0) done.add(row)
    }
    return clear([...done])()
  }

  return {
    row: (entity, eventIds) => {
      const name = randomUUID()
      return {
        mutation: {
          insert: { kind: outboxKind(entity), name },
          properties: { at: instant(instantOfDate(new Date()) as string), events: array(eventIds.map(text)) },
        },
        committed: () => void remember(entity, name, eventIds),
      }
    },
    pending,
    published,
  }
}
