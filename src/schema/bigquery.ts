// BigQuery tables and SQL of an entity: a log table for each generation, and the SQL objects that read it.
import type { EntitySchema } from '../model/schema.ts'
import type { ScalarType } from '../model/yadto.ts'
import type { Columns, ColumnType } from './columns.ts'

/** A column as BigQuery's REST resources have it (`TableFieldSchema`). */
export interface TableField {
  readonly name: string
  readonly type: string
  readonly mode?: 'NULLABLE' | 'REPEATED' | 'REQUIRED'
  readonly fields?: readonly TableField[]
}

const scalarTypes: { readonly [T in ScalarType]: string } = {
  String: 'STRING',
  Boolean: 'BOOLEAN',
  Integer: 'INTEGER',
  Double: 'FLOAT',
  Decimal: 'NUMERIC',
  DateTime: 'TIMESTAMP',
  Date: 'DATE',
  Time: 'TIME',
  Bytes: 'BYTES',
  Json: 'JSON',
}

/** The system columns, in order. */
const systemFields: readonly TableField[] = [
  ['_entity_id', 'STRING'],
  ['_event_id', 'STRING'],
  ['_sequence', 'INTEGER'],
  ['_occurred_at', 'TIMESTAMP'],
  ['_recorded_at', 'TIMESTAMP'],
  ['_operation', 'STRING'],
  ['_source', 'STRING'],
  ['_version', 'STRING'],
  ['_present', 'STRING', 'REPEATED'],
  ['_extra', 'JSON'],
  ['_written', 'INTEGER'],
].map(([name, type, mode = 'NULLABLE']) => ({ name, type, mode }) as TableField)

const systemNames = systemFields.map(({ name }) => name)

const fieldOf = (name: string, type: ColumnType): TableField =>
  type.kind === 'scalar'
    ? { name, type: scalarTypes[type.type], mode: 'NULLABLE' }
    : type.kind === 'record'
      ? { name, type: 'RECORD', mode: 'NULLABLE', fields: fieldsOf(type.columns) }
      : { ...fieldOf(name, type.element), mode: 'REPEATED' }

const fieldsOf = (columns: Columns): readonly TableField[] =>
  Object.entries(columns).map(([name, type]) => fieldOf(name, type))

/** All columns of a log table. */
export const logFields = (columns: Columns): readonly TableField[] => [...systemFields, ...fieldsOf(columns)]

/**
 * The columns that a table has, and those that it lacks behind them: BigQuery takes no other change. The same
 * array where it lacks none.
 */
export const mergedFields = (
  have: readonly TableField[],
  need: readonly TableField[],
): readonly TableField[] => {
  const wanted = new Map(need.map((field) => [field.name.toLowerCase(), field]))
  let grown = false
  const merged = have.map((field) => {
    const want = wanted.get(field.name.toLowerCase())
    wanted.delete(field.name.toLowerCase())
    if (want?.fields === undefined || field.fields === undefined) return field
    const fields = mergedFields(field.fields, want.fields)
    if (fields === field.fields) return field
    grown = true
    return { ...field, fields }
  })
  return grown || wanted.size > 0 ? [...merged, ...wanted.values()] : have
}

/**
 * The name of a log table: `<Entity>_log_<generation>`; `<Entity>_log` is the view of the one that serves.
 */
export const logTable = (entity: string, generation: number): string => `${entity}_log_${generation}`

/** A log table as `tables.insert` takes it, without its reference. */
export const logDefinition = (columns: Columns) => ({
  schema: { fields: logFields(columns) },
  timePartitioning: { type: 'DAY', field: '_recorded_at' },
  clustering: { fields: ['_entity_id', '_sequence'] },
})

/** A name in GoogleSQL. */
export const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
const list = (items: readonly string[]): string => items.join(', ')

/**
 * Where the tables are: both parts are written out, so that the views mean the same wherever they are asked.
 */
export interface Place {
  readonly project: string
  readonly dataset: string
}

/** A table, view or function by its full name. */
export const inPlace = ({ project, dataset }: Place, name: string): string =>
  [project, dataset, name].map(quoted).join('.')

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

// Aliases are names that no property can bear: a column of the same name would be taken for the table.
const log = '__log__'
const event = '__event__'

// The columns that the SQL objects show, of one event.
const shownOf = (columns: Columns): readonly string[] =>
  [...Object.keys(columns).map(quoted), ...shownSystem].map((name) => `${event}.${name}`)

// Current state where every event is whole: the newest event, unless it is a delete.
const latestWhole = (events: string, columns: Columns, until: Until): string =>
  `SELECT ${list(shownOf(columns))} FROM ${events} AS ${event} ` +
  `WHERE ${event}._operation <> 'erased'${until(event)} ` +
  `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${event}._entity_id ORDER BY ${event}._occurred_at DESC, ` +
  `${event}._sequence DESC) = 1 AND ${event}._operation <> 'delete'`

