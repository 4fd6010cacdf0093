// A flaky topic: deliveries that come twice, in another order, in pieces with gaps, and after a lost
// acknowledgement again.
import { E, type TaskEither } from '../fp.ts'
import { unavailable } from '../model/errors.ts'
import type { StoredEvent } from '../model/event.ts'
import type { Delivery, Handler, Subscription, Topic, TopicError } from '../ports/topic.ts'
import { faulty, type Injected, type Random, type Storm } from './flaky-storm.ts'
import { pause } from '../waiting.ts'

/** What can happen to a delivery; probabilities from 0 to 1. */
export interface DeliveryFaults {
  /** Some of its events come a second time. */
  readonly duplicate: number
  /**
   * Its events come in another order, those of one entity too; only where the subscription keeps no position
   * itself.
   */
  readonly reorder: number
  /**
   * Some of its events are held back and come in a later delivery, behind events that they precede; only
   * where the subscription keeps no position itself.
   */
  readonly withhold: number
  /** It is handled, and comes again. */
  readonly redeliver: number
}

const shuffled = (events: readonly StoredEvent[], random: Random): readonly StoredEvent[] => {
  const all = [...events]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [all[i] as StoredEvent, all[j] as StoredEvent]
    all[i] = b
    all[j] = a
  }
  return all
}

const sample = (events: readonly StoredEvent[], random: Random): readonly StoredEvent[] =>
  events.filter(() => random() < 0.3)

/**
 * What a delivery becomes: pieces, handed on one after the other. The last one carries the position, where it
 * is still true.
 */
const piecesOf = (
  delivery: Delivery,
  keepsPosition: boolean,
  faults: DeliveryFaults,
  random: Random,
  tell: (fault: Injected['fault']) => void,
): readonly Delivery[] => {
  const { events } = delivery
  const drawn = {
    duplicate: random() < faults.duplicate,
    reorder: random() < faults.reorder,
    withhold: random() < faults.withhold,
    redeliver: random() < faults.redeliver,
  }
  const happens = (fault: keyof DeliveryFaults, may = true): boolean => {
    if (drawn[fault] && may) tell(fault)
    return drawn[fault] && may
  }
  const again = happens('duplicate') ? sample(events, random) : []
  if (keepsPosition) {
    // Its position stands behind all events of a delivery, so these stay whole and in order; what comes twice
    // comes ahead, without one.
    const ahead: readonly Delivery[] = again.length === 0 ? [] : [{ events: again }]
    return [...ahead, delivery, ...(happens('redeliver') ? [{ events }] : [])]
  }
  const mixed = happens('reorder', events.length > 1)
    ? shuffled([...events, ...again], random)
    : [...events, ...again]
  const held = happens('withhold', events.length > 1)
    ? new Set(sample(events, random))
    : new Set<StoredEvent>()
  const now = mixed.filter((event) => !held.has(event))
  const later = mixed.filter((event) => held.has(event))
  const whole = again.length === 0 && mixed.length === events.length && later.length === 0 && !drawn.reorder
  const pieces: readonly Delivery[] = whole
    ? [delivery]
    : [now, later].filter((piece) => piece.length > 0).map((piece) => ({ events: piece }))
  return happens('redeliver') ? [...pieces, { events: mixed }] : pieces
}

// A delivery is acknowledged once all its pieces are: what was held back is never lost, not even in a crash.
const flakyHandler = (
  storm: Storm,
  faults: DeliveryFaults,
  { name, entity, position }: Subscription,
  handler: Handler,
): Handler => {
  const verb = `topic.deliver ${name}/${entity}`
  const random = storm.random(verb)
  const { before, after, delay } = storm.faultsOf('topic.deliver')
  let calls = 0
  return (delivery): TaskEither<TopicError, void> =>
    async () => {
      const call = ++calls
      if (storm.isOver()) return handler(delivery)()
      const tell = (fault: Injected['fault']): void => storm.tell(verb, call, fault)
      const ofFailure = random()
      if (random() < delay) {
        tell('delay')
        await pause(random() * storm.longest)
      }
      if (ofFailure < before) {
        tell('before')
        return E.left(unavailable(verb, `flaky: delivery ${call} did not arrive`))
      }
      for (const piece of piecesOf(delivery, position !== undefined, faults, random, tell)) {
        const handled = await handler(piece)()
        if (handled._tag === 'Left') return handled
      }
      if (ofFailure >= before + after) return E.right(undefined)
      tell('after')
      return E.left(unavailable(verb, `flaky: the acknowledgement of delivery ${call} was lost`))
    }
}

export const flakyTopic = (storm: Storm, faults: DeliveryFaults, topic: Topic): Topic => {
  const at = faulty(storm)
  return {
    ...topic,
    publish: at('topic.publish', topic.publish),
    register: at('topic.register', topic.register),
    subscribe: (subscription, handler, events) =>
      topic.subscribe(subscription, flakyHandler(storm, faults, subscription, handler), events),
    deferrals: {
      ...topic.deferrals,
      put: at('topic.deferrals.put', topic.deferrals.put),
      done: at('topic.deferrals.done', topic.deferrals.done),
    },
    deadLetters: {
      ...topic.deadLetters,
      put: at('topic.deadLetters.put', topic.deadLetters.put),
      remove: at('topic.deadLetters.remove', topic.deadLetters.remove),
    },
  }
}
