// What is live of an entity in BigQuery, as all replicas share it: one small text in the registry, cached for
// as long as nobody can be misled.
import type { TaskEither } from '../../../fp.ts'
import type { EntitySchema } from '../../../model/schema.ts'
import type { Build } from '../../../ports/view-store.ts'
import type { Columns } from '../../../schema/columns.ts'
import { pauseBefore } from './client.ts'
import type { Registry } from '../datastore/registry.ts'

/** What is live of one entity: its tables' generation, their columns, how its events update. */
export interface LiveTables {
  readonly generation: number
  readonly building?: Build
  readonly columns: Columns
  readonly updates: EntitySchema['updates']
  /** Grows with every change of what the SQL objects are made of. */
  readonly revision: number
  /** The revision that the SQL objects were last made for. */
  readonly made: number
  /** Generations that serve no more and whose tables may still be there. */
  readonly old: readonly number[]
  /**
   * Since which recordedAt rows may be poorer than their columns; `marks` grows with each writer that says
   * so.
   */
  readonly late?: { readonly since: string; readonly marks: number }
}

/** The generations that rows are written to. */
export const writtenTo = ({ generation, building }: LiveTables): readonly number[] =>
  building === undefined ? [generation] : [generation, building.generation]

export interface Lives {
  /** What is live, as it was at most `freshFor` milliseconds ago. */
  readonly current: (entity: string) => Promise<LiveTables | undefined>
  /** What is live now. */
  readonly reload: (entity: string) => Promise<LiveTables | undefined>
  /**
   * Changes it by compare-and-set, again and again until nobody was faster; undefined from `next` changes
   * nothing. Answers what is live then.
   */
  readonly change: (
    entity: string,
    next: (live: LiveTables | undefined) => LiveTables | undefined,
  ) => Promise<LiveTables | undefined>
  readonly freshFor: number
}

const done = async <A>(task: TaskEither<unknown, A>): Promise<A> => {
  const result = await task()
  if (result._tag === 'Left') throw result.left
  return result.right
}

export const livesIn = (registry: Registry, dataset: string, freshFor: number): Lives => {
  const cache = new Map<string, { readonly live: LiveTables; readonly at: number }>()
  const nameOf = (entity: string): string => `query-engine.${dataset}.${entity}`
  const remember = (entity: string, live: LiveTables, at: number): void =>
    void cache.set(entity, { live, at })
  const load = async (
    entity: string,
  ): Promise<{ readonly live: LiveTables; readonly version: string } | undefined> => {
    // Counted from before the question: what is cached is never younger than it says.
    const at = performance.now()
    const found = await done(registry.load(nameOf(entity)))
    if (found === undefined) return undefined
    const live = JSON.parse(found.text) as LiveTables
    remember(entity, live, at)
    return { live, version: found.version }
  }
  return {
    freshFor,
    reload: async (entity) => (await load(entity))?.live,
    current: async (entity) => {
      const cached = cache.get(entity)
      return cached !== undefined && performance.now() - cached.at < freshFor
        ? cached.live
        : (await load(entity))?.live
    },
    change: async (entity, next) => {
      for (let attempt = 1; ; attempt++) {
        const before = await load(entity)
        const after = next(before?.live)
        if (after === undefined) return before?.live
        const at = performance.now()
        if (
          (await done(registry.save(nameOf(entity), JSON.stringify(after), before?.version))) !== undefined
        ) {
          remember(entity, after, at)
          return after
        }
        await pauseBefore(attempt, 1_000)
      }
    },
  }
}
