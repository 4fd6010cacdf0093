// Properties as natively typed Datastore values and back: the propertyType decides, never the value.
import type { EntityPropertyValue, PropertyType, Yadto } from '../../../model/yadto.ts'
import { isNull } from '../../../model/yadto.ts'
import * as value from './value.ts'

/**
 * Levels of entities in entities that are stored natively; Datastore allows 20, what lies deeper is one JSON
 * text.
 */
const nativeLevels = 18

/**
 * What a native value cannot tell of itself: its propertyType, those of its fields, or of a List's elements
 * (`each`: all alike). `packed`: wire JSON as text.
 */
export type Typing =
  | PropertyType
  | { readonly packed: true }
  | { readonly null: PropertyType }
  | { readonly each: PropertyType }
  | { readonly list: readonly Typing[] }
  | { readonly fields: { readonly [name: string]: Typing } }

const scalar = (type: PropertyType, text: string): value.Value => {
  switch (type) {
    case 'Boolean':
      return value.boolean(text === 'true')
    case 'Integer':
      return value.integer(text)
    case 'Double':
      return value.double(Number(text))
    case 'DateTime':
      return value.instant(text)
    case 'Bytes':
      return value.blob(Buffer.from(text, 'base64'))
    default:
      return value.text(text)
  }
}

const scalarText = (type: PropertyType, native: value.Value): string => {
  switch (type) {
    case 'Boolean':
      return String(native.booleanValue === true)
    case 'Integer':
      return String(native.integerValue)
    case 'Double':
      return String(Number(native.doubleValue))
    case 'DateTime':
      return value.instantOfValue(native)
    case 'Bytes':
      return value.bytesOf(native).toString('base64')
    default:
      return value.textOf(native)
  }
}

const listTyping = (typings: readonly Typing[]): Typing => {
  const [first] = typings
  return typeof first === 'string' && typings.every((typing) => typing === first)
    ? { each: first }
    : { list: typings }
}

export interface Native {
  readonly value: value.Value
  readonly typing: Typing
}

/** One property; `level` is 1 at the top. */
export const nativeOf = (property: EntityPropertyValue, level = 1): Native => {
  const type = property.propertyType
  if (isNull(property)) return { value: value.nothing, typing: { null: type } }
  if (type !== 'List' && type !== 'EmbeddedObject')
    return { value: scalar(type, property.value as string), typing: type }
  if (level > nativeLevels) return { value: value.text(JSON.stringify(property)), typing: { packed: true } }
  if (type === 'List') {
    const elements = (property.values ?? []).map((element) => nativeOf(element, level + 1))
    return {
      value: value.array(elements.map((each) => each.value)),
      typing: listTyping(elements.map((each) => each.typing)),
    }
  }
  const { properties, typings } = nativesOf(property.embeddedEntity ?? {}, level + 1)
  return { value: value.entity(properties), typing: { fields: typings } }
}

/** A map of properties. */
export const nativesOf = (
  yadto: Yadto,
  level = 1,
): { readonly properties: value.Properties; readonly typings: { readonly [name: string]: Typing } } => {
  const properties: { [name: string]: value.Value } = {}
  const typings: { [name: string]: Typing } = {}
  for (const name in yadto) {
    const native = nativeOf(yadto[name] as EntityPropertyValue, level)
    properties[name] = native.value
    typings[name] = native.typing
  }
  return { properties, typings }
}

const propertyOf = (native: value.Value, typing: Typing): EntityPropertyValue => {
  if (typeof typing === 'string') return { propertyType: typing, value: scalarText(typing, native) }
  if ('packed' in typing) return JSON.parse(value.textOf(native)) as EntityPropertyValue
  if ('null' in typing) return { propertyType: typing.null, value: null }
  const elements = native.arrayValue?.values ?? []
  if ('each' in typing)
    return {
      propertyType: 'List',
      values: elements.map((element) => ({
        propertyType: typing.each,
        value: scalarText(typing.each, element),
      })),
    }
  if ('list' in typing) {
    return {
      propertyType: 'List',
      values: typing.list.map((each, i) => propertyOf(elements[i] as value.Value, each)),
    }
  }
  return {
    propertyType: 'EmbeddedObject',
    embeddedEntity: yadtoOf(native.entityValue?.properties ?? {}, typing.fields),
  }
}

/** Back from native values: byte for byte what they were made of, canonical order included. */
export const yadtoOf = (properties: value.Properties, typings: { readonly [name: string]: Typing }): Yadto =>
  Object.fromEntries(
    Object.entries(typings).map(([name, typing]) => [
      name,
      propertyOf(properties[name] as value.Value, typing),
    ]),
  )
