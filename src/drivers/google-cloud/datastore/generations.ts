// Generations of an entity's views on Datastore: a namespace each; which one serves and which is being built
// stands in the registry.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import type { Build, Generations, ViewError, ViewStore } from '../../../ports/view-store.ts'
import type { Datastore } from './datastore.ts'
import { change, read } from './registry-change.ts'
import type { Registry } from './registry.ts'

/**
 * `last`: the greatest number ever given, so that a new build's namespace is empty. `old`: those whose
 * documents are yet to go.
 */
interface State extends Generations {
  readonly last: number
  readonly old: readonly number[]
}

const first: State = { active: 1, last: 1, old: [] }
const pageSize = 500

// Every document of a generation goes, found by keys only.
const drop =
  (store: Datastore, entity: string): TaskEither<ViewError, void> =>
  async () => {
    for (;;) {
      const page = await store.query(`views ${entity}`, { kind: entity, limit: pageSize, keysOnly: true })()
      if (page._tag === 'Left') return page
      const gone = await store.write(
        `views ${entity}`,
        page.right.map(({ kind, name }) => ({ remove: { kind, name } })),
      )()
      if (gone._tag === 'Left' || page.right.length < pageSize) return gone
    }
  }

export const generations = (
  registry: Registry,
  inGeneration: (generation: number) => Datastore,
): ViewStore['generations'] => {
  const nameOf = (entity: string): string => `views/${entity.toLowerCase()}`
  const begin =
    (entity: string, definition: string): TaskEither<ViewError, Build> =>
    async () => {
      const changed = await change<State>(registry, nameOf(entity), first, (now) => {
        if (now.building?.definition === definition) return now
        const generation = now.last + 1
        const old = now.building === undefined ? now.old : [...now.old, now.building.generation]
        return { active: now.active, building: { generation, definition, events: 0 }, last: generation, old }
      })()
      if (changed._tag === 'Left') return changed
      for (const generation of changed.right.old) {
        const dropped = await drop(inGeneration(generation), entity)()
        if (dropped._tag === 'Left') return dropped
        const kept = await change<State>(registry, nameOf(entity), first, (now) =>
          now.old.includes(generation) ? { ...now, old: now.old.filter((each) => each !== generation) } : now,
        )()
        if (kept._tag === 'Left') return kept
      }
      return E.right(changed.right.building as Build)
    }
  return {
    of: (entity) =>
      pipe(
        read<State>(registry, nameOf(entity), first),
        TE.map(({ active, building }) => ({ active, ...(building === undefined ? {} : { building }) })),
      ),
    begin,
    advance: (entity, build) =>
      pipe(
        change<State>(registry, nameOf(entity), first, (now) =>
          now.building?.generation === build.generation ? { ...now, building: build } : now,
        ),
        TE.map(() => undefined),
      ),
    swap: (entity, generation) => async () => {
      let swapped = false
      const changed = await change<State>(registry, nameOf(entity), first, (now) => {
        swapped = now.building?.generation === generation
        return swapped ? { active: generation, last: now.last, old: [...now.old, now.active] } : now
      })()
      return changed._tag === 'Left' ? changed : E.right(swapped)
    },
  }
}
