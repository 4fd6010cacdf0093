// What a pipeline tells whoever watches it: one tagged union, and what happens when nobody does.
import type { DreampipeError, SchemaConflict } from '../model/errors.ts'
import type { DeadLetter } from '../ports/topic.ts'
import type { RunReport } from '../model/run.ts'

/** One thing that happened behind the scenes. */
export type Signal =
  /**
   * A subscription's delivery failed and is tried again after a pause; everything waits in its place
   * meanwhile.
   */
  | {
      readonly _tag: 'retrying'
      readonly subscription: string
      readonly entity: string
      readonly attempt: number
      readonly error: DreampipeError
    }
  /** One entity's events wait after a failure; the others go on. */
  | {
      readonly _tag: 'deferred'
      readonly subscription: string
      readonly entity: string
      readonly entityId: string
      readonly sequence: number
      readonly attempt: number
      readonly reason: string
    }
  /** Something failed for good and is a dead letter now. */
  | { readonly _tag: 'parked'; readonly letter: DeadLetter }
  /** Stored events could not be published yet; they will be. */
  | { readonly _tag: 'unpublished'; readonly entity: string; readonly error: DreampipeError }
  /** A subscription could not be registered; it is tried again. */
  | {
      readonly _tag: 'unregistered'
      readonly subscription: string
      readonly entity: string
      readonly error: DreampipeError
    }

  /** An entity's definition contradicts the stored one: this projection of it does not run here. */
  | {
      readonly _tag: 'conflict'
      readonly entity: string
      readonly projection: 'views' | 'query-engine'
      readonly error: SchemaConflict
    }
  /** A subscription has been behind for more than a minute; told once, until it has caught up. */
  | {
      readonly _tag: 'lagging'
      readonly subscription: string
      readonly entity: string
      readonly events: number
      readonly milliseconds: number
    }
  /** A producer's run ended; scheduled ones as well. */
  | {
      readonly _tag: 'ran'
      readonly producer: string
      readonly report?: RunReport
      readonly error?: DreampipeError
    }
  /** A producer tells something that is no error, or is tried again after a failure. */
  | {
      readonly _tag: 'producer'
      readonly producer: string
      readonly message: string
      readonly error?: DreampipeError
    }

/** Receives signals; what it throws is a process warning. */
export type Observe = (signal: Signal) => void

// The try at which a failure counts as an outage: the first ones are everyday life.
const outage = 4

/** Without an observer, outages and dead letters are process warnings. */
export const warn: Observe = (signal) => {
  if (signal._tag === 'parked') {
    const { subscription, entity, entityId, sequence, reason } = signal.letter
    process.emitWarning(`${subscription} ${entity} ${entityId} from event ${sequence}: ${reason}`, {
      type: 'DreampipeDeadLetter',
    })
  } else if (signal._tag === 'conflict') {
    process.emitWarning(`${signal.projection}: ${signal.error.message}`, { type: 'DreampipeConflict' })
  } else if (signal._tag === 'retrying' && signal.attempt === outage) {
    process.emitWarning(
      `${signal.subscription} ${signal.entity} keeps failing and keeps trying: ${signal.error.message}`,
      { type: 'DreampipeOutage' },
    )
  } else if (
    signal._tag === 'ran' &&
    signal.error !== undefined &&
    signal.error._tag !== 'AlreadyRunning' &&
    signal.error._tag !== 'Closed'
  ) {
    process.emitWarning(`producer ${signal.producer}: ${signal.error.message}`, { type: 'DreampipeRun' })
  } else if (signal._tag === 'unregistered') {
    process.emitWarning(
      `${signal.subscription} ${signal.entity} is not registered yet: ${signal.error.message}`,
      { type: 'DreampipeOutage' },
    )
  }
}

/** An observer that cannot harm the pipeline by throwing. */
export const harmless =
  (observe: Observe): Observe =>
  (signal) => {
    try {
      observe(signal)
    } catch (thrown) {
      process.emitWarning(`an observer threw: ${String(thrown)}`, { type: 'DreampipeObserver' })
    }
  }
