// Turns before the commit: updates with transformers are looked up many at once, then transformed, per entity
// in order.
import type { E } from '../../fp.ts'
import { candidateOf } from '../../model/admit.ts'
import type { Candidate } from '../../model/candidate.ts'
import type { SubmitError } from '../../model/errors.ts'
import type { Pending, Receiving } from './pending.ts'
import { isTransformed, newTransformQueue, transform } from './transform.ts'
import { turn } from '../../waiting.ts'

/** Updates looked up in one call. */
const lookupSize = 500

export interface Turns {
  readonly take: (pending: Pending) => void
  readonly isBusy: () => boolean
  readonly idle: () => Promise<void>
}

// Which of these updates the event store knows; those that transformers have no part in need no look.
const known = async (
  receiving: Receiving,
  batch: readonly Pending[],
): Promise<E.Either<SubmitError, ReadonlySet<Pending>>> => {
  const asked: Pending[] = []
  const candidates: Candidate[] = []
  for (const pending of batch) {
    if (!isTransformed(pending.admitted)) continue
    const loaded = await receiving.schemas.load(pending.admitted.definition)()
    if (loaded._tag === 'Left') return loaded
    const candidate = candidateOf(pending.admitted, loaded.right.schema)
    if (candidate._tag === 'Left') continue
    asked.push(pending)
    candidates.push(candidate.right)
  }
  const found = await receiving.ports.eventStore.lookup(candidates)()
  return found._tag === 'Left'
    ? found
    : { _tag: 'Right', right: new Set(asked.filter((_, i) => found.right[i] === true)) }
}

/** `forward` takes what is ready to be committed, in each entity's order. */
export const turns = (
  connect: () => Promise<E.Either<SubmitError, Receiving>>,
  forward: (pending: Pending) => void,
): Turns => {
  const queue = newTransformQueue()
  // Updates of an entity from here to their result.
  const inFlight = new Map<string, number>()
  // The end of each entity's turn.
  const ends = new Map<string, Promise<void>>()
  let waiting: Pending[] = []
  let looking: Promise<void> | undefined

  const run = async (receiving: Receiving, pending: Pending, isKnown: boolean): Promise<void> => {
    if (!isTransformed(pending.admitted)) return forward(pending)
    if (isKnown) return forward({ ...pending, untransformed: true })
    const enriched = await transform(queue, receiving, pending.admitted)
    if (enriched._tag === 'Left') pending.done(enriched)
    else forward({ ...pending, enriched: enriched.right })
  }
  const enter = (receiving: Receiving, pending: Pending, isKnown: boolean): void => {
    const { entityId } = pending.admitted
    const end = (ends.get(entityId) ?? Promise.resolve()).then(() => run(receiving, pending, isKnown))
    ends.set(entityId, end)
    void end.then(() => {
      if (ends.get(entityId) === end) ends.delete(entityId)
    })
  }
  const look = async (): Promise<void> => {
    while (waiting.length > 0) {
      await turn()
      const connected = await connect()
      const batch = waiting.slice(0, lookupSize)
      waiting = waiting.slice(lookupSize)
      const found = connected._tag === 'Left' ? connected : await known(connected.right, batch)
      if (connected._tag === 'Left' || found._tag === 'Left')
        for (const { done } of batch) done(found as E.Left<SubmitError>)
      else
        for (const pending of batch)
          enter(connected.right, pending, found.right.has(pending) && isFinal(pending))
    }
    looking = undefined
  }
  const counted = (pending: Pending): Pending => {
    const { entityId } = pending.admitted
    inFlight.set(entityId, (inFlight.get(entityId) ?? 0) + 1)
    return {
      ...pending,
      done: (result) => {
        const left = (inFlight.get(entityId) ?? 1) - 1
        if (left === 0) inFlight.delete(entityId)
        else inFlight.set(entityId, left)
        pending.done(result)
      },
    }
  }
  // In `history` what is known stays known. In `latest` an update still on its way could make it new again:
  // then it is transformed.
  const isFinal = ({ admitted: { definition, entityId } }: Pending): boolean =>
    definition.by === 'history' || inFlight.get(entityId) === 1

  return {
    take: (pending) => {
      waiting.push(counted(pending))
      looking ??= look()
    },
    isBusy: () => looking !== undefined || ends.size > 0,
    idle: async () => {
      while (looking !== undefined || ends.size > 0) await (looking ?? Promise.all(ends.values()))
    },
  }
}
