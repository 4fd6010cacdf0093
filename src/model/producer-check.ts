// Checks a producer's definition at once, as entities are checked.
import { invalidDefinition } from './errors.ts'
import { checkOptions } from './options.ts'

const nameForm = /^[A-Za-z][\w.-]{0,99}$/

/** Throws `InvalidDefinition` naming the part that is wrong. */
export const checkedName = (definition: object): void => {
  const { name, entity, cursor, pages, normalise, version } = definition as {
    readonly [part: string]: unknown
  }
  const refuse = (path: string, why: string): never => {
    throw invalidDefinition(`producer ${String(name)}`, path, why)
  }
  checkOptions('producer', definition, refuse)
  if (typeof name !== 'string' || !nameForm.test(name))
    refuse('name', 'starts with a letter and has letters, digits, _, - and ., at most 100')
  if (typeof entity !== 'object' || entity === null || !('definition' in entity))
    refuse('entity', 'is no entity: make it with entity()')
  if (typeof cursor !== 'object' || cursor === null || !('decode' in cursor))
    refuse('cursor', 'is no io-ts codec: t.string, t.type({ … })')
  if (typeof pages !== 'function') refuse('pages', 'is a function that yields pages')
  if (typeof normalise !== 'function') refuse('normalise', 'is a function of a record and the builder')
  if (version !== undefined && !Number.isInteger(version)) refuse('version', 'is a whole number')
}
