// An entity's definition as plain data, checked at once: a bad one throws `InvalidDefinition`.
import { invalidDefinition } from './errors.ts'
import type { EventInfo } from './event.ts'
import { limits } from './limits.ts'
import { checkOptions } from './options.ts'
import { badDeclaredName, badEntityName } from './name.ts'
import type { EntitySchema } from './schema.ts'
import { schemasOfSpecs } from './schema.ts'
import type { PropertySpec, PropertySpecs } from './spec.ts'
import { type Refuse, specs, checkNames, distinct, one } from './definition-check.ts'

type Values = { readonly [name: string]: unknown }

type Calculate = (state: Values, event: EventInfo) => Values

export type Transformer = (
  update: Values,
  context: { readonly asOf: (entity: never, id: never) => Promise<unknown> },
) => unknown

interface ViewDefinition {
  /** Undefined: every property. */
  readonly properties: readonly string[] | undefined
  readonly index: readonly string[]
  readonly calculated: PropertySpecs
  readonly calculate: Calculate | undefined
}

export interface Definition {
  readonly name: string
  /** Undefined: the schema is learned. */
  readonly properties: PropertySpecs | undefined
  readonly additionalProperties: 'accept' | 'reject'
  /** Sorted. */
  readonly identifier: readonly string[]
  readonly timestamp: string
  readonly updates: 'full' | 'partial'
  readonly attributes: readonly string[]
  readonly by: 'history' | 'latest'
  /** Sorted. */
  readonly ignore: readonly string[]
  readonly transform: readonly Transformer[]
  readonly view: ViewDefinition
}

/** What `entity` is given, as far as it can be checked at run time. */
export interface DefinitionInput {
  readonly properties?: { readonly [name: string]: { readonly spec: PropertySpec } }
  readonly additionalProperties?: 'accept' | 'reject'
  readonly identifier: readonly string[]
  readonly timestamp: string
  readonly updates?: 'full' | 'partial'
  readonly attributes?: readonly string[]
  readonly deduplication?: { readonly by: 'history' | 'latest'; readonly ignore?: readonly string[] }
  readonly transform?: readonly Transformer[]
  readonly view?: {
    readonly properties?: readonly string[]
    readonly index?: readonly string[]
    readonly calculated?: { readonly [name: string]: { readonly spec: PropertySpec } }
    readonly calculate?: Calculate
  }
}

/** The definition of what `entity` was given, or a thrown `InvalidDefinition` that names the option. */
export const checkedDefinition = (name: string, input: DefinitionInput): Definition => {
  const refuse: Refuse = (path, why) => {
    throw invalidDefinition(String(name), path, why)
  }
  const wrongName = typeof name === 'string' ? badEntityName(name) : 'an entity has a name'
  if (wrongName !== undefined) refuse('', wrongName)
  if (typeof input !== 'object' || input === null) refuse('', 'expects a definition')
  checkOptions('entity', input, refuse)
  const properties =
    input.properties === undefined ? undefined : specs(input.properties, 'properties', refuse)
  if (properties !== undefined) checkNames(properties, 'properties', refuse, badDeclaredName, 1)

  const declared = (property: string, path: string, types?: readonly string[], required = false): void => {
    if (properties === undefined)
      return void (
        badDeclaredName(property) !== undefined && refuse(path, `${property}: ${badDeclaredName(property)}`)
      )
    const spec = Object.hasOwn(properties, property) ? properties[property] : undefined
    if (spec === undefined) return refuse(path, `${property} is not among the properties`)
    if (types !== undefined && !types.includes(spec.type))
      return refuse(path, `${property} is ${spec.type}; it must be ${types.join(', ')}`)
    if (required && spec.mode !== 'required') refuse(path, `${property} must be a required property`)
  }
  const keys = ['String', 'Boolean', 'Integer', 'Double', 'Decimal', 'DateTime', 'Date', 'Time'] as const

  const identifier = distinct(input.identifier, 'identifier', refuse)
  if (identifier.length === 0) refuse('identifier', 'needs at least one property')
  for (const property of identifier) declared(property, 'identifier', keys, true)
  if (typeof input.timestamp !== 'string') refuse('timestamp', 'expects a property name')
  declared(input.timestamp, 'timestamp', ['DateTime', 'String'], true)
  if (identifier.some((property) => property.toLowerCase() === input.timestamp.toLowerCase()))
    refuse(
      'timestamp',
      `${input.timestamp} is part of the identifier: a thing that changes would be another thing`,
    )

  for (const option of ['deduplication', 'view'] as const)
    checkOptions(`entity.${option}`, input[option], (path, why) =>
      refuse(path === '' ? option : `${option}.${path}`, why),
    )
  const updates = one(input.updates, ['full', 'partial'], 'updates', refuse)
  const by = one(input.deduplication?.by, ['history', 'latest'], 'deduplication.by', refuse)
  if (by === 'latest' && updates === 'partial')
    refuse('deduplication.by', 'latest compares whole states, and a partial update carries none: use history')
  const ignore = distinct(input.deduplication?.ignore ?? [], 'deduplication.ignore', refuse)
  for (const property of ignore) {
    declared(property, 'deduplication.ignore')
    if (identifier.includes(property) || property === input.timestamp)
      refuse('deduplication.ignore', `${property} names the entity or its time and cannot be ignored`)
  }
  const attributes = distinct(input.attributes ?? [], 'attributes', refuse)
  for (const property of attributes) declared(property, 'attributes', keys)
  if (attributes.length > limits.attributes)
    refuse('attributes', `has ${attributes.length} properties; a message bears at most ${limits.attributes}`)
  // https://cloud.google.com/pubsub/quotas#resource_limits
  for (const property of attributes)
    if (/^goog/i.test(property) || property.length > limits.attributeNameBytes)
      refuse(
        'attributes',
        `${property} cannot be a message attribute: its name begins with goog or is longer than ` +
          `${limits.attributeNameBytes}`,
      )
  const transform = functions(input.transform, 'transform', refuse)
  return {
    name,
    properties,
    additionalProperties: one(
      input.additionalProperties,
      ['accept', 'reject'],
      'additionalProperties',
      refuse,
    ),
    identifier: [...identifier].sort(),
    timestamp: input.timestamp,
    updates,
    attributes,
    by,
    ignore: [...ignore].sort(),
    transform,
    view: viewOf(input.view ?? {}, properties, declared, keys, refuse),
  }
}

