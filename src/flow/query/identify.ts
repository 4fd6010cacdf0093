// Which entity an identifier names, whatever form its values have.
import { E } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { invalidQuery, type Contention, type ReadError } from '../../model/errors.ts'
import { entityIdOf } from '../../model/identity.ts'
import { textOfValue } from '../../model/wire.ts'
import type { Schemas } from '../schemas.ts'

export type QueryResult<A> = E.Either<ReadError | Contention, A>

export type Given = { readonly [name: string]: unknown }

/** The id of the entity that an identifier names; a learned entity's types are the stored schema's. */
export const idOf = async (
  schemas: Schemas,
  verb: string,
  definition: Definition,
  identifier: Given,
): Promise<QueryResult<string>> => {
  if (typeof identifier !== 'object' || identifier === null)
    return E.left(
      invalidQuery(verb, '', `${definition.name} is identified by ${definition.identifier.join(', ')}`),
    )
  for (const name of Object.keys(identifier))
    if (!definition.identifier.includes(name))
      return E.left(
        invalidQuery(verb, name, `${definition.name} is identified by ${definition.identifier.join(', ')}`),
      )
  const loaded = await schemas.load(definition)()
  if (loaded._tag === 'Left') return loaded
  const pairs: (readonly [string, string])[] = []
  for (const name of definition.identifier) {
    const value = identifier[name]
    if (value === undefined || value === null)
      return E.left(
        invalidQuery(verb, name, `${definition.name} is identified by ${definition.identifier.join(', ')}`),
      )
    const { properties } = loaded.right.schema
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    const declared = definition.properties?.[name]
    const text =
      type === undefined
        ? String(value)
        : textOfValue(
            { ...declared, type, mode: 'required' },
            declared === undefined && typeof value !== 'object' ? String(value) : value,
          )
    if (typeof text !== 'string') return E.left(invalidQuery(verb, name, text.message))
    pairs.push([name, text])
  }
  return E.right(entityIdOf(definition.name, pairs))
}
