// Answers a parsed query from the store: which fields it may name, which records it finds, and in which
// order.
import { isCompound, type Field, type SObject, type Value, type Values } from './objects.ts'
import { pointing, type Condition, type Literal, type Malformed, type Soql } from './soql.ts'
import type { Store, Table } from './store.ts'

/** One thing selected: a field, or a path of relationships to one. */
export interface Selected {
  readonly name: string
  readonly path: readonly string[]
  readonly field: Field
}
export interface Found {
  readonly table: Table
  readonly selected: readonly Selected[]
  readonly ids: readonly string[]
}

const bin = 15 * 86_400_000

const named = (object: SObject, name: string): Field | undefined =>
  object.fields.find((field) => field.name.toLowerCase() === name.toLowerCase())

const noColumn = (text: string, name: string, object: string): Malformed => ({
  errorCode: 'INVALID_FIELD',
  message: pointing(
    text,
    Math.max(0, text.indexOf(name)),
    `No such column '${name}' on entity '${object}'. If you are attempting to use a custom field, be ` +
      `sure to append the '__c' after the custom field name. Please reference your WSDL or the describe ` +
      `call for the appropriate names.`,
  ),
})

/** The field that a relationship path ends at: polymorphic targets know only what all of them have. */
const resolve = (store: Store, object: SObject, path: readonly string[]): Field | undefined => {
  const [head, ...rest] = path
  if (rest.length === 0) return named(object, head ?? '')
  const through = object.fields.find(
    ({ relationshipName }) => relationshipName?.toLowerCase() === head?.toLowerCase(),
  )
  for (const target of through?.referenceTo ?? []) {
    const table = store.tables.get(target)
    const field = table === undefined ? undefined : resolve(store, table.object, rest)
    if (field !== undefined) return field
  }
  return undefined
}

/** A field's value as it is now: formulas are evaluated, compounds are put together. */
export const valueOf = (
  store: Store,
  object: SObject,
  field: Field,
  values: Values,
): Value | { readonly [part: string]: Value } => {
  if (field.formula !== undefined) return field.formula(values, store.world)
  if (!isCompound(field)) return values[field.name] ?? null
  const parts = object.fields.filter(({ compoundFieldName }) => compoundFieldName === field.name)
  const prefix = field.name.endsWith('__c') ? field.name.slice(0, -1) : field.name.slice(0, -'Address'.length)
  const of = Object.fromEntries(
    parts.map(({ name }) => {
      const part = name.slice(prefix.length).replace(/^_|__s$/g, '')
      return [part.charAt(0).toLowerCase() + part.slice(1), values[name] ?? null] as const
    }),
  )
  if (Object.values(of).every((value) => value === null)) return null
  return field.type === 'address' ? { geocodeAccuracy: null, ...of } : of
}

/** The record that a lookup points to, whatever object it is of. */
export const parentOf = (
  store: Store,
  object: SObject,
  relationship: string,
  values: Values,
): { readonly table: Table; readonly values: Values } | undefined => {
  const through = object.fields.find(
    ({ relationshipName }) => relationshipName?.toLowerCase() === relationship.toLowerCase(),
  )
  const id = through === undefined ? null : values[through.name]
  if (typeof id !== 'string') return undefined
  for (const table of store.tables.values()) {
    const found = table.rows.get(id)
    if (found !== undefined) return { table, values: found }
  }
  return undefined
}

// Whole seconds: the milliseconds of a query's instant are not looked at.
const comparable = (field: Field, value: unknown): string | number | boolean | null => {
  if (value === null || value === undefined) return null
  if (field.type === 'datetime') return Math.floor(Date.parse(String(value)) / 1000)
  if (['int', 'long', 'double', 'currency', 'percent'].includes(field.type)) return Number(value)
  if (field.type === 'id' || field.type === 'reference') return String(value).slice(0, 15)
  return typeof value === 'boolean' ? value : String(value).toLowerCase()
}

type Test = (values: Values) => boolean

