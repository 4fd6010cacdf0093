// The outbox: one row a commit that names its events, cleared once they are published; what a crash left there is published by the sweeper.
import { randomUUID } from 'node:crypto'
import { E, type TaskEither } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import { parseEventId } from '../../model/identity.ts'
import type { StoreError } from '../../ports/event-store.ts'
import { eventOf } from './codec.ts'
import { keyText, type Datastore, type Found, type Mutation } from './datastore.ts'
import { eventKey, outboxKind } from './keys.ts'
import { array, instant, instantOfValue, text, textOf } from './value.ts'
import { instantOfDate, millisOf } from '../../model/instant.ts'

/** Rows a look takes, and rows remembered here; a row that was forgotten is found again by a look. */
const lookSize = 200
const mostRemembered = 20_000

export interface Outbox {
  /** The row of a commit; `committed` remembers it here, so that `published` clears it without a look. */
  readonly row: (entity: string, eventIds: readonly string[]) => { readonly mutation: Mutation; readonly committed: () => void }
  /** Events whose rows have stood for longer than `age`, the oldest rows first. */
  readonly pending: (entity: string, limit: number) => TaskEither<StoreError, readonly StoredEvent[]>
  readonly published: (events: readonly StoredEvent[]) => TaskEither<StoreError, void>
}

interface Row { readonly entity: string; readonly name: string; readonly left: Set<string> }

/** `age`: milliseconds that a row belongs to the process that wrote it; it publishes right after the commit. */
export const outbox = (store: Datastore, age: number): Outbox => {
  const rowOf = new Map<string, Row>()
  const remember = (entity: string, name: string, eventIds: readonly string[]): Row => {
    const known = rowOf.get(eventIds.find((id) => rowOf.get(id)?.name === name) ?? '')
    if (known !== undefined) return known
    const row: Row = { entity, name, left: new Set(eventIds) }
    for (const id of eventIds) rowOf.set(id, row)
    for (const [id] of rowOf) {
      if (rowOf.size <= mostRemembered) break
      rowOf.delete(id)
    }
    return row
  }
  const idsOf = ({ properties }: Found): readonly string[] => (properties['events']?.arrayValue?.values ?? []).map(textOf)

  const pending: Outbox['pending'] = (entity, limit) => async () => {
    const rows = await store.query(`outbox ${entity}`, { kind: outboxKind(entity), limit: lookSize })()
    if (rows._tag === 'Left') return rows
    const due = rows.right.map((row) => ({ row, at: instantOfValue(row.properties['at'] ?? {}) })).filter(({ at }) => millisOf(at) <= Date.now() - age).sort((a, b) => (a.at < b.at ? -1 : 1))
    const wanted: string[] = []
    const over: string[] = []
    for (const { row } of due) {
      if (wanted.length >= limit) break
      const { left } = remember(entity, row.name, idsOf(row))
      // All published, but an outage kept the row from being cleared.
      if (left.size === 0) over.push(row.name)
      wanted.push(...[...left].slice(0, limit - wanted.length))
    }
    const swept = over.length === 0 ? E.right(undefined) : await store.write('outbox', over.map((name) => ({ remove: { kind: outboxKind(entity), name } })))()
    if (swept._tag === 'Left') return swept
    const keys = wanted.map((id) => { const parsed = parseEventId(id); return eventKey(entity, parsed?.entityId ?? '', parsed?.sequence ?? 0) })
    const found = await store.lookup(`outbox ${entity}`, keys)()
    if (found._tag === 'Left') return found
    // An event that is not there cannot be published: its row must not wait for it.
    const gone = keys.filter((key) => !found.right.has(keyText(key)))
    const cleared = await clear(gone.map(({ name }) => name))
    return cleared._tag === 'Left' ? cleared : E.right([...found.right.values()].map((each) => eventOf(entity, each)))
  }

  const clear = async (eventIds: readonly string[]): Promise<E.Either<StoreError, void>> => {
    const done: Row[] = []
    for (const eventId of eventIds) {
      const row = rowOf.get(eventId)
      if (row === undefined || !row.left.delete(eventId)) continue
      if (row.left.size === 0) done.push(row)
    }
    if (done.length === 0) return E.right(undefined)
    const cleared = await store.write('outbox', done.map(({ entity, name }) => ({ remove: { kind: outboxKind(entity), name } })))()
    if (cleared._tag === 'Left') return cleared
    for (const eventId of eventIds) if (rowOf.get(eventId)?.left.size === 0) rowOf.delete(eventId)
    return cleared
  }

  return {
    row: (entity, eventIds) => {
      const name = randomUUID()
      return {
        mutation: { insert: { kind: outboxKind(entity), name }, properties: { at: instant(instantOfDate(new Date()) as string), events: array(eventIds.map(text)) } },
        committed: () => void remember(entity, name, eventIds),
      }
    },
    pending, published: (events) => () => clear(events.map(({ eventId }) => eventId)),
  }
}

