// The view store: a map of documents for each entity and generation.
import type { Build, FindQuery, Generations, ViewDocument, ViewStore, ViewTable } from 'dreampipe/driver'
import { TE } from 'dreampipe/fp'

type Documents = Map<string, ViewDocument>

const byId = (a: ViewDocument, b: ViewDocument): number => (a.entityId < b.entityId ? -1 : 1)

/** The canonical text of an indexed property: null where it is null or missing. */
const textOf = ({ content }: ViewDocument, property: string): string | null =>
  (Object.hasOwn(content, property) ? content[property]?.value : undefined) ?? null

const matches = (document: ViewDocument, where: FindQuery['where']): boolean =>
  !document.deleted && where.every(([property, text]) => textOf(document, property) === text)

export const viewStore = (): ViewStore => {
  const tables = new Map<string, Documents>()
  const generations = new Map<string, Generations>()
  const keyOf = ({ entity, generation }: Omit<ViewTable, 'index'>): string => `${generation} ${entity}`
  const documentsOf = (table: ViewTable): Documents => tables.get(keyOf(table)) ?? new Map()
  const generationsOf = (entity: string): Generations => generations.get(entity) ?? { active: 1 }

  const write = (
    table: ViewTable,
    documents: readonly ViewDocument[],
    replaces: (before: ViewDocument, document: ViewDocument) => boolean,
  ): number => {
    const there = documentsOf(table)
    tables.set(keyOf(table), there)
    let written = 0
    for (const document of documents) {
      const before = there.get(document.entityId)
      if (before !== undefined && !replaces(before, document)) continue
      there.set(document.entityId, document)
      written++
    }
    return written
  }

  const page = (
    table: ViewTable,
    after: string | undefined,
    limit: number,
    isWanted: (document: ViewDocument) => boolean,
  ): readonly ViewDocument[] =>
    [...documentsOf(table).values()]
      .filter((document) => document.entityId > (after ?? '') && isWanted(document))
      .toSorted(byId)
      .slice(0, limit)

  const begin = (entity: string, definition: string): Build => {
    const { active, building } = generationsOf(entity)
    if (building?.definition === definition) return building
    const generation = Math.max(active, building?.generation ?? 0) + 1
    // What neither serves nor is begun now goes: the generation before, and an abandoned build.
    for (let old = 1; old < generation; old++)
      if (old !== active) tables.delete(keyOf({ entity, generation: old }))
    const build = { generation, definition, events: 0 }
    generations.set(entity, { active, building: build })
    return build
  }

  return {
    // A map needs no table made beforehand, and finds every property without an index.
    prepare: () => TE.right(undefined),
    put: (table, documents) =>
      TE.fromIO(() => write(table, documents, (before, { sequence }) => sequence > before.sequence)),
    mend: (table, documents) =>
      TE.fromIO(() => write(table, documents, (before, { sequence }) => sequence >= before.sequence)),
    remove: (table, entityIds) => TE.fromIO(() => entityIds.forEach((id) => documentsOf(table).delete(id))),
    get: (table, entityIds) => TE.fromIO(() => entityIds.flatMap((id) => documentsOf(table).get(id) ?? [])),
    list: (table, after, limit) => TE.fromIO(() => page(table, after, limit, () => true)),
    find: (table, { where, limit, after }) =>
      TE.fromIO(() => page(table, after, limit, (document) => matches(document, where))),
    generations: {
      of: (entity) => TE.fromIO(() => generationsOf(entity)),
      begin: (entity, definition) => TE.fromIO(() => begin(entity, definition)),
      advance: (entity, build) =>
        TE.fromIO(() => {
          const { active, building } = generationsOf(entity)
          if (building?.generation === build.generation) generations.set(entity, { active, building: build })
        }),
      swap: (entity, generation) =>
        TE.fromIO(() => {
          const isBuilt = generationsOf(entity).building?.generation === generation
          if (isBuilt) generations.set(entity, { active: generation })
          return isBuilt
        }),
    },
  }
}