const viewOf = (
  view: NonNullable<DefinitionInput['view']>,
  properties: PropertySpecs | undefined,
  declared: (property: string, path: string, types?: readonly string[]) => void,
  keys: readonly string[],
  refuse: Refuse,
): ViewDefinition => {
  const shown =
    view.properties === undefined ? undefined : distinct(view.properties, 'view.properties', refuse)
  for (const property of shown ?? []) declared(property, 'view.properties')
  const calculated = specs(view.calculated ?? {}, 'view.calculated', refuse)
  checkNames(calculated, 'view.calculated', refuse, badDeclaredName, 1)
  // Past states show every property beside the calculated values, whatever the view leaves out.
  const names = new Set(
    [...(shown ?? []), ...Object.keys(properties ?? {})].map((name) => name.toLowerCase()),
  )
  for (const name of Object.keys(calculated))
    if (names.has(name.toLowerCase())) refuse(`view.calculated.${name}`, 'is a property of the entity too')
  const needed = Object.keys(calculated).length > 0
  if ((needed || view.calculate !== undefined) && typeof view.calculate !== 'function')
    refuse('view.calculate', needed ? 'calculated values need a function' : 'expects a function')
  const index = distinct(view.index ?? [], 'view.index', refuse)
  for (const name of index) {
    if (Object.hasOwn(calculated, name)) {
      if (!keys.includes((calculated[name] as PropertySpec).type))
        refuse('view.index', `${name} is ${(calculated[name] as PropertySpec).type} and cannot be indexed`)
      continue
    }
    declared(name, 'view.index', keys)
    if (shown !== undefined && !shown.includes(name))
      refuse('view.index', `${name} is not among the view's properties`)
  }
  return { properties: shown, index, calculated, calculate: view.calculate }
}

/** What a definition says of the stored schema. */
export const declaredSchema = ({
  properties,
  identifier,
  timestamp,
  updates,
  by,
  ignore,
}: Definition): EntitySchema => ({
  properties: properties === undefined ? {} : schemasOfSpecs(properties),
  identifier,
  timestamp,
  required:
    updates === 'partial' || properties === undefined
      ? [...identifier, timestamp].sort()
      : Object.keys(properties)
          .filter((name) => properties[name]?.mode === 'required')
          .sort(),
  rules: [{ by, ignore, format: 1 }],
  updates: [updates],
})

const functions = (
  all: readonly unknown[] | undefined,
  path: string,
  refuse: Refuse,
): readonly Transformer[] => {
  if (all !== undefined && (!Array.isArray(all) || all.some((item) => typeof item !== 'function')))
    return refuse(path, 'expects a list of functions')
  return (all ?? []) as readonly Transformer[]
}
