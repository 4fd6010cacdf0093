// An entity's columns: one interpreter of its schema for every SQL engine; columns are only ever added.
import { limits } from '../model/limits.ts'
import type { PropertySchema, PropertySchemas } from '../model/schema.ts'
import type { ScalarType } from '../model/yadto.ts'

/** A column's type. What lies below RECORD level 15 is one Json scalar, marked `packed`. */
export type ColumnType =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly packed?: true }
  | { readonly kind: 'record'; readonly columns: Columns }
  | { readonly kind: 'repeated'; readonly element: Exclude<ColumnType, { readonly kind: 'repeated' }> }

/** The columns of a table, or of a record, by name. */
export type Columns = { readonly [name: string]: ColumnType }

/** A column that is new: its path (`address.street`; a List's element is `element`), and its type. */
export interface Addition {
  readonly path: readonly string[]
  readonly type: ColumnType
}

interface Budget {
  leaves: number
}

const packed: ColumnType = { kind: 'scalar', type: 'Json', packed: true }

/** Leaf columns of a type. */
const leavesOf = (type: ColumnType): number =>
  type.kind === 'scalar'
    ? 1
    : type.kind === 'repeated'
      ? leavesOf(type.element)
      : Object.values(type.columns).reduce((sum, column) => sum + leavesOf(column), 0)

/** How many leaf columns there are, at most 2,000 of an entity: what an engine's memory depends on. */
export const leafCount = (columns: Columns): number =>
  Object.values(columns).reduce((sum, column) => sum + leavesOf(column), 0)

// The column of a property without one, or undefined where it declares none (an empty object, a List without
// an element) or the budget is spent.
const created = (schema: PropertySchema, level: number, budget: Budget): ColumnType | undefined => {
  if (schema.type === 'List') {
    const element = schema.element === undefined ? undefined : created(schema.element, level, budget)
    return element === undefined || element.kind === 'repeated' ? undefined : { kind: 'repeated', element }
  }
  if (schema.type !== 'EmbeddedObject')
    return budget.leaves-- > 0 ? { kind: 'scalar', type: schema.type } : undefined
  if (level > limits.recordLevels) return budget.leaves-- > 0 ? packed : undefined
  const columns: { [name: string]: ColumnType } = {}
  for (const [name, field] of Object.entries(schema.fields ?? {})) {
    const column = created(field, level + 1, budget)
    if (column !== undefined) columns[name] = column
  }
  return Object.keys(columns).length === 0 ? undefined : { kind: 'record', columns }
}

const grownType = (
  live: ColumnType,
  schema: PropertySchema,
  level: number,
  budget: Budget,
  path: readonly string[],
  additions: Addition[],
): ColumnType => {
  if (live.kind === 'record' && schema.type === 'EmbeddedObject') {
    return {
      kind: 'record',
      columns: grownColumns(live.columns, schema.fields ?? {}, level + 1, budget, path, additions),
    }
  }
  if (live.kind === 'repeated' && schema.type === 'List' && schema.element !== undefined) {
    return {
      kind: 'repeated',
      element: grownType(
        live.element,
        schema.element,
        level,
        budget,
        [...path, 'element'],
        additions,
      ) as never,
    }
  }
  return live
}

const grownColumns = (
  live: Columns,
  schemas: PropertySchemas,
  level: number,
  budget: Budget,
  path: readonly string[],
  additions: Addition[],
): Columns => {
  const columns: { [name: string]: ColumnType } = { ...live }
  for (const [name, schema] of Object.entries(schemas)) {
    const before = Object.hasOwn(live, name) ? live[name] : undefined
    if (before !== undefined)
      columns[name] = grownType(before, schema, level, budget, [...path, name], additions)
    else {
      const column = created(schema, level, budget)
      if (column === undefined) continue
      columns[name] = column
      additions.push({ path: [...path, name], type: column })
    }
  }
  return columns
}

/**
 * The live columns and what the schema adds to them, in an order in which they can be added. A property
 * beyond 2,000 leaves gets none.
 */
export const growColumns = (
  live: Columns,
  schemas: PropertySchemas,
): { readonly columns: Columns; readonly additions: readonly Addition[] } => {
  const additions: Addition[] = []
  const columns = grownColumns(
    live,
    schemas,
    1,
    { leaves: limits.leafColumns - leafCount(live) },
    [],
    additions,
  )
  return { columns, additions }
}
