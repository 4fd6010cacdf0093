// What subscriptions put aside: deferrals that will be tried again, dead letters that wait for a person.
import type { DeadLetter, DeadLetters, Deferral, Deferrals } from 'dreampipe/driver'
import { TE } from 'dreampipe/fp'

interface Aside {
  readonly deferrals: Deferrals
  readonly deadLetters: DeadLetters
}

type Entity = Pick<Deferral, 'subscription' | 'entity' | 'entityId'>

const keyOf = ({ subscription, entity, entityId }: Entity, sequence?: number): string =>
  JSON.stringify([subscription, entity, entityId, sequence])

const countOf = (all: Map<string, Entity>, subscription: string, entity: string): number =>
  [...all.values()].filter((each) => each.subscription === subscription && each.entity === entity).length

const ageOf = ({ parkedAt, entityId, sequence }: DeadLetter): string =>
  `${parkedAt} ${entityId} ${String(sequence).padStart(12, '0')}`

export const newAside = (): Aside => {
  const waiting = new Map<string, Deferral>()
  const letters = new Map<string, DeadLetter>()

  const deferrals: Deferrals = {
    of: (subscription, entity, entityIds) =>
      TE.fromIO(() => {
        const ids = new Set(entityIds)
        const isAsked = (each: Entity): boolean =>
          each.subscription === subscription && each.entity === entity && ids.has(each.entityId)
        return {
          deferrals: [...waiting.values()].filter(isAsked),
          parked: [...letters.values()].filter((letter) => letter.gated && isAsked(letter)),
        }
      }),
    put: (deferral) =>
      TE.fromIO(() => {
        const { from, through } = waiting.get(keyOf(deferral)) ?? deferral
        const both = { from: Math.min(from, deferral.from), through: Math.max(through, deferral.through) }
        waiting.set(keyOf(deferral), { ...deferral, ...both })
      }),
    due: (subscription, entity, now, limit) =>
      TE.fromIO(() =>
        [...waiting.values()]
          .filter((each) => each.subscription === subscription && each.entity === entity)
          .filter(({ nextAttempt }) => nextAttempt <= now)
          .toSorted((a, b) => a.nextAttempt - b.nextAttempt)
          .slice(0, limit),
      ),
    done: (deferral, through) =>
      TE.fromIO(() => {
        const there = waiting.get(keyOf(deferral))
        if (there === undefined || there.through <= through) return waiting.delete(keyOf(deferral))
        waiting.set(keyOf(deferral), { ...there, from: Math.max(there.from, through + 1) })
        return false
      }),
    count: (subscription, entity) => TE.fromIO(() => countOf(waiting, subscription, entity)),
  }

  const deadLetters: DeadLetters = {
    // A gated letter is kept under its entity alone: there is one, the first.
    put: (letter) =>
      TE.fromIO(() => {
        const key = keyOf(letter, letter.gated ? undefined : letter.sequence)
        if (!letters.has(key)) letters.set(key, letter)
      }),
    list: ({ entity, subscription, entityId }, limit) =>
      TE.fromIO(() =>
        [...letters.values()]
          .filter((each) => (entity ?? each.entity) === each.entity)
          .filter((each) => (subscription ?? each.subscription) === each.subscription)
          .filter((each) => (entityId ?? each.entityId) === each.entityId)
          .toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
          .slice(0, limit),
      ),
    remove: (letter) =>
      TE.fromIO(() => {
        const key = keyOf(letter, letter.gated ? undefined : letter.sequence)
        return letters.get(key)?.sequence === letter.sequence && letters.delete(key)
      }),
    count: (subscription, entity) => TE.fromIO(() => countOf(letters, subscription, entity)),
  }

  return { deferrals, deadLetters }
}
