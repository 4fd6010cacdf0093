// What a row must read back as: plain values of an event for the live columns, and any plain value as
// comparable text.
import { payloadOf, type StoredEvent } from '../model/event.ts'
import { eventIdOf } from '../model/identity.ts'
import { isNull, type EntityPropertyValue, type Yadto } from '../model/yadto.ts'
import type { Columns, ColumnType } from './columns.ts'
import { plain } from './row.ts'

type Row = { readonly [column: string]: unknown }

const scalar = (type: ColumnType & { readonly kind: 'scalar' }, value: EntityPropertyValue): unknown => {
  if (type.packed === true) return plain(value)
  const text = value.value as string
  switch (type.type) {
    case 'Boolean':
      return text === 'true'
    case 'Integer':
      return BigInt(text)
    case 'Double':
      return Number(text)
    case 'Bytes':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'Json':
      return JSON.parse(text)
    default:
      return text
  }
}

const expectedValue = (type: ColumnType, value: EntityPropertyValue | undefined): unknown => {
  if (type.kind === 'repeated') return (value?.values ?? []).map((item) => expectedValue(type.element, item))
  if (value === undefined || isNull(value)) return null
  return type.kind === 'record'
    ? expectedRecord(type.columns, value.embeddedEntity ?? {})
    : scalar(type, value)
}

const expectedRecord = (columns: Columns, yadto: Yadto): Row =>
  Object.fromEntries(
    Object.entries(columns).map(([name, type]) => [
      name,
      expectedValue(type, Object.hasOwn(yadto, name) ? yadto[name] : undefined),
    ]),
  )

/**
 * The row of an event: its properties and what the system columns say of it. `_extra` and `_written` depend
 * on when it was written and are left out.
 */
export const expectedRow = (event: StoredEvent, columns: Columns): Row => {
  const yadto = payloadOf(event)
  return {
    ...expectedRecord(columns, yadto),
    _entity_id: event.entityId,
    _event_id: eventIdOf(event.entityId, event.sequence),
    _sequence: BigInt(event.sequence),
    _occurred_at: event.occurredAt,
    _recorded_at: event.recordedAt,
    _operation: event.kind,
    _source: event.source,
    _version: event.version ?? null,
    _present: Object.keys(yadto),
  }
}

// DuckDB's client takes a mark (U+FEFF) at the beginning of a text away as it reads it; what is stored has
// it.
const unmarked = (text: string): string =>
  text.charCodeAt(0) === 0xfeff ? text.replace(/^\ufeff+/, '') : text

/** A plain value as text that is the same for the same value, whatever the order of keys. */
export const comparable = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(unmarked(value))
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return String(value)
  if (ArrayBuffer.isView(value))
    return `bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map(comparable).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => `${JSON.stringify(name)}:${comparable(item)}`)
    .join(',')}}`
}

/** Names a row among others: entity id and sequence as they are read. */
export const rowKey = (entityId: unknown, sequence: unknown): string =>
  `${String(entityId)}.${String(sequence)}`

type At = { readonly entityId: string; readonly sequence: number }

/**
 * Where the rows that an engine holds, as comparable texts by `rowKey`, disagree with the events that should
 * stand behind them. Takes `held` apart.
 */
export const disagreements = (
  events: readonly StoredEvent[],
  held: Map<string, string>,
  columns: Columns,
): {
  readonly missing: readonly At[]
  readonly different: readonly At[]
  readonly surplus: readonly At[]
} => {
  const missing: At[] = []
  const different: At[] = []
  for (const event of events) {
    const { entityId, sequence } = event
    const key = rowKey(entityId, sequence)
    const row = held.get(key)
    held.delete(key)
    if (row === undefined) missing.push({ entityId, sequence })
    else if (row !== comparable(expectedRow(event, columns))) different.push({ entityId, sequence })
  }
  return {
    missing,
    different,
    surplus: [...held.keys()].map((key) => ({ entityId: key.slice(0, 36), sequence: Number(key.slice(37)) })),
  }
}
