// Entities from plain configuration: the names of `entity` and `y`, as JSON or parsed YAML gives them;
// functions need code.
import { checkedDefinition, type DefinitionInput } from './definition.ts'
import { entityOf, type AnyEntity } from './entity.ts'
import { invalidDefinition } from './errors.ts'
import { y, type Properties, type Property } from './property.ts'

type Json = { readonly [key: string]: unknown }
type Refuse = (path: string, why: string) => never

const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const simple: { readonly [name: string]: () => Property } = {
  string: () => y.string(),
  boolean: y.boolean,
  integer: y.integer,
  bigint: y.bigint,
  double: y.double,
  decimal: y.decimal,
  dateTime: y.dateTime,
  date: y.date,
  time: y.time,
  bytes: y.bytes,
  json: () => y.json(),
}

const composite: { readonly [name: string]: (value: unknown, path: string, refuse: Refuse) => Property } = {
  optional: (value, path, refuse) => y.optional(propertyOf(value, path, refuse)),
  list: (value, path, refuse) =>
    y.list(propertyOf(value, path, refuse) as Property<'String', unknown, unknown, 'required'>),
  object: (value, path, refuse) => y.object(propertiesOf(value, path, refuse)),
  enum: (value, path, refuse) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? y.enum(value as string[])
      : refuse(path, 'enum expects a list of texts'),
}

// `string`, `{ optional: string }`, `{ list: { object: { … } } }`, `{ enum: [a, b] }`.
const propertyOf = (value: unknown, path: string, refuse: Refuse): Property => {
  if (typeof value === 'string')
    return Object.hasOwn(simple, value)
      ? (simple[value] as () => Property)()
      : refuse(path, `${JSON.stringify(value)} is none of ${Object.keys(simple).join(', ')}`)
  const keys = isMap(value) ? Object.keys(value) : []
  const [kind] = keys
  if (kind === undefined || keys.length !== 1 || !Object.hasOwn(composite, kind))
    return refuse(path, `is the name of a type, or one of { ${Object.keys(composite).join(' }, { ')} }`)
  return (composite[kind] as (value: unknown, path: string, refuse: Refuse) => Property)(
    (value as Json)[kind],
    `${path}.${kind}`,
    refuse,
  )
}

const propertiesOf = (value: unknown, path: string, refuse: Refuse): Properties =>
  isMap(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, property]) => [
          name,
          propertyOf(property, `${path}.${name}`, refuse),
        ]),
      )
    : refuse(path, 'expects a map from property names to types')

const options = [
  'properties',
  'additionalProperties',
  'identifier',
  'timestamp',
  'deduplication',
  'attributes',
  'updates',
  'view',
]
const viewOptions = ['properties', 'index']

const onlyKnown = (map: Json, known: readonly string[], path: string, refuse: Refuse): void => {
  const stranger = Object.keys(map).find((name) => !known.includes(name))
  if (stranger !== undefined)
    refuse(`${path}${stranger}`, `is no option of configuration; there are ${known.join(', ')}`)
}

/**
 * One entity from its configuration. Throws `InvalidDefinition`, naming the path, where something is wrong.
 */
export const entityFrom = (name: string, configuration: unknown): AnyEntity => {
  const refuse: Refuse = (path, why) => {
    throw invalidDefinition(String(name), path, why)
  }
  if (!isMap(configuration)) return refuse('', 'expects a map of options')
  onlyKnown(configuration, options, '', refuse)
  const { properties, view, deduplication, ...rest } = configuration
  if (view !== undefined && !isMap(view)) refuse('view', 'expects a map of options')
  if (isMap(view)) onlyKnown(view, viewOptions, 'view.', refuse)
  if (deduplication !== undefined && !isMap(deduplication))
    refuse('deduplication', 'expects a map of options')
  if (isMap(deduplication)) onlyKnown(deduplication, ['by', 'ignore'], 'deduplication.', refuse)
  const input = {
    ...rest,
    ...(properties === undefined ? {} : { properties: propertiesOf(properties, 'properties', refuse) }),
    ...(view === undefined ? {} : { view }),
    ...(deduplication === undefined ? {} : { deduplication }),
  }
  return entityOf(checkedDefinition(name, input as unknown as DefinitionInput))
}

/** Every entity of a configuration: a map from entity names to their options. */
export const entitiesFrom = (configuration: unknown): readonly AnyEntity[] => {
  if (!isMap(configuration))
    throw invalidDefinition('configuration', '', 'expects a map from entity names to their options')
  return Object.entries(configuration).map(([name, each]) => entityFrom(name, each))
}
