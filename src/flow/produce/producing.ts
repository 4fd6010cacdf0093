// What a run of a producer works with.
import type { Ports } from '../../ports/driver.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { Observe } from '../signal.ts'

export interface Producing {
  readonly ports: Ports
  readonly receiver: Receiver
  readonly observe: Observe
  /** Aborted when the pipeline closes. */
  readonly closing: AbortSignal
}
