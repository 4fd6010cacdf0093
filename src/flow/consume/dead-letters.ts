// Dead letters: listed, tried again, or dropped by a person.
import { E, type TaskEither } from '../../fp.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import type { Ports } from '../../ports/driver.ts'
import type { DeadLetter, Deferral } from '../../ports/topic.ts'

type LetterTask<A> = TaskEither<Infra | Contention, A>

const most = 1_000

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
