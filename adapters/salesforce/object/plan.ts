// What is read of an object: declared fields checked against what Salesforce describes, or every field there
// is.
import { schemaConflict, type AnyEntity, type Problem, type Properties, type Property } from 'dreampipe'
import type { Described, DescribedField } from '../org/describe.ts'
import { factsOf, type Facts } from './facts.ts'
import { converterOf, isWrong, readableAs, type Convert } from './types.ts'

type Spec = Property['spec']

/** A field that is read: where it lies, and how its value comes out. */
export interface Leaf {
  readonly name: string
  /** Its place in a record of REST: `['Owner', 'Name']`; joined by points, its column. */
  readonly path: readonly string[]
  readonly column: string
  readonly as: Spec['type']
  readonly convert: Convert
  /** What an empty cell is; undefined where there must be a value. */
  readonly empty: unknown
  /** A JSON number from here on may have more digits than a JavaScript number holds. */
  readonly exactBelow: number
  /** JSON's value stays as it comes, null included. */
  readonly asIs: boolean
}
/**
 * Fields that make one value: an address from its parts, a parent's fields. It is null where all of them are
 * empty.
 */
export interface Group {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly required: boolean
  readonly wire: boolean
}
export type Node = Leaf | Group
export const isGroup = (node: Node): node is Group => 'nodes' in node

export interface Plan {
  readonly nodes: readonly Node[]
  readonly columns: readonly string[]
  /** Whether Bulk can read these columns. */
  readonly bulk: boolean
  /** Those whose changes do not touch the record: formulas, and fields of parents. */
  readonly unstamped: readonly string[]
  /**
   * Every field read by itself, and what it is read as: kept in the cursor, so that the next run sees what
   * changed.
   */
  readonly fields: { readonly [name: string]: string }
  /** Columns that the last run did not read. */
  readonly grown: readonly string[]
  /** What a record that cannot be read keeps of its fields. */
  readonly facts: Facts
  readonly warnings: readonly string[]
}

const leavesOf = (nodes: readonly Node[]): readonly Leaf[] =>
  nodes.flatMap((node) => (isGroup(node) ? leavesOf(node.nodes) : [node]))

// The parts of a compound by what they are called in it: BillingCity is City, Place__Latitude__s is Latitude,
// Street of Address is Street.
const partsOf = ({ fields }: Described, compound: string): ReadonlyMap<string, DescribedField> => {
  const parts = [...fields.values()].filter(
    ({ compoundFieldName, name }) => compoundFieldName === compound && name !== compound,
  )
  const prefix = compound.endsWith('__c')
    ? `${compound.slice(0, -3)}__`
    : compound.endsWith('Address')
      ? compound.slice(0, -'Address'.length)
      : ''
  return new Map(
    parts.map((part) => [
      (part.name.startsWith(prefix) ? part.name.slice(prefix.length) : part.name).replace(/__s$/, ''),
      part,
    ]),
  )
}

// What a declaration adds to a conversion: which texts, which size of number.
const narrowed = (spec: Spec, convert: Convert): Convert => {
  const { type, values, codec, bigint } = spec
  if (type === 'Integer')
    return (value) => {
      const whole = convert(value)
      if (isWrong(whole)) return whole
      return bigint === true
        ? BigInt(whole as number | bigint)
        : typeof whole === 'bigint'
          ? { wrong: `${whole} is no safe number: declare it with y.bigint()` }
          : whole
    }
  if (spec.element !== undefined) {
    const item = narrowed(spec.element, (value) => value)
    return (value) => {
      const list = convert(value)
      if (isWrong(list)) return list
      const items = (list as readonly unknown[]).map(item)
      return items.find(isWrong) ?? items
    }
  }
  if (values !== undefined)
    return (value) =>
      values.includes(convert(value) as string)
        ? convert(value)
        : { wrong: `one of ${values.join(', ')} expected` }
  if (codec !== undefined)
    return (value) => {
      const converted = convert(value)
      const decoded = isWrong(converted) ? undefined : codec.decode(converted)
      return decoded === undefined
        ? converted
        : decoded._tag === 'Right'
          ? decoded.right
          : { wrong: `${codec.name} does not accept it` }
    }
  return convert
}

interface Checking {
  readonly objects: ReadonlyMap<string, Described>
  readonly problems: Problem[]
  readonly warnings: string[]
  readonly unstamped: Set<string>
  readonly found: Map<string, DescribedField>
  bulk: boolean
}

// Salesforce's numbers have a fixed number of digits after the point, and JavaScript's fifteen digits in all.
const exactBelow = ({ type, scale = 0 }: DescribedField, as: Spec['type']): number =>
  as === 'Double' || type === 'int' ? Infinity : 10 ** (15 - Math.min(scale, 15))

