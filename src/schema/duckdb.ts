// DuckDB DDL and SQL of an entity: the log table, and the SQL objects that read it.
import type { EntitySchema } from '../model/schema.ts'
import type { ScalarType } from '../model/yadto.ts'
import type { Addition, Columns, ColumnType } from './columns.ts'

const scalarTypes: { readonly [T in ScalarType]: string } = {
  String: 'VARCHAR',
  Boolean: 'BOOLEAN',
  Integer: 'BIGINT',
  Double: 'DOUBLE',
  Decimal: 'DECIMAL(38,9)',
  DateTime: 'TIMESTAMPTZ',
  Date: 'DATE',
  Time: 'TIME',
  Bytes: 'BLOB',
  Json: 'JSON',
}

/** The system columns and their types, in order. */
const systemTypes: readonly (readonly [name: string, type: string])[] = [
  ['_entity_id', 'VARCHAR'],
  ['_event_id', 'VARCHAR'],
  ['_sequence', 'BIGINT'],
  ['_occurred_at', 'TIMESTAMPTZ'],
  ['_recorded_at', 'TIMESTAMPTZ'],
  ['_operation', 'VARCHAR'],
  ['_source', 'VARCHAR'],
  ['_version', 'VARCHAR'],
  ['_present', 'VARCHAR[]'],
  ['_extra', 'JSON'],
  ['_written', 'BIGINT'],
]

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const list = (items: readonly string[]): string => items.join(', ')

// Names and types, as a table and a struct declare them.
const fieldsOf = (columns: Columns): readonly string[] =>
  Object.entries(columns).map(([name, column]) => `${quoted(name)} ${sqlType(column)}`)

const sqlType = (type: ColumnType): string =>
  type.kind === 'scalar'
    ? scalarTypes[type.type]
    : type.kind === 'repeated'
      ? `${sqlType(type.element)}[]`
      : `STRUCT(${list(fieldsOf(type.columns))})`

// The shape that from_json reads: every scalar as text, so that the cast behind it is the strict one.
const textShape = (type: ColumnType): string =>
  type.kind === 'scalar'
    ? '"VARCHAR"'
    : type.kind === 'repeated'
      ? `[${textShape(type.element)}]`
      : textShapes(type.columns)
const textShapes = (columns: Columns): string =>
  `{${list(Object.entries(columns).map(([name, type]) => `${JSON.stringify(name)}:${textShape(type)}`))}}`

const systemShape = list(
  systemTypes.map(
    ([name, type]) => `${JSON.stringify(name)}:${type === 'VARCHAR[]' ? '["VARCHAR"]' : '"VARCHAR"'}`,
  ),
)

/** The log table's name, quoted: a schema per generation, a table per entity. */
export const logTable = (entity: string, generation: number): string =>
  `${quoted(`generation_${generation}`)}.${quoted(`${entity}_log`)}`

/** The log table with its first columns: one statement, whatever their number. */
export const createLog = (entity: string, generation: number, columns: Columns): readonly string[] => [
  `CREATE SCHEMA IF NOT EXISTS ${quoted(`generation_${generation}`)}`,
  `CREATE TABLE IF NOT EXISTS ${logTable(entity, generation)} (` +
    `${list([...systemTypes.map(([name, type]) => `${name} ${type}`), ...fieldsOf(columns)])})`,
]

/** Drops a generation's log table, where it is there. */
export const dropLog = (entity: string, generation: number): string =>
  `DROP TABLE IF EXISTS ${logTable(entity, generation)}`

/** Adds one column, or one field of a struct, to a log table that is there: an addition of `growColumns`. */
export const addColumn = (entity: string, generation: number, { path, type }: Addition): string =>
  `ALTER TABLE ${logTable(entity, generation)} ADD COLUMN ${path.map(quoted).join('.')} ${sqlType(type)}`

/**
 * Inserts rows given as one JSON array (`$1`, see row.ts). A value that does not cast fails the statement:
 * nothing is guessed.
 */
export const insertRows = (entity: string, generation: number, columns: Columns): string => {
  const own = Object.entries(columns)
  const shapes = own.map(([name, type]) => `${JSON.stringify(name)}:${textShape(type)}`)
  const shape = `[{${list([systemShape, ...shapes])}}]`
  const casts = [
    ...systemTypes.map(([name, type]) => `CAST(r.${name} AS ${type})`),
    ...own.map(([name, type]) => `CAST(r.${quoted(name)} AS ${sqlType(type)})`),
  ]
  return (
    `INSERT INTO ${logTable(entity, generation)} ` +
    `(${list([...systemTypes.map(([name]) => name), ...own.map(([name]) => quoted(name))])}) ` +
    `SELECT ${list(casts)} FROM (SELECT unnest(from_json($1, '${shape}')) AS r)`
  )
}

const shownSystem = [
  '_entity_id',
  '_event_id',
  '_sequence',
  '_occurred_at',
  '_recorded_at',
  '_source',
  '_version',
  '_present',
  '_extra',
]

/** A condition on an event's time, for a table alias. */
type Until = (alias: string) => string

