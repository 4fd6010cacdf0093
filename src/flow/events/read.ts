// Stored events as their readers see them: typed by the entity's declaration.
import { E } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { invalidQuery, type InvalidQuery } from '../../model/errors.ts'
import { infoOf, payloadOf, type EventInfo, type StoredEvent } from '../../model/event.ts'
import type { PropertySpec } from '../../model/spec.ts'
import { mapFromWire } from '../../model/wire.ts'
import type { Yadto } from '../../model/yadto.ts'

export type Specs = { readonly [name: string]: PropertySpec } | undefined

export type ReadValues = { readonly [name: string]: unknown }

/** A wire map as values, or what cannot be read as declared. */
export const readValues = (verb: string, specs: Specs, yadto: Yadto): E.Either<InvalidQuery, ReadValues> =>
  E.tryCatch(
    () =>
      mapFromWire(specs, yadto, '', ({ path, message }) => {
        throw invalidQuery(verb, path, message)
      }),
    (thrown) => thrown as InvalidQuery,
  )

/** An event with its content, or a delete, which has none. */
export type ReadEvent = EventInfo &
  (
    | { readonly operation: 'upsert'; readonly properties: ReadValues; readonly yadto: Yadto }
    | { readonly operation: 'delete' }
  )

/** The event as a reader sees it; undefined where its payload was erased. */
export const readEvent = (
  verb: string,
  definition: Definition,
  event: StoredEvent,
): E.Either<InvalidQuery, ReadEvent | undefined> => {
  if (event.kind === 'erased') return E.right(undefined)
  if (event.kind === 'delete') return E.right({ ...infoOf(event), operation: 'delete' })
  const yadto = payloadOf(event)
  const properties = readValues(verb, definition.properties, yadto)
  return properties._tag === 'Left'
    ? properties
    : E.right({ ...infoOf(event), operation: 'upsert', properties: properties.right, yadto })
}

export const shownSpecs = ({ properties, view }: Definition): Specs =>
  properties === undefined
    ? Object.keys(view.calculated).length === 0
      ? undefined
      : view.calculated
    : { ...properties, ...view.calculated }
