// Declared fields against what Salesforce describes: how each is read, and what does not fit.
import type { Problem } from 'dreampipe'
import type { Described, DescribedField } from '../org/describe.ts'
import { converterOf, isWrong, readableAs, type Convert } from './types.ts'
import type { Node, Spec } from './nodes.ts'
import { kinds } from './nodes.ts'

// The parts of a compound by what they are called in it: BillingCity is City, Place__Latitude__s is Latitude,
// Street of Address is Street.
export const partsOf = ({ fields }: Described, compound: string): ReadonlyMap<string, DescribedField> => {
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

export interface Checking {
  readonly objects: ReadonlyMap<string, Described>
  readonly problems: Problem[]
  readonly warnings: string[]
  readonly unstamped: Set<string>
  readonly found: Map<string, DescribedField>
  bulk: boolean
}

// Salesforce's numbers have a fixed number of digits after the point, and JavaScript's fifteen digits in all.
export const exactBelow = ({ type, scale = 0 }: DescribedField, as: Spec['type']): number =>
  as === 'Double' || type === 'int' ? Infinity : 10 ** (15 - Math.min(scale, 15))

// What JSON says of these is what we say.
const stays = ({ type }: DescribedField, as: Spec['type']): boolean =>
  (as === 'String' && type !== 'anyType') ||
  (as === 'Boolean' && type === 'boolean') ||
  (as === 'Integer' && type === 'int') ||
  (as === 'Date' && type === 'date')

export const note = (checking: Checking, column: string, field: DescribedField): void => {
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

export const declaredNodes = (
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