// Current state where every event is whole: the newest event, unless it is a delete.
const latestWhole = (entity: string, columns: Columns, until: Until): string =>
  `SELECT ${list([...Object.keys(columns).map(quoted), ...shownSystem].map((name) => `e.${name}`))} FROM ` +
  `${quoted(`${entity}_events`)} AS e WHERE e._operation <> 'erased'${until('e')} ` +
  `QUALIFY row_number() OVER (PARTITION BY e._entity_id ORDER BY e._occurred_at DESC, e._sequence DESC) ` +
  `= 1 AND e._operation <> 'delete'`

// Current state where updates may be partial: from the last whole event or delete on (`__floor__`, a name
// that no property can bear), each column's newest bearer.
const latestFolded = (entity: string, columns: Columns, until: Until): string => {
  const moment = '(e._occurred_at, e._sequence)'
  const bearer = (name: string): string =>
    `e._operation = 'full' OR (e._operation = 'partial' AND list_contains(e._present, '${name}'))`
  const folded = Object.entries(columns).map(([name, type]) => {
    const newest = `arg_max_null(e.${quoted(name)}, ${moment}) FILTER (WHERE ${bearer(name)})`
    return `${type.kind === 'repeated' ? `coalesce(${newest}, [])` : newest} AS ${quoted(name)}`
  })
  const last = shownSystem
    .filter((name) => name !== '_entity_id' && name !== '_present')
    .map((name) => `arg_max_null(e.${name}, ${moment}) FILTER (WHERE e._operation <> 'delete') AS ${name}`)
  const present =
    `list_sort(list_distinct(flatten(list(e._present) FILTER (WHERE e._operation <> ` +
    `'delete')))) AS _present`
  return (
    `SELECT ${list([...folded, 'e._entity_id', ...last, present])} FROM (` +
    `SELECT f.*, max(CASE WHEN f._operation <> 'partial' THEN (f._occurred_at, f._sequence) END) OVER ` +
    `(PARTITION BY f._entity_id) AS __floor__ ` +
    `FROM ${quoted(`${entity}_events`)} AS f WHERE f._operation <> 'erased'${until('f')}) AS e ` +
    `WHERE e.__floor__ IS NULL OR ${moment} >= e.__floor__ GROUP BY e._entity_id HAVING ` +
    `bool_or(e._operation <> 'delete')`
  )
}

const hasRepeated = (type: ColumnType): boolean =>
  type.kind === 'repeated' || (type.kind === 'record' && Object.values(type.columns).some(hasRepeated))

// A row older than a List's column holds null there, at any level; a missing List reads as [].
const reading = (value: string, type: ColumnType, depth: number): string => {
  if (!hasRepeated(type)) return value
  if (type.kind === 'repeated') {
    const item = `item${depth}`
    const items = hasRepeated(type.element)
      ? `list_transform(${value}, lambda ${item}: ${reading(item, type.element, depth + 1)})`
      : value
    return `coalesce(${items}, [])`
  }
  const fields = Object.entries((type as { readonly columns: Columns }).columns).map(
    ([name, field]) => `${quoted(name)} := ${reading(`${value}.${quoted(name)}`, field, depth)}`,
  )
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${list(fields)}) END`
}

const shownColumns = (columns: Columns): string =>
  list([
    ...Object.entries(columns).map(
      ([name, type]) => `${reading(`l.${quoted(name)}`, type, 0)} AS ${quoted(name)}`,
    ),
    ...systemTypes.map(([name]) => `l.${name}`),
  ])

/** Per event, the row written last; `where` limits the log's rows, of the alias `l`. */
export const selectEvents = (entity: string, generation: number, columns: Columns, where = ''): string =>
  `SELECT ${shownColumns(columns)} FROM ${logTable(entity, generation)} AS l ${where} QUALIFY ` +
  `row_number() OVER (PARTITION BY l._entity_id, l._sequence ORDER BY l._written DESC) = 1`

/**
 * The SQL objects of an entity: `<Entity>_log`, `<Entity>_events`, `<Entity>` and `<Entity>_as_of(instant)`.
 */
export const sqlObjects = (
  entity: string,
  generation: number,
  columns: Columns,
  updates: EntitySchema['updates'],
): readonly string[] => {
  const state = updates.includes('partial') ? latestFolded : latestWhole
  return [
    `CREATE OR REPLACE VIEW ${quoted(`${entity}_log`)} AS SELECT ${shownColumns(columns)} FROM ` +
      `${logTable(entity, generation)} AS l`,
    `CREATE OR REPLACE VIEW ${quoted(`${entity}_events`)} AS ${selectEvents(entity, generation, columns)}`,
    `CREATE OR REPLACE VIEW ${quoted(entity)} AS ${state(entity, columns, () => '')}`,
    `CREATE OR REPLACE MACRO ${quoted(`${entity}_as_of`)}(instant) AS TABLE ` +
      `${state(entity, columns, (alias) => ` AND ${alias}._occurred_at <= CAST(instant AS TIMESTAMPTZ)`)}`,
  ]
}
