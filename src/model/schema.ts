// An entity's stored schema: what its events have carried so far. It only grows; one row per entity beside
// the events.
import { child, problem, type Problem } from './problem.ts'
import type { PropertySpec } from './spec.ts'
import type { EntityPropertyValue, PropertyType, Yadto } from './yadto.ts'

/** A property's type; `element` once a List has had one, `fields` of an EmbeddedObject. */
export interface PropertySchema {
  readonly type: PropertyType
  readonly element?: PropertySchema
  readonly fields?: PropertySchemas
}

/** The schemas of properties, by name. */
export type PropertySchemas = { readonly [name: string]: PropertySchema }

/**
 * How updates are told apart: the mode, the ignored names (sorted), and the number of the fingerprint's
 * format.
 */
export interface Rule {
  readonly by: 'history' | 'latest'
  readonly ignore: readonly string[]
  readonly format: 1
}

/** A rule as the text that its fingerprints name. */
export const ruleName = ({ by, ignore, format }: Rule): string => `${format}/${by}/${ignore.join(',')}`

/** What the event store keeps of an entity. `rules` and `updates` list all that were ever used. */
export interface EntitySchema {
  readonly properties: PropertySchemas
  readonly identifier: readonly string[]
  readonly timestamp: string
  /** Properties that every stored full upsert carries, sorted. */
  readonly required: readonly string[]
  readonly rules: readonly Rule[]
  readonly updates: readonly ('full' | 'partial')[]
  /** Declared before the first event: nothing is promised yet, the next definition may say otherwise. */
  readonly unused?: true
}

/** The schema of a declared property. */
const schemaOfSpec = ({ type, element, fields }: PropertySpec): PropertySchema =>
  type === 'List' && element !== undefined
    ? { type, element: schemaOfSpec(element) }
    : type === 'EmbeddedObject'
      ? { type, fields: schemasOfSpecs(fields ?? {}) }
      : { type }

export const schemasOfSpecs = (specs: { readonly [name: string]: PropertySpec }): PropertySchemas =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, schemaOfSpec(spec)]))

// Lower-cased names of a map of schemas, kept as long as the map itself.
const folded = new WeakMap<PropertySchemas, ReadonlyMap<string, string>>()

const foldedNames = (schemas: PropertySchemas): ReadonlyMap<string, string> => {
  const found = folded.get(schemas)
  if (found !== undefined) return found
  const names = new Map(Object.keys(schemas).map((name) => [name.toLowerCase(), name]))
  folded.set(schemas, names)
  return names
}

const clash = (name: string, other: string): string =>
  `differs only in case from ${other}, and names are unique without regard to case`

const typeClash = (known: PropertyType, brought: PropertyType): string =>
  `the schema says ${known}, the update says ${brought}`

/**
 * What `value` adds to `known`: the schema that holds both (`known` itself where nothing is new), or `known`
 * with a
 * `SchemaConflict` added to `problems` where they contradict each other.
 */
const grow = (
  known: PropertySchema | undefined,
  value: EntityPropertyValue,
  path: string,
  problems: Problem[],
): PropertySchema => {
  const type = value.propertyType
  if (known !== undefined && known.type !== type) {
    problems.push(problem('SchemaConflict', path, typeClash(known.type, type)))
    return known
  }
  if (type === 'List') {
    let element = known?.element
    for (const item of value.values ?? []) element = grow(element, item, `${path}[]`, problems)
    return known !== undefined && element === known.element
      ? known
      : element === undefined
        ? { type }
        : { type, element }
  }
  if (type !== 'EmbeddedObject') return known ?? { type }
  const fields = growAll(known?.fields ?? none, value.embeddedEntity ?? noValues, path, problems)
  return known !== undefined && fields === known.fields ? known : { type, fields }
}

const none: PropertySchemas = {}

const noValues: Yadto = {}

// A copy of a map of schemas that grows in place, its names without regard to case beside it.
interface Growing {
  readonly schemas: { [name: string]: PropertySchema }
  readonly names: Map<string, string>
}

const growing = (known: PropertySchemas): Growing => ({
  schemas: { ...known },
  names: new Map(foldedNames(known)),
})

/** `grow` for every property of a map; returns `known` itself where nothing is new. */
export const growAll = (
  known: PropertySchemas,
  yadto: Yadto,
  path: string,
  problems: Problem[],
): PropertySchemas => {
  let copy: Growing | undefined
  for (const name in yadto) {
    const before = Object.hasOwn(known, name) ? known[name] : undefined
    const at = path === '' ? name : `${path}.${name}`
    if (before === undefined) {
      copy ??= growing(known)
      const other = copy.names.get(name.toLowerCase())
      if (other !== undefined) {
        problems.push(problem('BadName', at, clash(name, other)))
        continue
      }
    }
    const after = grow(before, yadto[name] as EntityPropertyValue, at, problems)
    if (after === before) continue
    copy ??= growing(known)
    copy.schemas[name] = after
    copy.names.set(name.toLowerCase(), name)
  }
  return copy === undefined || Object.keys(copy.schemas).every((name) => copy.schemas[name] === known[name])
    ? known
    : copy.schemas
}

/** Two schemas of one property as one. */
const merge = (a: PropertySchema, b: PropertySchema, path: string, problems: Problem[]): PropertySchema => {
  if (a.type !== b.type) {
    problems.push(
      problem('SchemaConflict', path, `the stored schema says ${a.type}, the definition says ${b.type}`),
    )
    return a
  }
  if (a.type === 'EmbeddedObject') {
    const fields = mergeAll(a.fields ?? {}, b.fields ?? {}, path, problems)
    return fields === a.fields ? a : { type: a.type, fields }
  }
  if (a.type !== 'List' || b.element === undefined) return a
  const element = a.element === undefined ? b.element : merge(a.element, b.element, `${path}[]`, problems)
  return element === a.element ? a : { type: a.type, element }
}

/** `merge` for every property; returns `a` itself where `b` adds nothing. */
export const mergeAll = (
  a: PropertySchemas,
  b: PropertySchemas,
  path: string,
  problems: Problem[],
): PropertySchemas => {
  let copy: Growing | undefined
  for (const [name, brought] of Object.entries(b)) {
    const before = Object.hasOwn(a, name) ? a[name] : undefined
    const other = before === undefined ? (copy?.names ?? foldedNames(a)).get(name.toLowerCase()) : undefined
    if (other !== undefined) {
      problems.push(problem('SchemaConflict', child(path, name), clash(name, other)))
      continue
    }
    const after = before === undefined ? brought : merge(before, brought, child(path, name), problems)
    if (after === before) continue
    copy ??= growing(a)
    copy.schemas[name] = after
    copy.names.set(name.toLowerCase(), name)
  }
  return copy?.schemas ?? a
}
