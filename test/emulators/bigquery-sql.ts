// GoogleSQL that does to goccy's emulator what BigQuery's REST calls do to BigQuery: its own versions of them
// lose types, columns or rows.
import { quoted, type TableField } from '../../src/schema/bigquery.ts'

export type Json = { readonly [name: string]: unknown }

const names: { readonly [type: string]: string } = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' }

/** A column's type in DDL. */
const typeOf = (field: TableField): string => {
  const type =
    field.type === 'RECORD'
      ? `STRUCT<${(field.fields ?? []).map((inner) => `${quoted(inner.name)} ${typeOf(inner)}`).join(', ')}>`
      : (names[field.type] ?? field.type)
  return field.mode === 'REPEATED' ? `ARRAY<${type}>` : type
}

export const createTable = (table: string, fields: readonly TableField[]): string =>
  `CREATE TABLE ${table} (${fields.map((field) => `${quoted(field.name)} ${typeOf(field)}`).join(', ')})`

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
const text = (value: string): string => `'${value.replace(/[\\'\p{Cc}\u2028\u2029\ufeff]/gu, escaped)}'`

/** What an object bears itself under a name. */
export const ownValue = (object: Json, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined

/** What makes a row bad. */
const bad = (location: string, message: string): never => {
  throw Object.assign(new Error(message), { location, bad: true })
}

const scalar = (type: string, value: unknown, path: string): string => {
  const said =
    typeof value === 'string'
      ? value
      : typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : bad(path, `${JSON.stringify(value)} is no ${type}`)
  switch (type) {
    case 'STRING':
      return text(said)
    case 'BYTES':
      return `FROM_BASE64(${text(said)})`
    case 'JSON':
      return `PARSE_JSON(${text(said)})`
    case 'INTEGER':
      return /^-?\d+$/.test(said) ? said : bad(path, `Cannot convert value to integer (bad value): ${said}`)
    case 'BOOLEAN':
      return /^(true|false)$/.test(said)
        ? said
        : bad(path, `Cannot convert value to boolean (bad value): ${said}`)
    // A typed literal of text is read as JavaScript writes it; the sign of zero does not matter here.
    case 'FLOAT':
      return /^(NaN|[+-]?inf(inity)?)$/i.test(said)
        ? `CAST(CONCAT(${text(said.slice(0, 1))}, ${text(said.slice(1))}) AS FLOAT64)`
        : `CAST(${text(said)} AS FLOAT64)`
    default:
      return `${type} ${text(said)}`
  }
}

/** A value of insertAll as a typed expression; refuses what BigQuery would. */
export const literal = (field: TableField, value: unknown, path: string): string => {
  if (field.mode === 'REPEATED') {
    if (value === undefined || value === null) return `CAST(NULL AS ${typeOf(field)})`
    if (!Array.isArray(value)) return bad(path, 'Array specified for non-repeated field: or not')
    const one: TableField = { ...field, mode: 'NULLABLE' }
    const items = value.map((item, i) =>
      item === null
        ? bad(`${path}[${i}]`, 'Only optional fields can be set to NULL')
        : literal(one, item, `${path}[${i}]`),
    )
    return `${typeOf(field)}[${items.join(', ')}]`
  }
  if (value === undefined || value === null) return 'NULL'
  if (field.type !== 'RECORD') return scalar(field.type, value, path)
  if (typeof value !== 'object' || Array.isArray(value)) return bad(path, 'This field is not a record.')
  const fields = (field.fields ?? []).map((inner) =>
    literal(inner, ownValue(value as Json, inner.name), `${path}.${inner.name}`),
  )
  return `${typeOf(field)}(${fields.join(', ')})`
}

/** The paths of what a row has and the table has not. */
export const unknownFields = (fields: readonly TableField[], row: Json, path = ''): readonly string[] =>
  Object.entries(row).flatMap(([name, value]) => {
    const field = fields.find((known) => known.name.toLowerCase() === name.toLowerCase())
    if (field === undefined) return [`${path}${name}`]
    const inner = Array.isArray(value) ? value : [value]
    return field.fields === undefined
      ? []
      : [
          ...new Set(
            inner.flatMap((item) =>
              typeof item === 'object' && item !== null
                ? unknownFields(field.fields ?? [], item as Json, `${path}${name}.`)
                : [],
            ),
          ),
        ]
  })

// An old value as one of the wider type: what is new in it is null.
const widened = (value: string, before: TableField | undefined, after: TableField, depth: number): string => {
  if (before === undefined) return `CAST(NULL AS ${typeOf(after)})`
  if (before.fields === undefined || typeOf(before) === typeOf(after)) return value
  if (after.mode === 'REPEATED') {
    const item = `i${depth}`
    const one = widened(item, { ...before, mode: 'NULLABLE' }, { ...after, mode: 'NULLABLE' }, depth + 1)
    const items = `UNNEST(${value}) AS ${item} WITH OFFSET AS k${depth}`
    return `ARRAY(SELECT ${one} FROM ${items} ORDER BY k${depth})`
  }
  const fields = (after.fields ?? []).map((inner) =>
    widened(
      `${value}.${quoted(inner.name)}`,
      before.fields?.find(({ name }) => name === inner.name),
      inner,
      depth + 1,
    ),
  )
  return `IF(${value} IS NULL, NULL, ${typeOf(after)}(${fields.join(', ')}))`
}

/** Statements that make a table have more columns, and more inside of its records, with its rows. */
export const widenTable = (
  table: string,
  aside: string,
  before: readonly TableField[],
  after: readonly TableField[],
): readonly string[] => {
  const columns = after.map(({ name }) => quoted(name)).join(', ')
  const values = after
    .map((field) =>
      widened(
        `__t__.${quoted(field.name)}`,
        before.find(({ name }) => name === field.name),
        field,
        0,
      ),
    )
    .join(', ')
  return [
    createTable(aside, after),
    `INSERT INTO ${aside} (${columns}) SELECT ${values} FROM ${table} AS __t__`,
    `DROP TABLE ${table}`,
    createTable(table, after),
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${aside}`,
    `DROP TABLE ${aside}`,
  ]
}

/** Whether every column of `before` is in `after` as it was, or wider inside. */
export const holdsAll = (before: readonly TableField[], after: readonly TableField[]): boolean =>
  before.every((field) => {
    const same = after.find(({ name }) => name === field.name)
    return (
      same !== undefined &&
      same.type === field.type &&
      (same.mode ?? 'NULLABLE') === (field.mode ?? 'NULLABLE') &&
      holdsAll(field.fields ?? [], same.fields ?? [])
    )
  })
