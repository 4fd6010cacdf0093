// The schema row beside an entity's events on Datastore: changed by compare-and-set, in a commit of its own.
import { E, type TaskEither } from '../../../fp.ts'
import type { EntitySchema } from '../../../model/schema.ts'
import type { StoreError, Versioned, Batch } from '../../../ports/event-store.ts'
import { type Datastore, type Found, keyText } from './datastore.ts'
import { schemaKey } from './keys.ts'
import { integer, numberOf, text, textOf } from './value.ts'
import type { Known } from './plan.ts'
import type { Appending, AppendResult } from './appending.ts'

export const versionedOf = (found: Found | undefined): Versioned | undefined =>
  found === undefined
    ? undefined
    : {
        version: numberOf(found.properties['version']),
        schema: JSON.parse(textOf(found.properties['schema'])) as EntitySchema,
      }

/**
 * Puts a schema in place of the expected version; undefined where another was faster. `base` is what a lookup
 * found.
 */
export const putSchema =
  (
    store: Datastore,
    entity: string,
    next: EntitySchema,
    expected: number,
    base: string | undefined,
  ): TaskEither<StoreError, number | undefined> =>
  async () => {
    const properties = { version: integer(expected + 1), schema: text(JSON.stringify(next)) }
    const key = schemaKey(entity)
    const done = await store.commit(`schema ${entity}`, [
      base === undefined ? { insert: key, properties } : { upsert: key, properties, base },
    ])()
    if (done._tag === 'Right') return E.right(expected + 1)
    return done.left._tag === 'conflict' ? E.right(undefined) : E.left(done.left.error)
  }

export const putSchemas = async (
  { store }: Appending,
  { guards }: Batch,
  known: Known,
): Promise<AppendResult | undefined> => {
  const moved = guards
    .filter(
      ({ entity, version }) =>
        numberOf(known.get(keyText(schemaKey(entity)))?.properties['version']) !== version,
    )
    .map(({ entity }) => entity)
  if (moved.length > 0) return E.right({ _tag: 'schema-moved', entities: moved })
  for (const { entity, next, version } of guards) {
    if (next === undefined) continue
    const put = await putSchema(
      store,
      entity,
      next,
      version,
      known.get(keyText(schemaKey(entity)))?.version,
    )()
    if (put._tag === 'Left') return put
    if (put.right === undefined) return E.right({ _tag: 'schema-moved', entities: [entity] })
  }
  return undefined
}
