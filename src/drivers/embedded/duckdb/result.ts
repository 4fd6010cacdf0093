// DuckDB's values as plain ones: exact numbers, instants and decimals as text, nested types as objects and
// arrays.
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { canonicalDecimal } from '../../../model/number.ts'
import type { DuckDbModule } from './client.ts'

/** What stops a row: an integer that no number holds. */
type Unsafe = (column: string, value: bigint) => never

interface Context {
  readonly duckdb: DuckDbModule
  readonly integers: 'number' | 'bigint'
  readonly unsafe: Unsafe
}

type Nested = {
  readonly items?: readonly DuckDBValue[]
  readonly entries?: unknown
  readonly bytes?: Uint8Array
  readonly micros?: bigint
  readonly days?: number
}

const micros = (value: bigint): string => String(value).padStart(6, '0')

// Floor division: instants before 1970 are negative.
const split = (value: bigint, by: bigint): readonly [bigint, bigint] => {
  const rest = ((value % by) + by) % by
  return [(value - rest) / by, rest]
}

const instantText = (value: bigint): string => {
  const [seconds, rest] = split(value, 1_000_000n)
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? String(value) : `${date.toISOString().slice(0, -5)}.${micros(rest)}`
}

const timeText = (value: bigint): string => {
  const [seconds, rest] = split(value, 1_000_000n)
  const clock = new Date(Number(seconds) * 1000).toISOString().slice(11, 19)
  const fraction = micros(rest).replace(/0+$/, '')
  return fraction === '' ? clock : `${clock}.${fraction}`
}

const integer = (value: bigint, column: string, { integers, unsafe }: Context): number | bigint =>
  integers === 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : unsafe(column, value)

const nested = (value: DuckDBValue): Nested => value as unknown as Nested

/** The plain value of a DuckDB value of a type. */
const plainValue = (value: DuckDBValue, type: DuckDBType, column: string, context: Context): unknown => {
  if (value === null) return null
  const { DuckDBTypeId: id } = context.duckdb
  switch (type.typeId) {
    case id.BIGINT:
    case id.UBIGINT:
    case id.HUGEINT:
    case id.UHUGEINT:
      return integer(value as bigint, column, context)
    case id.DECIMAL:
      return canonicalDecimal(String(value)) ?? String(value)
    case id.TIMESTAMP_TZ:
      return `${instantText(nested(value).micros as bigint)}Z`
    case id.TIMESTAMP:
      return instantText(nested(value).micros as bigint)
    case id.DATE:
      return String(value)
    case id.TIME:
      return timeText(nested(value).micros as bigint)
    case id.BLOB:
      return new Uint8Array(nested(value).bytes as Uint8Array)
    case id.VARCHAR:
      return type.alias === 'JSON' ? parsed(value as string) : value
    case id.LIST:
    case id.ARRAY: {
      const { valueType } = type as unknown as { readonly valueType: DuckDBType }
      return (nested(value).items ?? []).map((item) => plainValue(item, valueType, column, context))
    }
    case id.STRUCT: {
      const { entryNames, entryTypes } = type as unknown as {
        readonly entryNames: readonly string[]
        readonly entryTypes: readonly DuckDBType[]
      }
      const entries = nested(value).entries as { readonly [name: string]: DuckDBValue }
      return Object.fromEntries(
        entryNames.map((name, i) => [
          name,
          plainValue(entries[name] as DuckDBValue, entryTypes[i] as DuckDBType, `${column}.${name}`, context),
        ]),
      )
    }
    default:
      return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
        ? value
        : typeof value === 'bigint'
          ? integer(value, column, context)
          : String(value)
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A row of a result as an object, in the order of its columns. */
export const plainRow = (
  names: readonly string[],
  types: readonly DuckDBType[],
  row: readonly DuckDBValue[],
  context: Context,
): { readonly [column: string]: unknown } => {
  const plain: { [column: string]: unknown } = {}
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    plain[name] = plainValue(row[i] as DuckDBValue, types[i] as DuckDBType, name, context)
  }
  return plain
}
