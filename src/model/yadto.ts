// YADTO, the wire format: a map from property names to values that carry their explicit type.

/** The types a property can have; `Long` is read as `Integer`. */
const propertyTypes = [
  'String',
  'Boolean',
  'Integer',
  'Double',
  'Decimal',
  'DateTime',
  'Date',
  'Time',
  'Bytes',
  'Json',
  'List',
  'EmbeddedObject',
] as const
/** A property's type on the wire. */
export type PropertyType = (typeof propertyTypes)[number]

/**
 * One typed value. Scalars are text in `value`; a List has `values`, an EmbeddedObject `embeddedEntity`; null
 * is `value: null` for every type.
 */
export interface EntityPropertyValue {
  readonly propertyType: PropertyType
  readonly value?: string | null
  readonly values?: readonly EntityPropertyValue[]
  readonly embeddedEntity?: Yadto
}

/** An update's content: property name to typed value. */
export type Yadto = { readonly [property: string]: EntityPropertyValue }

/** The property types that hold one value. */
export type ScalarType = Exclude<PropertyType, 'List' | 'EmbeddedObject'>

/** Names in an update's map that carry metadata instead of content. */
export const metadataNames = ['eventSource', 'eventVersion', 'eventOperation', 'correlationId'] as const
export type MetadataName = (typeof metadataNames)[number]

const known: ReadonlySet<string> = new Set<string>(propertyTypes)
export const isPropertyType = (text: unknown): text is PropertyType =>
  typeof text === 'string' && known.has(text)

const metadata: ReadonlySet<string> = new Set<string>(metadataNames)
export const isMetadataName = (name: string): name is MetadataName => metadata.has(name)

/** Whether a value is the typed null. */
export const isNull = (value: EntityPropertyValue): boolean =>
  value.propertyType === 'List'
    ? value.values === undefined
    : value.propertyType === 'EmbeddedObject'
      ? value.embeddedEntity === undefined
      : value.value === null || value.value === undefined
