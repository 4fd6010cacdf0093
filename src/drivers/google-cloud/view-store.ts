// The view store on Datastore: one natively typed document an entity, a namespace a generation, written by
// compare-and-set.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import { contention } from '../../model/errors.ts'
import type { FindQuery, ViewDocument, ViewError, ViewStore, ViewTable } from '../../ports/view-store.ts'
import { keyText, type Datastore, type Found, type Key, type Mutation } from './datastore/datastore.ts'
import { generations } from './datastore/generations.ts'
import { change } from './datastore/registry-change.ts'
import type { Registry } from './datastore/registry.ts'
import { indexed, text } from './datastore/value.ts'
import {
  documentOf,
  documentProperties,
  documentRefusal,
  liveKey,
  searchKey,
  sequenceOf,
} from './datastore/view-document.ts'
import { backoff, pause } from '../../waiting.ts'
import { commitSize, chunksOf, inTurn } from './datastore/view-chunks.ts'

const tries = 10

/** Versions remembered, so that a put that follows a get needs no look of its own. */
const mostRemembered = 20_000

const pageSize = 300

/** What stands under a key: its version ('0': nothing) and the sequence. */
interface Seen {
  readonly version: string
  readonly sequence: number
}

const nothing: Seen = { version: '0', sequence: 0 }