// What JSON says of these is what we say.
const stays = ({ type }: DescribedField, as: Spec['type']): boolean =>
  (as === 'String' && type !== 'anyType') ||
  (as === 'Boolean' && type === 'boolean') ||
  (as === 'Integer' && type === 'int') ||
  (as === 'Date' && type === 'date')

const note = (checking: Checking, column: string, field: DescribedField): void => {
  if (field.type === 'anyType') checking.bulk = false
  if (field.calculated === true || column.includes('.')) checking.unstamped.add(column)
  checking.found.set(column, field)
}

const declaredLeaf = (
  checking: Checking,
  name: string,
  spec: Spec,
  field: DescribedField,
  path: readonly string[],
): readonly Node[] => {
  const column = [...path, field.name].join('.')
  if (!readableAs(field).includes(spec.type)) {
    const says =
      readableAs(field).length === 0
        ? 'files are not read'
        : `it is read as ${readableAs(field).join(' or ')}`
    checking.problems.push({
      code: 'WrongType',
      path: column,
      message: `declared as ${spec.type}, and Salesforce says ${field.type}: ${says}`,
    })
    return []
  }
  if (spec.element !== undefined && spec.element.type !== 'String') {
    checking.problems.push({
      code: 'WrongType',
      path: column,
      message:
        `declared as a List of ${spec.element.type}, and Salesforce says ${field.type}: it is ` +
        `read as a List of String`,
    })
    return []
  }
  note(checking, column, field)
  const empty = spec.mode !== 'required' ? null : spec.type === 'List' ? [] : undefined
  return [
    {
      name,
      path: [...path, field.name],
      column,
      as: spec.type,
      convert: narrowed(spec, converterOf(field.type, spec.type)),
      empty,
      exactBelow: exactBelow(field, spec.type),
      asIs:
        spec.mode !== 'required' &&
        spec.values === undefined &&
        spec.codec === undefined &&
        spec.bigint !== true &&
        stays(field, spec.type),
    },
  ]
}

const declaredNodes = (
  checking: Checking,
  described: Described,
  specs: { readonly [name: string]: Spec },
  path: readonly string[],
): readonly Node[] =>
  Object.entries(specs).flatMap(([name, spec]): readonly Node[] => {
    const at = [...path, name].join('.')
    const field = described.fields.get(name)
    const group = (nodes: readonly Node[]): readonly Node[] => [
      { name, nodes, required: spec.mode === 'required', wire: false },
    ]
    if (field !== undefined && spec.type === 'EmbeddedObject' && readableAs(field)[0] === 'EmbeddedObject') {
      const parts = new Map([...partsOf(described, name)].map(([part, of]) => [part.toLowerCase(), of]))
      return group(
        Object.entries(spec.fields ?? {}).flatMap(([part, of]) => {
          const found = parts.get(part.toLowerCase())
          return found === undefined
            ? missing(checking, `${at}.${part}`, of, undefined)
            : declaredLeaf(checking, part, of, found, path)
        }),
      )
    }
    if (field !== undefined) return declaredLeaf(checking, name, spec, field, path)
    const through = [...described.fields.values()].find(({ relationshipName }) => relationshipName === name)
    if (through === undefined || spec.type !== 'EmbeddedObject')
      return missing(
        checking,
        at,
        spec,
        [...described.fields.keys()].find((other) => other.toLowerCase() === name.toLowerCase()),
      )
    if (path.length > 0) {
      checking.problems.push({
        code: 'Missing',
        path: at,
        message: 'a parent of a parent is not read: give its object a producer of its own',
      })
      return []
    }
    const targets = (through.referenceTo ?? [])
      .slice(0, kinds)
      .flatMap((target) => checking.objects.get(target) ?? [])
    // A polymorphic parent is read as Name, which has the fields that all of its kinds have.
    const shared = new Map(
      [...(targets[0]?.fields ?? [])].filter(([key]) => targets.every(({ fields }) => fields.has(key))),
    )
    return group(
      declaredNodes(
        checking,
        { name, keyPrefix: undefined, replicateable: false, queryable: true, fields: shared },
        spec.fields ?? {},
        [...path, name],
      ),
    )
  })

// A field that is gone may be hidden from this user: what may be missing is left out with a warning.
const missing = (
  { problems, warnings }: Checking,
  path: string,
  { mode }: Spec,
  meant: string | undefined,
): readonly Node[] => {
  if (meant !== undefined)
    problems.push({ code: 'Missing', path, message: `Salesforce has no such field: it is called ${meant}` })
  else if (mode === 'required')
    problems.push({
      code: 'Missing',
      path,
      message: 'Salesforce has no such field, or this user may not see it',
    })
  else warnings.push(`${path} is not there, or this user may not see it: it is left out`)
  return []
}

