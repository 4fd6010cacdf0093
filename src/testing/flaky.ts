// A chaos driver: any driver, made to fail, delay, repeat and reorder as its ports' laws allow, from a seed.
import { pipe, TE } from '../fp.ts'
import type { Driver, Ports } from '../ports/driver.ts'
import { faulty, randomOf, type CallFaults, type Injected, type Storm } from './flaky-storm.ts'
import { flakyTopic, type DeliveryFaults } from './flaky-topic.ts'

/** The verbs that fail: those that write, and the handing over of a delivery. */
export type FlakyVerb =
  | 'open'
  | 'eventStore.append'
  | 'eventStore.published'
  | 'eventStore.saveSchema'
  | 'topic.publish'
  | 'topic.register'
  | 'topic.deliver'
  | 'topic.deferrals.put'
  | 'topic.deferrals.done'
  | 'topic.deadLetters.put'
  | 'topic.deadLetters.remove'
  | 'viewStore.prepare'
  | 'viewStore.put'
  | 'viewStore.mend'
  | 'viewStore.remove'
  | 'viewStore.generations.begin'
  | 'viewStore.generations.advance'
  | 'viewStore.generations.swap'
  | 'queryEngine.evolve'
  | 'queryEngine.append'
  | 'queryEngine.fill'
  | 'checkpointStore.save'
  | 'checkpointStore.quarantine.put'
  | 'checkpointStore.quarantine.remove'
  | 'queryEngine.generations.begin'
  | 'queryEngine.generations.advance'
  | 'queryEngine.generations.swap'

/** How often, where and for how long a flaky driver fails; shares are between 0 and 1. */
export interface FlakyOptions {
  /**
   * The same seed gives the n-th call of a verb the same fate; 1 unless said. (What runs side by side may
   * still come in another order.)
   */
  readonly seed?: number
  /** What happens to every verb; unless said, 5 % fail before, 5 % after, and 10 % are delayed. */
  readonly calls?: Partial<CallFaults>
  /** What happens to single verbs instead. */
  readonly verbs?: { readonly [verb in FlakyVerb]?: Partial<CallFaults> }
  /** What happens to deliveries that arrive; unless said, each fault to 20 % of them. */
  readonly deliveries?: Partial<DeliveryFaults>
  /** Milliseconds that a delay lasts at most; 20 unless said. */
  readonly longest?: number
  /** Told of every fault. */
  readonly onFault?: (fault: Injected) => void
}

/** A driver that fails until it is calm. */
export interface FlakyDriver extends Driver {
  /** Ends the faults, on every connection: what is left can be waited for and proved. */
  readonly calm: () => void
  /** How many faults there were so far, by `verb fault`. */
  readonly injected: () => { readonly [fault: string]: number }
}

const usual: CallFaults = { before: 0.05, after: 0.05, delay: 0.1 }
const usually: DeliveryFaults = { duplicate: 0.2, reorder: 0.2, withhold: 0.2, redeliver: 0.2 }

const flakyPorts = (
  storm: Storm,
  deliveries: DeliveryFaults,
  { eventStore, topic, viewStore, queryEngine, checkpointStore, ...rest }: Ports,
): Ports => {
  const at = faulty(storm)
  return {
    ...rest,
    checkpointStore: {
      ...checkpointStore,
      save: at('checkpointStore.save', checkpointStore.save),
      quarantine: {
        ...checkpointStore.quarantine,
        put: at('checkpointStore.quarantine.put', checkpointStore.quarantine.put),
        remove: at('checkpointStore.quarantine.remove', checkpointStore.quarantine.remove),
      },
    },
    eventStore: {
      ...eventStore,
      append: at('eventStore.append', eventStore.append),
      published: at('eventStore.published', eventStore.published),
      saveSchema: at('eventStore.saveSchema', eventStore.saveSchema),
    },
    topic: flakyTopic(storm, deliveries, topic),
    viewStore: {
      ...viewStore,
      prepare: at('viewStore.prepare', viewStore.prepare),
      put: at('viewStore.put', viewStore.put),
      mend: at('viewStore.mend', viewStore.mend),
      remove: at('viewStore.remove', viewStore.remove),
      generations: {
        ...viewStore.generations,
        begin: at('viewStore.generations.begin', viewStore.generations.begin),
        advance: at('viewStore.generations.advance', viewStore.generations.advance),
        swap: at('viewStore.generations.swap', viewStore.generations.swap),
      },
    },
    queryEngine: {
      ...queryEngine,
      evolve: at('queryEngine.evolve', queryEngine.evolve),
      append: at('queryEngine.append', queryEngine.append),
      fill: at('queryEngine.fill', queryEngine.fill),
      generations: {
        ...queryEngine.generations,
        begin: at('queryEngine.generations.begin', queryEngine.generations.begin),
        advance: at('queryEngine.generations.advance', queryEngine.generations.advance),
        swap: at('queryEngine.generations.swap', queryEngine.generations.swap),
      },
    },
  }
}

/**
 * Wraps any driver so that its write verbs fail with `Unavailable` (before the real call, or after it: a lost
 * acknowledgement), take
 * their time, and its deliveries come twice, in another order, with gaps that are filled later, and again
 * although they were handled.
 * Nothing that the ports' laws forbid: a delivery is acknowledged only once all of it was, positions stay
 * true, reads tell the truth.
 *
 *     const driver = flaky(embedded({ folder: ':memory:' }), { seed: 7, calls: { after: 0.2 } })
 *     const pipeline = createPipeline([Lead], { driver })
 *     …                                             // submit, and try again what fails with `retry`
 *     driver.calm()
 *     await pipeline.settled()
 *     await pipeline.verify(Lead)                   // all zero
 */
export const flaky = (
  driver: Driver,
  { seed = 1, calls = {}, verbs = {}, deliveries = {}, longest = 20, onFault }: FlakyOptions = {},
): FlakyDriver => {
  const counts: { [fault: string]: number } = {}
  let over = false
  const storm: Storm = {
    longest,
    isOver: () => over,
    random: (verb) => randomOf(seed, verb),
    faultsOf: (verb) => ({ ...usual, ...calls, ...verbs[verb as FlakyVerb] }),
    tell: (verb, call, fault) => {
      counts[`${verb} ${fault}`] = (counts[`${verb} ${fault}`] ?? 0) + 1
      onFault?.({ verb, call, fault })
    },
  }
  // A lost answer to `open` would leave a connection that nobody closes: it fails only before.
  const { before, delay } = storm.faultsOf('open')
  const opening = faulty({ ...storm, faultsOf: () => ({ before, after: 0, delay }) })('open', driver.open)
  return {
    name: `flaky ${driver.name}`,
    open: () =>
      pipe(
        opening(),
        TE.map((ports) => flakyPorts(storm, { ...usually, ...deliveries }, ports)),
      ),
    calm: () => {
      over = true
    },
    injected: () => ({ ...counts }),
  }
}
