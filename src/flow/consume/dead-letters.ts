// Dead letters: listed, tried again, or dropped by a person.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import type { Ports } from '../../ports/driver.ts'
import type { DeadLetter, Deferral } from '../../ports/topic.ts'
import { readEvent } from '../events/read.ts'

type LetterTask<A> = TaskEither<Infra | Contention, A>

const most = 1_000

/** A dead letter with the identifier of its entity, where its event can be read (an erased one cannot). */
export interface Letter extends DeadLetter {
  readonly identifier?: { readonly [property: string]: unknown }
}

// Events asked for side by side.
const together = 50

const identified = async (
  { eventStore }: Ports,
  definitions: ReadonlyMap<string, Definition>,
  letter: DeadLetter,
): Promise<E.Either<Infra | Contention, Letter>> => {
  const definition = definitions.get(letter.entity)
  if (definition === undefined) return E.right(letter)
  const { entity, entityId, sequence } = letter
  const found = await eventStore.history(entity, entityId, { after: sequence - 1, limit: 1 })()
  if (found._tag === 'Left') return found
  const [event] = found.right
  const read = event === undefined ? undefined : readEvent('deadLetters', definition, event)
  return E.right(
    read?._tag === 'Right' && read.right !== undefined
      ? { ...letter, identifier: read.right.identifier }
      : letter,
  )
}

/** The same as `list`, each letter with its entity's identifier. */
export const listIdentified =
  (
    ports: Ports,
    definitions: ReadonlyMap<string, Definition>,
    filter: { readonly entity?: string },
  ): LetterTask<readonly Letter[]> =>
  async () => {
    const letters = await list(ports, filter)()
    if (letters._tag === 'Left') return letters
    const all: Letter[] = []
    for (let at = 0; at < letters.right.length; at += together) {
      const some = letters.right.slice(at, at + together)
      for (const one of await Promise.all(some.map((letter) => identified(ports, definitions, letter)))) {
        if (one._tag === 'Left') return one
        all.push(one.right)
      }
    }
    return E.right(all)
  }

/** Dead letters, oldest first; at most a thousand at once. */
export const list = (
  { topic }: Ports,
  filter: { readonly entity?: string; readonly subscription?: string },
): LetterTask<readonly DeadLetter[]> => topic.deadLetters.list(filter, most)

// From the letter's event on for a parked entity; the one event otherwise.
const deferralOf = ({ subscription, entity, entityId, sequence }: DeadLetter): Deferral => ({
  subscription,
  entity,
  entityId,
  from: sequence,
  through: sequence,
  attempts: 0,
  nextAttempt: Date.now(),
  reason: 'tried again from the dead letters',
})

/**
 * Tries a letter again: false where it is not there any more. A parked entity resumes with all that came
 * since.
 */
export const retry =
  ({ topic }: Ports, letter: DeadLetter): LetterTask<boolean> =>
  async () => {
    const there = await topic.deadLetters.list(
      { entity: letter.entity, subscription: letter.subscription, entityId: letter.entityId },
      most,
    )()
    if (there._tag === 'Left') return there
    if (
      !there.right.some(
        ({ entityId, sequence }) => entityId === letter.entityId && sequence === letter.sequence,
      )
    )
      return E.right(false)
    // Deferred first: a kill in between leaves both, and both lead to the same try.
    const put = await topic.deferrals.put(deferralOf(letter))()
    return put._tag === 'Left' ? put : topic.deadLetters.remove(letter)()
  }

/** Passes over a letter: the event is not handled; a parked entity resumes with its next event. */
export const drop =
  (ports: Ports, letter: DeadLetter): LetterTask<boolean> =>
  async () => {
    const { topic } = ports
    if (letter.gated) {
      const put = await topic.deferrals.put({ ...deferralOf(letter), from: letter.sequence + 1 })()
      if (put._tag === 'Left') return put
    }
    return topic.deadLetters.remove(letter)()
  }
