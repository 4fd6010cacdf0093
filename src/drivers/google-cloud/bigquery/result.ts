// BigQuery's answers as plain values: exact numbers, instants and decimals as text, nested types as objects
// and arrays.
import { canonicalDecimal } from '../../../model/number.ts'
import type { TableField } from '../../../schema/bigquery.ts'

/** A row as REST gives it: cells in the order of the schema's fields, every scalar as text. */
export interface RawRow {
  readonly f?: readonly Cell[]
}
interface Cell {
  readonly v?: unknown
}

export interface Reading {
  readonly integers: 'number' | 'bigint'
  /** What stops a row: an integer that no number holds. */
  readonly unsafe: (column: string, value: bigint) => never
}

const two = (n: number): string => String(n).padStart(2, '0')

/** The canonical text of microseconds since 1970. */
const instantOfMicros = (micros: bigint): string => {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const date = new Date(Number((micros - rest) / 1_000_000n) * 1_000)
  const day =
    `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-` +
    `${two(date.getUTCDate())}`
  return (
    `${day}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:` +
    `${two(date.getUTCSeconds())}.${String(rest).padStart(6, '0')}Z`
  )
}

// `2024-01-02 03:04:05.000006+00` is how SQL writes a timestamp: servers that do not heed formatOptions
// inside of records answer it.
const instantText = (text: string): string => {
  if (/^-?\d+$/.test(text)) return instantOfMicros(BigInt(text))
  const [, day, clock, fraction = ''] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00(?::?00)?|Z| UTC)$/.exec(text) ?? []
  return day === undefined ? text : `${day}T${clock}.${fraction.padEnd(6, '0')}Z`
}

const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

const double = (text: string): number => {
  const sign = /^([+-]?)inf(inity)?$/i.exec(text)
  return sign === null ? Number(text) : sign[1] === '-' ? -Infinity : Infinity
}

const integer = (text: string, column: string, { integers, unsafe }: Reading): number | bigint => {
  const value = BigInt(text)
  return integers === 'bigint'
    ? value
    : Number.isSafeInteger(Number(value))
      ? Number(value)
      : unsafe(column, value)
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const one = (value: unknown, field: TableField, column: string, reading: Reading): unknown => {
  if (value === null || value === undefined) return null
  const text = String(value)
  switch (field.type) {
    case 'INTEGER':
    case 'INT64':
      return integer(text, column, reading)
    case 'FLOAT':
    case 'FLOAT64':
      return double(text)
    case 'NUMERIC':
      return canonicalDecimal(text) ?? text
    case 'BOOLEAN':
    case 'BOOL':
      return text === 'true'
    case 'TIMESTAMP':
      return instantText(text)
    case 'TIME':
      return withoutZeros(text)
    case 'BYTES':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'JSON':
      return parsed(text)
    case 'RECORD':
    case 'STRUCT':
      return record((value as RawRow).f ?? [], field.fields ?? [], column, reading)
    default:
      return text
  }
}

const record = (
  cells: readonly Cell[],
  fields: readonly TableField[],
  path: string,
  reading: Reading,
): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    fields.map((field, i) => [
      field.name,
      plainValue(cells[i]?.v, field, path === '' ? field.name : `${path}.${field.name}`, reading),
    ]),
  )

/** The plain value of a cell. */
const plainValue = (value: unknown, field: TableField, column: string, reading: Reading): unknown =>
  field.mode === 'REPEATED'
    ? ((value ?? []) as readonly Cell[]).map((cell) => one(cell.v, field, column, reading))
    : one(value, field, column, reading)

/** The plain value of a row. */
export const plainRow = (
  { f = [] }: RawRow,
  fields: readonly TableField[],
  reading: Reading,
): { readonly [column: string]: unknown } => record(f, fields, '', reading)
