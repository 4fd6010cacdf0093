// Cells as the wire values of an entity's types: what does not fit is found when the update is submitted.
import {
  metadataNames,
  type AnyEntity,
  type EntityPropertyValue,
  type PropertyType,
  type Update,
  type Yadto,
} from 'dreampipe'
import type { DateReader } from './dates.ts'

const metadata: ReadonlySet<string> = new Set<string>(metadataNames)

/** How cells are read. */
export interface Reading {
  /** Texts that mean null, whatever the type. */
  readonly nulls: ReadonlySet<string>
  readonly decimal: '.' | ','
  readonly dates: DateReader | undefined
}

// With a comma for a point, a point is none: 1.234 would be read a thousand times too small.
const withPoint = (text: string): string => {
  if (text.includes('.')) throw new TypeError("holds a point, and decimal is ','")
  return text.replace(',', '.')
}

const textOf = (type: PropertyType, text: string, { decimal, dates }: Reading): string => {
  if (type === 'Boolean') return text.toLowerCase()
  if (type === 'Decimal' || type === 'Double') return decimal === ',' ? withPoint(text) : text
  if (type === 'Date') return dates === undefined ? text : dates.day(text)
  if (type !== 'DateTime') return text
  if (dates !== undefined) return dates.instant(text)
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
}

type Cell = (text: string) => EntityPropertyValue

const cellOf = (name: string, type: PropertyType, isOptional: boolean, reading: Reading): Cell => {
  if (type === 'List' || type === 'EmbeddedObject')
    return () => {
      throw new TypeError(`column ${name} is a ${type}, which text does not say: give a normalise`)
    }
  const isNull = (text: string): boolean =>
    (text === '' && (isOptional || type !== 'String')) || reading.nulls.has(text)
  return (text) => {
    try {
      return { propertyType: type, value: isNull(text) ? null : textOf(type, text, reading) }
    } catch (thrown) {
      throw new TypeError(`column ${name}: ${(thrown as Error).message}`)
    }
  }
}

/** Makes updates of rows: each column is the property of its name. Throws where text cannot say its type. */
export const typed = (entity: AnyEntity, source: string, columns: readonly string[], reading: Reading) => {
  const { properties } = entity.definition
  const cells = columns.map((name) => {
    const spec = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
    const isOptional = spec?.mode === 'optional' || metadata.has(name)
    return [name, cellOf(name, spec?.type ?? 'String', isOptional, reading)] as const
  })
  const eventSource: EntityPropertyValue = { propertyType: 'String', value: source }
  return (row: readonly (string | undefined)[]): Update => {
    const yadto: [string, EntityPropertyValue][] = []
    for (const [i, [name, cell]] of cells.entries()) {
      const text = row[i]
      if (text !== undefined) yadto.push([name, cell(text)])
    }
    // A column may be mapped to it on purpose.
    if (!columns.includes('eventSource')) yadto.push(['eventSource', eventSource])
    return { entity: entity.name, operation: 'upsert', yadto: Object.fromEntries(yadto) as Yadto }
  }
}
