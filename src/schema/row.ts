// An event as a row of text values: what fits the live columns, and under `_extra` every property that does
// not fit whole.
import type { StoredEvent } from '../model/event.ts'
import { eventIdOf } from '../model/identity.ts'
import { isNull, type EntityPropertyValue, type Yadto } from '../model/yadto.ts'
import type { Columns, ColumnType } from './columns.ts'

interface Fit {
  whole: boolean
}

/** Plain JSON of a wire value, for what lies too deep for columns. */
export const plain = (value: EntityPropertyValue): unknown => {
  if (isNull(value)) return null
  if (value.values !== undefined) return value.values.map(plain)
  if (value.embeddedEntity !== undefined)
    return Object.fromEntries(Object.entries(value.embeddedEntity).map(([name, item]) => [name, plain(item)]))
  return value.propertyType === 'Boolean' ? value.value === 'true' : value.value
}

// The JSON text of a value for its column. Scalars stay text: the engine casts them, strictly.
const textFor = (
  type: ColumnType,
  value: EntityPropertyValue | undefined,
  bytes: (base64: string) => string,
  fit: Fit,
): string => {
  if (type.kind === 'repeated') {
    if (value?.values === undefined) return '[]'
    return `[${value.values.map((item) => textFor(type.element, item, bytes, fit)).join(',')}]`
  }
  if (value === undefined || isNull(value)) return 'null'
  if (type.kind === 'record') return recordText(type.columns, value.embeddedEntity ?? {}, bytes, fit)
  if (type.packed === true) {
    fit.whole = false
    return JSON.stringify(JSON.stringify(plain(value)))
  }
  return JSON.stringify(type.type === 'Bytes' ? bytes(value.value as string) : value.value)
}

// Every Repeated column is written even where the value is missing: a missing List reads as [] in SQL.
const recordText = (columns: Columns, yadto: Yadto, bytes: (base64: string) => string, fit: Fit): string => {
  let text = ''
  for (const name in columns) {
    const value = Object.hasOwn(yadto, name) ? yadto[name] : undefined
    const type = columns[name] as ColumnType
    if (value !== undefined || type.kind === 'repeated')
      text += `${text === '' ? '' : ','}"${name}":${textFor(type, value, bytes, fit)}`
  }
  for (const name in yadto)
    if (!Object.hasOwn(columns, name)) fit.whole &&= isNull(yadto[name] as EntityPropertyValue)
  return `{${text}}`
}

const optional = (text: string | undefined): string => (text === undefined ? 'null' : JSON.stringify(text))

/**
 * One event as JSON text of its row: system columns, then a text for each live column. `bytes` writes base64
 * as the engine reads it.
 * A property that has no column, or only part of one, stands whole in `_extra`, as wire values.
 */
export const rowText = (
  event: StoredEvent,
  columns: Columns,
  written: number,
  bytes: (base64: string) => string,
): string => {
  const yadto = JSON.parse(event.payload) as Yadto
  let cells = ''
  let extra = ''
  let present = ''
  for (const name in yadto) {
    const value = yadto[name] as EntityPropertyValue
    present += `${present === '' ? '' : ','}"${name}"`
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined
    const fit: Fit = { whole: type !== undefined || isNull(value) }
    if (type !== undefined) cells += `,"${name}":${textFor(type, value, bytes, fit)}`
    if (!fit.whole) extra += `${extra === '' ? '' : ','}"${name}":${JSON.stringify(value)}`
  }
  for (const name in columns)
    if (columns[name]?.kind === 'repeated' && !Object.hasOwn(yadto, name)) cells += `,"${name}":[]`
  return (
    `{"_entity_id":"${event.entityId}","_event_id":"${eventIdOf(event.entityId, event.sequence)}",` +
    `"_sequence":"${event.sequence}",` +
    `"_occurred_at":"${event.occurredAt}","_recorded_at":"${event.recordedAt}","_operation":` +
    `"${event.kind}","_source":${JSON.stringify(event.source)},` +
    `"_version":${optional(event.version)},"_present":[${present}],"_extra":` +
    `${extra === '' ? 'null' : JSON.stringify(`{${extra}}`)},"_written":"${written}"${cells}}`
  )
}