export const viewStore = (inGeneration: (generation: number) => Datastore, registry: Registry): ViewStore => {
  const seen = new Map<string, Seen>()
  const indexes = new Map<string, readonly string[]>()
  const keyOf = ({ entity }: ViewTable, entityId: string): Key => ({ kind: entity, name: entityId })
  const seenKey = ({ entity, generation }: ViewTable, entityId: string): string =>
    `${entity}/${generation}/${entityId}`
  const remember = (key: string, state: Seen): void => {
    seen.set(key, state)
    if (seen.size > mostRemembered)
      for (const [oldest] of seen) {
        seen.delete(oldest)
        break
      }
  }
  const indexOf = (table: ViewTable): readonly string[] => [
    ...new Set([...table.index, ...(indexes.get(`${table.entity}/${table.generation}`) ?? [])]),
  ]

  const look = (table: ViewTable, ids: readonly string[]): TaskEither<ViewError, readonly Found[]> =>
    pipe(
      inGeneration(table.generation).lookup(
        `views ${table.entity}`,
        ids.map((id) => keyOf(table, id)),
      ),
      TE.map((found) => {
        for (const id of ids) {
          const one = found.get(keyText(keyOf(table, id)))
          remember(
            seenKey(table, id),
            one === undefined ? nothing : { version: one.version, sequence: sequenceOf(one) },
          )
        }
        return [...found.values()]
      }),
    )

  const mutationOf = (table: ViewTable, document: ViewDocument, base: string): Mutation => {
    const [key, properties] = [keyOf(table, document.entityId), documentProperties(document, indexOf(table))]
    return base === '0' ? { insert: key, properties } : { upsert: key, properties, base }
  }

  // Commits some documents: on a conflict, all are left for the next round; what stood there is forgotten.
  const commit = async (
    table: ViewTable,
    documents: readonly ViewDocument[],
  ): Promise<E.Either<ViewError, boolean>> => {
    const states = documents.map(({ entityId }) => seen.get(seenKey(table, entityId)) ?? nothing)
    const done = await inGeneration(table.generation).commit(
      `views ${table.entity}`,
      documents.map((document, i) => mutationOf(table, document, (states[i] as Seen).version)),
    )()
    for (const [i, { entityId, sequence }] of documents.entries()) {
      if (done._tag === 'Right')
        remember(seenKey(table, entityId), { version: done.right[i] as string, sequence })
      else seen.delete(seenKey(table, entityId))
    }
    if (done._tag === 'Right') return E.right(true)
    // An unanswered commit is looked at again: a document that was written after all passes over itself.
    // An older mode refuses many entities in a transaction: fewer are tried then.
    return done.left._tag === 'conflict' ||
      done.left._tag === 'unknown' ||
      (done.left._tag === 'refused' && documents.length > 1)
      ? E.right(false)
      : E.left(done.left.error)
  }

  const put =
    (
      table: ViewTable,
      documents: readonly ViewDocument[],
      replaces: (there: number, sequence: number) => boolean,
    ): TaskEither<ViewError, number> =>
    async () => {
      let rest = [...new Map(documents.map((document) => [document.entityId, document])).values()]
      if (rest.length < documents.length) return inTurn(documents, (some) => put(table, some, replaces))()
      let written = 0
      for (let attempt = 0, size = commitSize; rest.length > 0; attempt++) {
        const unknown = rest.filter(({ entityId }) => !seen.has(seenKey(table, entityId)))
        const looked =
          unknown.length === 0
            ? E.right([])
            : await look(
                table,
                unknown.map(({ entityId }) => entityId),
              )()
        if (looked._tag === 'Left') return looked
        const wanted = rest.filter(({ entityId, sequence }) =>
          replaces((seen.get(seenKey(table, entityId)) ?? nothing).sequence, sequence),
        )
        const chunks = chunksOf(wanted, size)
        rest = []
        for (const result of await Promise.all(
          chunks.map(async (chunk) => ({ chunk, done: await commit(table, chunk) })),
        )) {
          if (result.done._tag === 'Left') return result.done
          if (result.done.right) written += result.chunk.length
          else rest.push(...result.chunk)
        }
        if (rest.length === 0) break
        if (attempt >= tries)
          return E.left(contention(`views ${table.entity}`, 'other processes keep writing these documents'))
        size = Math.max(1, size >> 1)
        await pause(backoff(attempt + 1, 15, 1_000))
      }
      return E.right(written)
    }

  const query = (
    table: ViewTable,
    keys: readonly string[] | undefined,
    after: string | undefined,
    limit: number,
  ): TaskEither<ViewError, readonly ViewDocument[]> =>
    pipe(
      inGeneration(table.generation).query(`views ${table.entity}`, {
        kind: table.entity,
        limit,
        ...(after === undefined ? {} : { after }),
        ...(keys === undefined
          ? {}
          : { where: keys.map((key) => ['_search', 'EQUAL', indexed(text(key))] as const) }),
      }),
      TE.map((found) => found.map(documentOf)),
    )

  // Documents written under a narrower index bear no keys for the new properties: each is written again,
  // once.
  const reindex =
    (table: ViewTable): TaskEither<ViewError, void> =>
    async () => {
      for (let after: string | undefined; ;) {
        const page = await query(table, undefined, after, pageSize)()
        if (page._tag === 'Left') return page
        const put = await putMended(table, page.right)()
        if (put._tag === 'Left') return put
        after = page.right[page.right.length - 1]?.entityId
        if (page.right.length < pageSize) return E.right(undefined)
      }
    }
  const putMended = (table: ViewTable, documents: readonly ViewDocument[]) =>
    put(table, documents, (there, sequence) => sequence >= there)

  const prepare =
    (table: ViewTable): TaskEither<ViewError, void> =>
    async () => {
      const name = `view-index/${table.entity.toLowerCase()}/${table.generation}`
      const before = await registry.load(name)()
      if (before._tag === 'Left') return before
      const known =
        before.right === undefined ? undefined : (JSON.parse(before.right.text) as readonly string[])
      indexes.set(`${table.entity}/${table.generation}`, [...new Set([...(known ?? []), ...table.index])])
      if (known !== undefined && table.index.every((property) => known.includes(property)))
        return E.right(undefined)
      const reindexed = known === undefined ? E.right(undefined) : await reindex(table)()
      if (reindexed._tag === 'Left') return reindexed
      return pipe(
        change<readonly string[]>(registry, name, [], (now) => [...new Set([...now, ...table.index])].sort()),
        TE.map(() => undefined),
      )()
    }

  return {
    prepare,
    put: (table, documents) => put(table, documents, (there, sequence) => sequence > there),
    mend: putMended,
    refusal: (table, document) => documentRefusal(document, indexOf(table)),
    remove: (table, ids) => async () => {
      for (const id of ids) seen.delete(seenKey(table, id))
      return inGeneration(table.generation).write(
        `views ${table.entity}`,
        ids.map((id) => ({ remove: keyOf(table, id) })),
      )()
    },
    get: (table, ids) =>
      pipe(
        look(table, ids),
        TE.map((found) => found.map(documentOf)),
      ),
    list: (table, after, limit) => query(table, undefined, after, limit),
    find: (table, { where, limit, after }: FindQuery) =>
      query(
        table,
        where.length === 0
          ? [liveKey]
          : [...new Set(where.map(([property, value]) => searchKey(property, value)))],
        after,
        limit,
      ),
    generations: generations(registry, inGeneration),
  }
}