const wired = (type: string, as: ReturnType<typeof readableAs>[number]): Convert => {
  const convert = converterOf(type, as)
  const textOf = (value: unknown): unknown =>
    as === 'Json' ? JSON.stringify(value) : typeof value === 'string' ? value : String(value)
  if (as === 'List')
    return (value) => {
      const list = convert(value)
      return isWrong(list)
        ? list
        : {
            propertyType: 'List',
            values: (list as readonly string[]).map((text) => ({ propertyType: 'String', value: text })),
          }
    }
  return (value) => {
    const converted = convert(value)
    return isWrong(converted) ? converted : { propertyType: as, value: textOf(converted) }
  }
}

// Every field under its own name, as wire values; an address or a location from its parts.
const learnedNodes = (checking: Checking, described: Described): readonly Node[] => {
  const leaf = (name: string, field: DescribedField): Leaf => {
    note(checking, field.name, field)
    const as = readableAs(field)[0] ?? 'String'
    return {
      name,
      path: [field.name],
      column: field.name,
      as,
      convert: wired(field.type, as),
      empty: { propertyType: as, value: null },
      exactBelow: exactBelow(field, as),
      asIs: false,
    }
  }
  return [...described.fields.values()].flatMap((field): readonly Node[] => {
    const [as] = readableAs(field)
    if (as === 'EmbeddedObject')
      return [
        {
          name: field.name,
          required: false,
          wire: true,
          nodes: [...partsOf(described, field.name)].map(([part, of]) => leaf(part, of)),
        },
      ]
    if (as !== undefined) return [leaf(field.name, field)]
    checking.warnings.push(`${field.name} holds files (${field.type}): it is left out`)
    return []
  })
}

// Kinds of a polymorphic parent that are described: each costs a call of every run, and a task's parent may
// be of a hundred kinds.
const kinds = 5

/**
 * The objects whose fields are named through a relationship: they are described too, of many kinds only the
 * first.
 */
export const parentsOf = (described: Described, fields: Properties | undefined): readonly string[] =>
  Object.entries(fields ?? {}).flatMap(([name, { spec }]) => {
    if (described.fields.has(name) || spec.type !== 'EmbeddedObject') return []
    return [...described.fields.values()]
      .filter(({ relationshipName }) => relationshipName === name)
      .flatMap(({ referenceTo }) => (referenceTo ?? []).slice(0, kinds))
  })

// A learned entity's fields as they were and as they are.
const drift = (
  { problems, warnings }: Checking,
  now: { readonly [name: string]: string },
  before: { readonly [name: string]: string },
): void => {
  for (const [name, type] of Object.entries(before)) {
    const next = now[name]
    if (next === undefined) warnings.push(`${name} is gone, or this user may no longer see it`)
    else if (next !== type)
      problems.push({
        code: 'WrongType',
        path: name,
        message: `it was read as ${type} and would be as ${next} now: what is stored cannot hold it`,
      })
  }
}

/**
 * Plans what to read. Throws `SchemaConflict` where declared fields are not what Salesforce has, before
 * anything is read.
 */
export const planOf = (
  entity: AnyEntity,
  described: Described,
  parents: readonly Described[],
  fields: Properties | undefined,
  before: { readonly [name: string]: string },
): Plan => {
  const checking: Checking = {
    objects: new Map([described, ...parents].map((each) => [each.name, each])),
    problems: [],
    warnings: [],
    unstamped: new Set(),
    found: new Map(),
    bulk: true,
  }
  const nodes =
    fields === undefined
      ? learnedNodes(checking, described)
      : declaredNodes(
          checking,
          described,
          Object.fromEntries(Object.entries(fields).map(([name, { spec }]) => [name, spec])),
          [],
        )
  const leaves = leavesOf(nodes)
  const read = Object.fromEntries(leaves.map(({ column, as }) => [column, as]))
  if (fields === undefined) drift(checking, read, before)
  if (fields === undefined) {
    for (const name of [...entity.definition.identifier, entity.definition.timestamp]) {
      if (!nodes.some((node) => node.name === name))
        checking.problems.push({
          code: 'Missing',
          path: name,
          message: `the entity is known or dated by it, and ${described.name} has no such field`,
        })
    }
  }
  if (checking.problems.length > 0)
    throw schemaConflict(
      entity.name,
      checking.problems,
      `what is read of Salesforce's ${described.name} is not what it has`,
    )
  const columns = [...new Set(leaves.map(({ column }) => column))]
  return {
    nodes,
    columns,
    bulk: checking.bulk,
    unstamped: [...checking.unstamped],
    fields: read,
    warnings: checking.warnings,
    grown: Object.keys(before).length === 0 ? [] : columns.filter((column) => before[column] === undefined),
    facts: factsOf(described, columns, (column) => checking.found.get(column)),
  }
}
