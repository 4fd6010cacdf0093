// The query service: views, history and past states of one entity, and SQL over all of them.
import { E, pipe, TE, type t, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { invalidQuery, reasonOf, type Contention, type Infra, type InvalidQuery, type ReadError } from '../../model/errors.ts'
import type { StoredEvent } from '../../model/event.ts'
import { entityIdOf } from '../../model/identity.ts'
import { instantOf } from '../../model/instant.ts'
import { apply, isAlive, type Folded } from '../../model/state.ts'
import { isDate, textOfValue } from '../../model/wire.ts'
import type { PropertySchemas } from '../../model/schema.ts'
import type { PropertySpec } from '../../model/spec.ts'
import type { Ports } from '../../ports/driver.ts'
import type { SqlParameters } from '../../ports/query-engine.ts'
import type { ViewDocument } from '../../ports/view-store.ts'
import { readEvent, readValues, type ReadEvent, type ReadValues, type Specs } from '../events/read.ts'
import type { Schemas } from '../schemas.ts'
import { calculated, start, tableOf } from '../project/view.ts'

type Result<A> = E.Either<ReadError | Contention, A>
type Given = { readonly [name: string]: unknown }

const pageSize = 500
const mostItems = 1_000

/** The id of the entity that an identifier names; a learned entity's types are the stored schema's. */
export const idOf = async (schemas: Schemas, verb: string, definition: Definition, identifier: Given): Promise<Result<string>> => {
  if (typeof identifier !== 'object' || identifier === null) return E.left(invalidQuery(verb, '', `${definition.name} is identified by ${definition.identifier.join(', ')}`))
  for (const name of Object.keys(identifier)) if (!definition.identifier.includes(name)) return E.left(invalidQuery(verb, name, `${definition.name} is identified by ${definition.identifier.join(', ')}`))
  const loaded = await schemas.load(definition)()
  if (loaded._tag === 'Left') return loaded
  const pairs: (readonly [string, string])[] = []
  for (const name of definition.identifier) {
    const value = identifier[name]
    if (value === undefined || value === null) return E.left(invalidQuery(verb, name, `${definition.name} is identified by ${definition.identifier.join(', ')}`))
    const { properties } = loaded.right.schema
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    const declared = definition.properties?.[name]
    const text = type === undefined ? String(value)
      : textOfValue({ ...declared, type, mode: 'required' }, declared === undefined && typeof value !== 'object' ? String(value) : value)
    if (typeof text !== 'string') return E.left(invalidQuery(verb, name, text.message))
    pairs.push([name, text])
  }
  return E.right(entityIdOf(definition.name, pairs))
}

const shownSpecs = ({ properties, view }: Definition): Specs =>
  properties === undefined ? (Object.keys(view.calculated).length === 0 ? undefined : view.calculated) : { ...properties, ...view.calculated }

const generationOf = (ports: Ports, definition: Definition): TaskEither<Infra | Contention, number> =>
  pipe(ports.viewStore.generations.of(definition.name), TE.map(({ active }) => active))

/** The view of one entity, or undefined where it is not there (or no longer). */
export const current = (ports: Ports, schemas: Schemas, definition: Definition, identifier: Given): TaskEither<ReadError | Contention, ReadValues | undefined> => async () => {
  const id = await idOf(schemas, 'current', definition, identifier)
  if (id._tag === 'Left') return id
  const generation = await generationOf(ports, definition)()
  if (generation._tag === 'Left') return generation
  const found = await ports.viewStore.get(tableOf(definition, generation.right), [id.right])()
  if (found._tag === 'Left') return found
  const [document] = found.right
  return document === undefined || document.deleted ? E.right(undefined) : readValues('current', shownSpecs(definition), document.content)
}

export interface Find { readonly where?: Given | undefined; readonly limit?: number | undefined; readonly cursor?: string | undefined }
export interface Found { readonly items: readonly ReadValues[]; readonly next?: string }

const specOf = (definition: Definition, name: string): PropertySpec | undefined =>
  Object.hasOwn(definition.view.calculated, name) ? definition.view.calculated[name] : definition.properties?.[name]

const conditions = (definition: Definition, stored: PropertySchemas, where: Given): E.Either<InvalidQuery, readonly (readonly [string, string | null])[]> => {
  const pairs: (readonly [string, string | null])[] = []
  for (const [name, value] of Object.entries(where)) {
    if (value === undefined) continue
    if (!definition.view.index.includes(name)) return E.left(invalidQuery('find', `where.${name}`, `is not indexed; ${definition.name} indexes ${definition.view.index.join(', ') || 'nothing'}`))
    if (value === null) {
      pairs.push([name, null])
      continue
    }
    const known = Object.hasOwn(stored, name) ? stored[name] : undefined
    const spec: PropertySpec | undefined = specOf(definition, name) ?? (known === undefined ? undefined : { type: known.type, mode: 'optional' })
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
export const find = (ports: Ports, schemas: Schemas, definition: Definition, { where = {}, limit = 100, cursor }: Find): TaskEither<ReadError | Contention, Found> => async () => {
  if (!Number.isInteger(limit) || limit < 1 || limit > mostItems) return E.left(invalidQuery('find', 'limit', `is a whole number from 1 to ${mostItems}`))
  const loaded = await schemas.load(definition)()
  if (loaded._tag === 'Left') return loaded
  const pairs = conditions(definition, loaded.right.schema.properties, where)
  if (pairs._tag === 'Left') return pairs
  const after = cursor === undefined ? E.right(undefined) : afterOf(cursor)
  if (after._tag === 'Left') return after
  const generation = await generationOf(ports, definition)()
  if (generation._tag === 'Left') return generation
  // One more than asked for tells whether there is a next page.
  const page = await ports.viewStore.find(tableOf(definition, generation.right), { where: pairs.right, limit: limit + 1, ...(after.right === undefined ? {} : { after: after.right }) })()
  if (page._tag === 'Left') return page
  const items: ReadValues[] = []
  for (const document of page.right.slice(0, limit)) {
    const read = readValues('find', shownSpecs(definition), document.content)
    if (read._tag === 'Left') return read
    items.push(read.right)
  }
  const last = page.right[limit - 1]
  return E.right(page.right.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items })
}

/** An entity's events in sequence, page by page; erased ones are left out. An error ends it. */
export const history = async function* (ports: Ports, schemas: Schemas, definition: Definition, identifier: Given): AsyncGenerator<Result<ReadEvent>> {
  const id = await idOf(schemas, 'history', definition, identifier)
  if (id._tag === 'Left') return yield id
  for (let after = 0; ;) {
    const page: Result<readonly StoredEvent[]> = await ports.eventStore.history(definition.name, id.right, { after, limit: pageSize })()
    if (page._tag === 'Left') return yield page
    for (const event of page.right) {
      const read = readEvent('history', definition, event)
      if (read._tag === 'Left') return yield read
      if (read.right !== undefined) yield E.right(read.right)
      after = event.sequence
    }
    if (page.right.length < pageSize) return
  }
}

// The state of an entity as of an instant, as known now: late events count from when they happened.
const foldUntil = async (ports: Ports, definition: Definition, entityId: string, instant: string): Promise<Result<Folded>> => {
  let folded = start
  for (let after = 0; ;) {
    const page: Result<readonly StoredEvent[]> = await ports.eventStore.history(definition.name, entityId, { after, limit: pageSize })()
    if (page._tag === 'Left') return page
    for (const event of page.right) {
      if (event.occurredAt <= instant) folded = apply(folded, event)
      after = event.sequence
    }
    if (page.right.length < pageSize) return E.right(folded)
  }
}

/** All properties and calculated values of an entity as of an instant, or undefined where it was not there. */
export const asOf = (ports: Ports, schemas: Schemas, definition: Definition, identifier: Given, at: string | Date): TaskEither<ReadError | Contention, ReadValues | undefined> => async () => {
  const instant = typeof at === 'string' || isDate(at) ? instantOf(at) : undefined
  if (instant === undefined) return E.left(invalidQuery('asOf', 'instant', 'is a Date or an ISO 8601 instant with an offset (2024-01-02T00:00:00Z)'))
  const id = await idOf(schemas, 'asOf', definition, identifier)
  if (id._tag === 'Left') return id
  const folded = await foldUntil(ports, definition, id.right, instant)
  if (folded._tag === 'Left') return folded
  if (!isAlive(folded.right)) return E.right(undefined)
  const values = E.tryCatch(() => calculated(definition, folded.right), (thrown) => invalidQuery('asOf', 'calculate', reasonOf(thrown), thrown))
  return values._tag === 'Left' ? values : readValues('asOf', shownSpecs(definition), { ...folded.right.state, ...values.right })
}

export interface SqlOptions<A> { readonly row?: t.Type<A, unknown, unknown> | undefined; readonly integers?: 'number' | 'bigint' | undefined }

/** Rows of one SELECT, each checked by the `row` codec where one is given. */
export const sql = <A>(ports: Ports, text: string, parameters: SqlParameters, { row, integers = 'number' }: SqlOptions<A>): TaskEither<ReadError | Contention, readonly A[]> => async () => {
  if (typeof text !== 'string') return E.left(invalidQuery('sql', '', 'expects the text of a SELECT'))
  const rows = await ports.queryEngine.query(text, parameters, { integers })()
  if (rows._tag === 'Left' || row === undefined) return rows as Result<readonly A[]>
  const decoded: A[] = []
  for (let i = 0; i < rows.right.length; i++) {
    const each = row.decode(rows.right[i])
    if (each._tag === 'Left') {
      const [wrong] = each.left
      const path = wrong?.context.map(({ key }) => key).filter((key) => key !== '').join('.') ?? ''
      return E.left(invalidQuery('sql', `[${i}]${path === '' ? '' : `.${path}`}`, `the row is no ${row.name}`))
    }
    decoded.push(each.right)
  }
  return E.right(decoded)
}
