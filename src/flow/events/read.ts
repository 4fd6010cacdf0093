// Stored events as their readers see them: typed by the entity's declaration.
import { E } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { AnyEntity, DefinitionOf, EventOf, IdentifierOf, State } from '../../model/entity.ts'
import { invalidQuery, type InvalidQuery } from '../../model/errors.ts'
import { infoOf, payloadOf, type StoredEvent } from '../../model/event.ts'
import type { PropertySpec } from '../../model/spec.ts'
import { mapFromWire } from '../../model/wire.ts'
import type { EntityPropertyValue, Yadto } from '../../model/yadto.ts'

export type Specs = { readonly [name: string]: PropertySpec } | undefined

export type ReadValues = { readonly [name: string]: unknown }

/**
 * A wire map as values, or what cannot be read as declared. `A` is what the declaration says of them: here
 * what was checked at run time takes on its static type.
 */
export const readValues = <A = ReadValues>(
  verb: string,
  specs: Specs,
  yadto: Yadto,
): E.Either<InvalidQuery, A> =>
  E.tryCatch(
    () => {
      const values: unknown = mapFromWire(specs, yadto, '', ({ path, message }) => {
        throw invalidQuery(verb, path, message)
      })
      return values as A
    },
    (thrown) => thrown as InvalidQuery,
  )

/** The event as a reader sees it; undefined where its payload was erased. */
export const readEvent = <L extends AnyEntity>(
  verb: string,
  definition: DefinitionOf<L>,
  event: StoredEvent,
): E.Either<InvalidQuery, EventOf<L> | undefined> => {
  if (event.kind === 'erased') return E.right(undefined)
  const yadto = payloadOf(event)
  if (event.kind === 'delete') {
    const read = readValues<State<L>>(verb, definition.properties, keysOnly(definition, yadto))
    if (read._tag === 'Left') return read
    return E.right({ ...infoOf(event), identifier: keysOf<L>(definition, read.right), operation: 'delete' })
  }
  const properties = readValues<State<L>>(verb, definition.properties, yadto)
  return properties._tag === 'Left'
    ? properties
    : E.right({
        ...infoOf(event),
        identifier: keysOf<L>(definition, properties.right),
        operation: 'upsert',
        properties: properties.right,
        yadto,
      })
}

/** The part of an event's content that names its entity. */
const keysOnly = ({ identifier }: Definition, yadto: Yadto): Yadto => {
  const keys: { [name: string]: EntityPropertyValue } = {}
  for (const name of identifier)
    if (Object.hasOwn(yadto, name)) keys[name] = yadto[name] as EntityPropertyValue
  return keys
}

const keysOf = <L extends AnyEntity>({ identifier }: Definition, values: ReadValues): IdentifierOf<L> => {
  const keys: { [name: string]: unknown } = {}
  for (const name of identifier) keys[name] = values[name]
  const read: unknown = keys
  return read as IdentifierOf<L>
}

/** How what shows of an entity is declared: its properties and the calculated values. */
export const shownSpecs = ({ properties, view }: Definition): Specs =>
  properties === undefined
    ? Object.keys(view.calculated).length === 0
      ? undefined
      : view.calculated
    : { ...properties, ...view.calculated }