const testOf = (store: Store, object: SObject, condition: Condition): Test => {
  if ('all' in condition) {
    const tests = condition.all.map((each) => testOf(store, object, each))
    return (values) => tests.every((test) => test(values))
  }
  if ('some' in condition) {
    const tests = condition.some.map((each) => testOf(store, object, each))
    return (values) => tests.some((test) => test(values))
  }
  if ('not' in condition) {
    const test = testOf(store, object, condition.not)
    return (values) => !test(values)
  }
  const field = named(object, condition.field) as Field
  const wanted = condition.values.map((literal: Literal) =>
    comparable(field, literal.kind === 'null' ? null : literal.value),
  )
  const [first = null] = wanted
  const read = (values: Values): string | number | boolean | null =>
    comparable(field, valueOf(store, object, field, values))
  switch (condition.operator) {
    case 'IN':
      return (values) => wanted.includes(read(values))
    case '=':
      return (values) => read(values) === first
    case '!=':
      return (values) => read(values) !== first
    case '<':
      return (values) => {
        const value = read(values)
        return value !== null && first !== null && value < first
      }
    case '<=':
      return (values) => {
        const value = read(values)
        return value !== null && first !== null && value <= first
      }
    case '>':
      return (values) => {
        const value = read(values)
        return value !== null && first !== null && value > first
      }
    case '>=':
      return (values) => {
        const value = read(values)
        return value !== null && first !== null && value >= first
      }
  }
}

const fieldsIn = (condition: Condition): readonly string[] =>
  'all' in condition
    ? condition.all.flatMap(fieldsIn)
    : 'some' in condition
      ? condition.some.flatMap(fieldsIn)
      : 'not' in condition
        ? fieldsIn(condition.not)
        : [condition.field]

/** The records of a query, and what it selects of them; deleted ones only where `all` asks for them. */
export const find = (store: Store, soql: Soql, all: boolean): Found | Malformed => {
  const table = store.tables.get(soql.object)
  if (table === undefined)
    return {
      errorCode: 'INVALID_TYPE',
      message: pointing(
        soql.text,
        Math.max(0, soql.text.indexOf(soql.object)),
        `sObject type '${soql.object}' is not supported.`,
      ),
    }
  const selected: Selected[] = []
  for (const name of soql.fields) {
    const path = name.split('.')
    const field = resolve(store, table.object, path)
    if (field === undefined) return noColumn(soql.text, name, soql.object)
    if (selected.some((each) => each.name.toLowerCase() === name.toLowerCase()))
      return { errorCode: 'INVALID_FIELD', message: `duplicate field selected: ${name}` }
    selected.push({ name, path, field })
  }
  for (const name of soql.where === undefined ? [] : fieldsIn(soql.where)) {
    const field = named(table.object, name)
    if (field === undefined) return noColumn(soql.text, name, soql.object)
    if (field.filterable === false || isCompound(field) || field.type === 'base64')
      return {
        errorCode: 'INVALID_FIELD',
        message: pointing(
          soql.text,
          soql.text.lastIndexOf(name),
          `field '${name}' can not be filtered in a query call`,
        ),
      }
  }
  for (const { field: name } of soql.orderBy) {
    const field = named(table.object, name)
    if (field === undefined) return noColumn(soql.text, name, soql.object)
    if (field.sortable === false)
      return {
        errorCode: 'INVALID_FIELD',
        message: pointing(
          soql.text,
          soql.text.lastIndexOf(name),
          `field '${name}' can not be sorted in a query call`,
        ),
      }
  }
  const test: Test = soql.where === undefined ? () => true : testOf(store, table.object, soql.where)
  const rows: Values[] = []
  const emptied = store.clock.now() - bin
  // The bin is emptied after fifteen days: then nothing is left of a record.
  const isFound = (values: Values): boolean =>
    values['IsDeleted'] !== true || (all && Date.parse(String(values['SystemModstamp'])) >= emptied)
  for (const values of table.rows.values()) if (isFound(values) && test(values)) rows.push(values)
  const orders = soql.orderBy.map(({ field, descending }) => ({
    field: named(table.object, field) as Field,
    sign: descending ? -1 : 1,
  }))
  if (orders.length > 0) {
    rows.sort((a, b) => {
      for (const { field, sign } of orders) {
        const [left, right] = [
          comparable(field, valueOf(store, table.object, field, a)) ?? '',
          comparable(field, valueOf(store, table.object, field, b)) ?? '',
        ]
        if (left !== right) return left < right ? -sign : sign
      }
      return 0
    })
  }
  const ids = rows.map((values) => values['Id'] as string)
  return { table, selected, ids: soql.limit === undefined ? ids : ids.slice(0, soql.limit) }
}
