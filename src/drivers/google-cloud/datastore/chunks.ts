// Cuts planned entities into commits that Datastore takes.
import type { EntityPlan } from './plan.ts'

/**
 * Mutations, bytes and entities of one commit: at most what older stacks allowed (500), well below 10 MiB
 * (and the emulator's 4 MiB), and few enough that one conflict undoes little.
 */
export const mostMutations = 500

export const mostBytes = 3_500_000

export const mostEntities = 50

/** A commit: parts of one entity kind, so that its outbox row belongs to one topic. */
export interface Chunk {
  readonly entity: string
  readonly plans: readonly EntityPlan[]
}

export const chunksOf = (plans: readonly EntityPlan[], size: number): readonly Chunk[] => {
  const chunks: Chunk[] = []
  const open = new Map<string, { plans: EntityPlan[]; mutations: number; bytes: number }>()
  for (const plan of plans) {
    const current = open.get(plan.entity)
    if (
      current !== undefined &&
      current.plans.length < Math.min(size, mostEntities) &&
      current.mutations + plan.mutations.length < mostMutations &&
      current.bytes + plan.bytes <= mostBytes
    ) {
      current.plans.push(plan)
      current.mutations += plan.mutations.length
      current.bytes += plan.bytes
      continue
    }
    const fresh = { plans: [plan], mutations: plan.mutations.length, bytes: plan.bytes }
    open.set(plan.entity, fresh)
    chunks.push({ entity: plan.entity, plans: fresh.plans })
  }
  return chunks
}