// Of those values whose condition holds, the one of the latest place. The struct around it keeps a null that
// was set apart from none.
const newest = (value: string, condition: string): string =>
  `ARRAY_AGG(IF(${condition}, STRUCT(${value} AS v), NULL) IGNORE NULLS ORDER BY ${event}.__place__ DESC ` +
  `LIMIT 1)[SAFE_OFFSET(0)].v`

// Current state where updates may be partial: from the last whole event or delete on (`__floor__`), each
// column's newest bearer. `__place__` numbers an entity's events by (occurredAt, sequence).
const latestFolded = (events: string, columns: Columns, until: Until): string => {
  const folded = Object.entries(columns).map(([name, type]) => {
    const value = newest(
      `${event}.${quoted(name)}`,
      `${event}._operation = 'full' OR (${event}._operation = 'partial' AND '${name}' IN ` +
        `UNNEST(${event}._present))`,
    )
    return `${type.kind === 'repeated' ? `IFNULL(${value}, [])` : value} AS ${quoted(name)}`
  })
  const last = shownSystem
    .filter((name) => name !== '_entity_id' && name !== '_present')
    .map((name) => `${newest(`${event}.${name}`, `${event}._operation <> 'delete'`)} AS ${name}`)
  const present = `ARRAY_CONCAT_AGG(IF(${event}._operation <> 'delete', ${event}._present, NULL)) AS _present`
  const places =
    `SELECT ${event}.*, ROW_NUMBER() OVER (PARTITION BY ${event}._entity_id ORDER BY ` +
    `${event}._occurred_at, ${event}._sequence) AS __place__ ` +
    `FROM ${events} AS ${event} WHERE ${event}._operation <> 'erased'${until(event)}`
  const floors =
    `SELECT ${event}.*, MAX(IF(${event}._operation <> 'partial', ${event}.__place__, NULL)) ` +
    `OVER (PARTITION BY ${event}._entity_id) AS __floor__ FROM (${places}) AS ${event}`
  const states =
    `SELECT ${list([...folded, `${event}._entity_id`, ...last, present])} FROM (${floors}) AS ${event} ` +
    `WHERE ${event}.__floor__ IS NULL OR ${event}.__place__ >= ${event}.__floor__ GROUP BY ` +
    `${event}._entity_id HAVING LOGICAL_OR(${event}._operation <> 'delete')`
  const names = shownOf(columns).map((name) =>
    name === `${event}._present`
      ? `ARRAY(SELECT DISTINCT p FROM UNNEST(${name}) AS p ORDER BY p) AS _present`
      : name,
  )
  return `SELECT ${list(names)} FROM (${states}) AS ${event}`
}

const shown = (columns: Columns): string =>
  list([...Object.keys(columns).map(quoted), ...systemNames].map((name) => `${log}.${name}`))

/** Per event, the row written last. A List that is missing reads as []: BigQuery keeps no null arrays. */
export const selectEvents = (from: string, columns: Columns, where = 'TRUE'): string =>
  `SELECT ${shown(columns)} FROM ${from} AS ${log} WHERE ${where} QUALIFY ROW_NUMBER() OVER (PARTITION ` +
  `BY ${log}._entity_id, ${log}._sequence ORDER BY ${log}._written DESC) = 1`

/** A view, or the table function of one TIMESTAMP argument, named `__instant__`. */
export interface SqlObject {
  readonly kind: 'view' | 'function'
  readonly name: string
  readonly query: string
}

/** The argument of `<Entity>_as_of`: no property can bear this name. */
export const instantArgument = '__instant__'

/**
 * The SQL objects of an entity, in the order in which they need each other. Only `<Entity>_log` names a
 * generation: all others read through
 * it, so that replacing that one view swaps them all at once.
 */
export const sqlObjects = (
  place: Place,
  entity: string,
  generation: number,
  columns: Columns,
  updates: EntitySchema['updates'],
): readonly SqlObject[] => {
  const state = updates.includes('partial') ? latestFolded : latestWhole
  const [logView, events] = [inPlace(place, `${entity}_log`), inPlace(place, `${entity}_events`)]
  return [
    {
      kind: 'view',
      name: `${entity}_log`,
      query: `SELECT ${shown(columns)} FROM ${inPlace(place, logTable(entity, generation))} AS ${log}`,
    },
    { kind: 'view', name: `${entity}_events`, query: selectEvents(logView, columns) },
    { kind: 'view', name: entity, query: state(events, columns, () => '') },
    {
      kind: 'function',
      name: `${entity}_as_of`,
      query: state(events, columns, (alias) => ` AND ${alias}._occurred_at <= ${instantArgument}`),
    },
  ]
}
