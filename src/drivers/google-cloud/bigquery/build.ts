// Generations of an entity's tables in BigQuery: a table each, one that serves and one that may be built
// beside it.
import type { Build, Generations } from '../../../ports/view-store.ts'
import type { Rest } from './client.ts'
import { writtenTo, type LiveTables, type Lives } from './live.ts'
import { dropTable, ensureTable, makeObjects } from './tables.ts'
import { pause } from '../../../waiting.ts'

export const generationsOf = (live: LiveTables): Generations => ({
  active: live.generation,
  ...(live.building === undefined ? {} : { building: live.building }),
})

// What serves no more is dropped: after the SQL objects have left it, and before the record forgets it.
const dropOld = async (rest: Rest, lives: Lives, entity: string): Promise<void> => {
  const live = await lives.reload(entity)
  if (live === undefined || live.old.length === 0) return
  await makeObjects(rest, lives, entity)
  const gone = live.old.filter((generation) => !writtenTo(live).includes(generation))
  for (const generation of gone) await dropTable(rest, entity, generation)
  await lives.change(
    entity,
    (now) => now && { ...now, old: now.old.filter((generation) => !gone.includes(generation)) },
  )
}

/**
 * Begins a build, or goes on with the one of this definition. It answers once every replica writes to it:
 * none trusts what it knows for
 * longer than `freshFor`, so who does not know of the build yet is writing events that were stored before
 * now, and the scan will find them.
 */
export const beginBuild = async (
  rest: Rest,
  lives: Lives,
  entity: string,
  definition: string,
): Promise<Build | undefined> => {
  for (;;) {
    const before = await lives.reload(entity)
    if (before === undefined) return undefined
    if (before.building?.definition !== definition) {
      const generation = Math.max(before.generation, before.building?.generation ?? 0, ...before.old) + 1
      // Before it is registered: a replica that sees it writes to it at once.
      await ensureTable(rest, entity, generation, before.columns)
      await lives.change(entity, (now) => {
        if (now?.revision !== before.revision || now.building?.generation !== before.building?.generation)
          return undefined
        return {
          ...now,
          building: { generation, definition, events: 0 },
          old: now.building === undefined ? now.old : [...now.old, now.building.generation],
        }
      })
      const after = await lives.reload(entity)
      if (after?.building?.definition !== definition) continue
    }
    await pause(lives.freshFor)
    await dropOld(rest, lives, entity)
    const live = await lives.reload(entity)
    if (live?.building?.definition === definition) return live.building
  }
}

export const advanceBuild = async (lives: Lives, entity: string, build: Build): Promise<void> => {
  await lives.change(entity, (live) =>
    live?.building?.generation === build.generation ? { ...live, building: build } : undefined,
  )
}

/**
 * The build serves from now on: the registry says so first, then one view is replaced. Until that is done
 * replicas see that it is not, and do it.
 */
export const swapBuild = async (
  rest: Rest,
  lives: Lives,
  entity: string,
  generation: number,
): Promise<boolean> => {
  let swapped = false
  await lives.change(entity, (live) => {
    swapped = live?.building?.generation === generation
    if (live === undefined || !swapped) return undefined
    const { building: _, ...rest } = live
    return { ...rest, generation, old: [...live.old, live.generation], revision: live.revision + 1 }
  })
  if (swapped) await makeObjects(rest, lives, entity)
  return swapped
}
