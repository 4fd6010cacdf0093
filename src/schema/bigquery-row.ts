// An event as a row of BigQuery's insertAll, and back: exact texts, what does not fit whole under `_extra`,
// and whether it can be a row at all.
import type { StoredEvent } from '../model/event.ts'
import { eventIdOf } from '../model/identity.ts'
import { canonicalDate, canonicalInstant, canonicalTime } from '../model/instant.ts'
import { canonicalDecimal, canonicalDouble, canonicalInteger } from '../model/number.ts'
import {
  isNull,
  type EntityPropertyValue,
  type PropertyType,
  type ScalarType,
  type Yadto,
} from '../model/yadto.ts'
import type { Columns, ColumnType } from './columns.ts'
import { plain } from './row.ts'

/** A row before its write is numbered: `text` is its JSON but for `_written`. */
export interface Row {
  readonly event: StoredEvent
  readonly text: string
  /** Properties that no column takes whole, though one may come. */
  readonly late: number
}

/** What is wrong with an event that can never be a row. */
export interface Unfit {
  readonly path: string
  readonly why: string
}

interface Fit {
  whole: boolean
  late: boolean
  unfit?: Unfit
}

const canonical: { readonly [T in ScalarType]?: (text: string) => string | undefined } = {
  Integer: canonicalInteger,
  Double: canonicalDouble,
  Decimal: canonicalDecimal,
  DateTime: canonicalInstant,
  Date: canonicalDate,
  Time: canonicalTime,
  Boolean: (text) => (text === 'true' || text === 'false' ? text : undefined),
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// BigQuery refuses a JSON number that a double does not hold. Only texts with a long number or an exponent
// can have one.
const suspicious = /\d{16}|\d[eE][+-]?\d/

// What reading gives anyway, where JavaScript reads it; the exact text then stands under `_extra`.
const jsonText = (text: string, fit: Fit): string => {
  if (!suspicious.test(text)) return text
  const rounded = JSON.stringify(JSON.parse(text))
  if (rounded !== text) fit.whole = false
  return rounded
}

const scalarText = (type: ScalarType, value: EntityPropertyValue, path: string, fit: Fit): string => {
  const { value: text } = value
  const fits =
    typeof text === 'string' &&
    (type === 'Json' ? parses(text) : canonical[type] === undefined || canonical[type](text) !== undefined)
  if (!fits) {
    fit.unfit ??= { path, why: `${JSON.stringify(text) ?? 'nothing'} is no ${type}` }
    return 'null'
  }
  return JSON.stringify(type === 'Json' ? jsonText(text, fit) : text)
}

const textFor = (type: ColumnType, value: EntityPropertyValue, path: string, fit: Fit): string => {
  if (type.kind === 'repeated') {
    if (value.values === undefined) return '[]'
    return `[${value.values.map((item) => textFor(type.element, item, `${path}[]`, fit)).join(',')}]`
  }
  if (isNull(value)) return 'null'
  if (type.kind === 'record') return recordText(type.columns, value.embeddedEntity ?? {}, path, fit)
  if (type.packed !== true) return scalarText(type.type, value, path, fit)
  fit.whole = false
  return JSON.stringify(JSON.stringify(plain(value)))
}

const recordText = (columns: Columns, yadto: Yadto, path: string, fit: Fit): string => {
  let text = ''
  for (const name in yadto) {
    const value = yadto[name] as EntityPropertyValue
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined
    if (type !== undefined)
      text +=
        `${text === '' ? '' : ','}${JSON.stringify(name)}:` +
        `${textFor(type, value, `${path}.${name}`, fit)}`
    else if (!isNull(value)) {
      fit.whole = false
      fit.late = true
    }
  }
  return `{${text}}`
}

/**
 * One event as a row for these columns, or why it can never be one. A property that has no column, or only
 * part of one, stands whole in `_extra`, as wire values.
 */
export const rowOf = (event: StoredEvent, columns: Columns): Row | Unfit => {
  const yadto = JSON.parse(event.payload) as Yadto
  let [cells, extra, late] = ['', '', 0]
  for (const name in yadto) {
    const value = yadto[name] as EntityPropertyValue
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined
    const lacks = type === undefined && !isNull(value)
    const fit: Fit = { whole: !lacks, late: lacks }
    if (type !== undefined) cells += `,${JSON.stringify(name)}:${textFor(type, value, name, fit)}`
    if (fit.unfit !== undefined) return fit.unfit
    if (!fit.whole) extra += `${extra === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
    if (fit.late) late++
  }
  const text =
    `"_entity_id":"${event.entityId}","_event_id":"${eventIdOf(event.entityId, event.sequence)}",` +
    `"_sequence":"${event.sequence}",` +
    `"_occurred_at":"${event.occurredAt}","_recorded_at":"${event.recordedAt}","_operation":` +
    `"${event.kind}","_source":${JSON.stringify(event.source)},` +
    `"_version":${JSON.stringify(event.version ?? null)},"_present":` +
    `${JSON.stringify(Object.keys(yadto))},"_extra":` +
    `${extra === '' ? 'null' : JSON.stringify(`{${extra}}`)}${cells}`
  return { event, text, late }
}

/** Bits of a write's number that say when it was; those above say how full its row is. */
const clockBits = 52n
const fullest = 2_046

/**
 * The number of a write: a row with fewer late values is behind a poorer one, whatever the clocks of the
 * processes that wrote them; an
 * erased one is behind all; of equals the later counts. `micros` are microseconds since 1970.
 */
export const writtenNumber = ({ event, late }: Row, micros: bigint): bigint =>
  (BigInt(event.kind === 'erased' ? fullest + 1 : fullest - Math.min(late, fullest)) << clockBits) + micros

/**
 * The columns but for one that is not live, named by its path; a path that leads nowhere leaves its first
 * column out, and none changes nothing.
 */
export const withoutColumn = (columns: Columns, path: readonly string[]): Columns => {
  const name = Object.keys(columns).find((known) => known.toLowerCase() === path[0]?.toLowerCase())
  if (name === undefined) return columns
  const { [name]: type, ...others } = columns
  const record = type?.kind === 'repeated' ? type.element : type
  if (path.length === 1 || record?.kind !== 'record') return others
  const inner = withoutColumn(record.columns, path.slice(1))
  if (inner === record.columns || Object.keys(inner).length === 0) return others
  const kept: ColumnType = { kind: 'record', columns: inner }
  return { ...columns, [name]: type?.kind === 'repeated' ? { kind: 'repeated', element: kept } : kept }
}

const nullOf = (propertyType: PropertyType): EntityPropertyValue => ({ propertyType, value: null })

const wireOf = (type: ColumnType, value: unknown): EntityPropertyValue => {
  if (type.kind === 'repeated')
    return {
      propertyType: 'List',
      values: (value as readonly unknown[]).map((item) => wireOf(type.element, item)),
    }
  if (type.kind === 'record') {
    if (value === null) return nullOf('EmbeddedObject')
    const fields = Object.entries(type.columns).map(
      ([name, column]) =>
        [name, wireOf(column, (value as { readonly [name: string]: unknown })[name])] as const,
    )
    return { propertyType: 'EmbeddedObject', embeddedEntity: Object.fromEntries(fields) }
  }
  if (value === null && type.type !== 'Json') return nullOf(type.type)
  const text =
    type.type === 'Json'
      ? JSON.stringify(value)
      : ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
        : String(value)
  return { propertyType: type.type, value: text }
}

/**
 * The event that a row, as plain values with its `_extra`, was written for: enough of it to write the same
 * row in full.
 */
export const eventOf = (
  entity: string,
  row: { readonly [column: string]: unknown },
  columns: Columns,
): StoredEvent => {
  const text = (name: string): string => row[name] as string
  const extra = (row['_extra'] ?? {}) as Yadto
  const yadto = Object.fromEntries(
    (row['_present'] as readonly string[]).map((name): [string, EntityPropertyValue] => {
      const type = Object.hasOwn(columns, name) ? columns[name] : undefined
      return [
        name,
        Object.hasOwn(extra, name)
          ? (extra[name] as EntityPropertyValue)
          : type === undefined
            ? nullOf('String')
            : wireOf(type, row[name]),
      ]
    }),
  )
  return {
    entity,
    entityId: text('_entity_id'),
    eventId: text('_event_id'),
    sequence: Number(row['_sequence']),
    kind: text('_operation') as StoredEvent['kind'],
    occurredAt: text('_occurred_at'),
    recordedAt: text('_recorded_at'),
    source: text('_source'),
    payload: JSON.stringify(yadto),
    ...(row['_version'] === null ? {} : { version: text('_version') }),
  }
}
