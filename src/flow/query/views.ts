// The query service over views: one entity, or pages of them by indexed properties.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { AnyEntity, DefinitionOf, Identifier, View, Where } from '../../model/entity.ts'
import {
  invalidQuery,
  type Contention,
  type Infra,
  type InvalidQuery,
  type ReadError,
} from '../../model/errors.ts'
import { textOfValue } from '../../model/wire.ts'
import type { PropertySchemas } from '../../model/schema.ts'
import type { PropertySpec } from '../../model/spec.ts'
import type { Ports } from '../../ports/driver.ts'
import type { ViewDocument } from '../../ports/view-store.ts'
import { readValues, shownSpecs } from '../events/read.ts'
import type { Schemas } from '../schemas.ts'
import { tableOf } from '../project/view.ts'
import { idOf, type Given } from './identify.ts'

const mostItems = 1_000

const generationOf = (ports: Ports, definition: Definition): TaskEither<Infra | Contention, number> =>
  pipe(
    ports.viewStore.generations.of(definition.name),
    TE.map(({ active }) => active),
  )

/** The view of one entity, or undefined where it is not there (or no longer). */
export const current =
  <L extends AnyEntity>(
    ports: Ports,
    schemas: Schemas,
    definition: DefinitionOf<L>,
    identifier: Identifier<L>,
  ): TaskEither<ReadError | Contention, View<L> | undefined> =>
  async () => {
    const id = await idOf(schemas, 'current', definition, identifier)
    if (id._tag === 'Left') return id
    const generation = await generationOf(ports, definition)()
    if (generation._tag === 'Left') return generation
    const found = await ports.viewStore.get(tableOf(definition, generation.right), [id.right])()
    if (found._tag === 'Left') return found
    const [document] = found.right
    return document === undefined || document.deleted
      ? E.right(undefined)
      : readValues<View<L>>('current', shownSpecs(definition), document.content)
  }

/** What `find` is asked: values of indexed properties; `limit` 1 to 1,000, 100 unless said. */
export interface FindOptions<L extends AnyEntity> {
  readonly where?: Where<L>
  readonly limit?: number
  /** A page's `next`. */
  readonly cursor?: string
}

/** A page of views, and the cursor of the next one where there is one. */
export interface Found<L extends AnyEntity> {
  readonly items: readonly View<L>[]
  readonly next?: string
}

const specOf = (definition: Definition, name: string): PropertySpec | undefined =>
  Object.hasOwn(definition.view.calculated, name)
    ? definition.view.calculated[name]
    : definition.properties?.[name]

const conditions = (
  definition: Definition,
  stored: PropertySchemas,
  where: Given,
): E.Either<InvalidQuery, readonly (readonly [string, string | null])[]> => {
  const pairs: (readonly [string, string | null])[] = []
  for (const [name, value] of Object.entries(where)) {
    if (value === undefined) continue
    if (!definition.view.index.includes(name))
      return E.left(
        invalidQuery(
          'find',
          `where.${name}`,
          `is not indexed; ${definition.name} indexes ${definition.view.index.join(', ') || 'nothing'}`,
        ),
      )
    if (value === null) {
      pairs.push([name, null])
      continue
    }
    const known = Object.hasOwn(stored, name) ? stored[name] : undefined
    const spec: PropertySpec | undefined =
      specOf(definition, name) ?? (known === undefined ? undefined : { type: known.type, mode: 'optional' })
    const text = spec === undefined ? String(value) : textOfValue(spec, value)
    if (typeof text !== 'string') return E.left(invalidQuery('find', `where.${name}`, text.message))
    pairs.push([name, text])
  }
  return E.right(pairs)
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

// A cursor names the last document of its page; what it holds is nobody's business.
const cursorOf = (document: ViewDocument): string => Buffer.from(document.entityId).toString('base64url')

const afterOf = (cursor: string): E.Either<InvalidQuery, string> => {
  const id = Buffer.from(String(cursor), 'base64url').toString('utf8')
  return uuid.test(id) ? E.right(id) : E.left(invalidQuery('find', 'cursor', 'is not one that find gave out'))
}

/** One page of live entities by indexed properties. */
export const find =
  <L extends AnyEntity>(
    ports: Ports,
    schemas: Schemas,
    definition: DefinitionOf<L>,
    { where, limit = 100, cursor }: FindOptions<L>,
  ): TaskEither<ReadError | Contention, Found<L>> =>
  async () => {
    if (!Number.isInteger(limit) || limit < 1 || limit > mostItems)
      return E.left(invalidQuery('find', 'limit', `is a whole number from 1 to ${mostItems}`))
    const loaded = await schemas.load(definition)()
    if (loaded._tag === 'Left') return loaded
    const pairs = conditions(definition, loaded.right.schema.properties, where ?? {})
    if (pairs._tag === 'Left') return pairs
    const after = cursor === undefined ? E.right(undefined) : afterOf(cursor)
    if (after._tag === 'Left') return after
    const generation = await generationOf(ports, definition)()
    if (generation._tag === 'Left') return generation
    // One more than asked for tells whether there is a next page.
    const page = await ports.viewStore.find(tableOf(definition, generation.right), {
      where: pairs.right,
      limit: limit + 1,
      ...(after.right === undefined ? {} : { after: after.right }),
    })()
    if (page._tag === 'Left') return page
    const items: View<L>[] = []
    for (const document of page.right.slice(0, limit)) {
      const read = readValues<View<L>>('find', shownSpecs(definition), document.content)
      if (read._tag === 'Left') return read
      items.push(read.right)
    }
    const last = page.right[limit - 1]
    return E.right(
      page.right.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items },
    )
  }
