// Attributes: what of an event subscriptions can filter by, and whether a filter lets it pass.
import type { Definition } from './definition.ts'
import { invalidDefinition } from './errors.ts'
import { payloadOf, type StoredEvent } from './event.ts'
import { canonicalScalar } from './scalar.ts'
import type { ScalarType } from './yadto.ts'

/** Attribute name to canonical text. */
export type Filter = { readonly [attribute: string]: string }

/**
 * A filter's values as canonical texts; throws `InvalidDefinition` where one is no attribute or not of its
 * type.
 */
export const filterOf = (
  definition: Definition,
  filter: { readonly [attribute: string]: unknown } | undefined,
): Filter | undefined => {
  if (filter === undefined) return undefined
  const texts: { [attribute: string]: string } = {}
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue
    if (!definition.attributes.includes(name))
      throw invalidDefinition(definition.name, `filter.${name}`, "is not among the entity's attributes")
    const type =
      (Object.hasOwn(definition.properties ?? {}, name) ? definition.properties?.[name]?.type : undefined) ??
      'String'
    const text = canonicalScalar(type as ScalarType, typeof value === 'bigint' ? String(value) : value)
    if (typeof text !== 'string') throw invalidDefinition(definition.name, `filter.${name}`, text.message)
    texts[name] = text
  }
  return texts
}

/** The message attributes of an event: those of the entity's attributes that it carries. */
export const attributesOf = (definition: Definition, event: StoredEvent): Filter => {
  const attributes: { [attribute: string]: string } = {}
  if (definition.attributes.length === 0 || event.kind === 'erased') return attributes
  const yadto = payloadOf(event)
  for (const name of definition.attributes) {
    const text = Object.hasOwn(yadto, name) ? yadto[name]?.value : undefined
    if (typeof text === 'string') attributes[name] = text
  }
  return attributes
}

export const matches = (filter: Filter | undefined, attributes: Filter): boolean =>
  filter === undefined || Object.keys(filter).every((name) => attributes[name] === filter[name])
