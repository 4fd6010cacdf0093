// settled: waits until both projections hold what was stored; by the log's own positions where the topic is a
// log, by looking for the events themselves elsewhere.
import type { TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Contention, ReadError } from '../../model/errors.ts'
import type { Receipt } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Recent } from './recent.ts'
import { settledByLog, type IsRunning } from './settled-by-log.ts'
import { settledByStores } from './settled-by-stores.ts'

/** What waiting needs to know of the pipeline. */
export interface Settling {
  readonly definitions: readonly Definition[]
  readonly isRunning: IsRunning
  readonly recent: Recent
}

/** `timeout` in milliseconds, 30,000 unless said. */
export const settled = (
  ports: Ports,
  { definitions, isRunning, recent }: Settling,
  receipt: Receipt | undefined,
  { timeout = 30_000 }: { readonly timeout?: number } = {},
): TaskEither<ReadError | Contention, void> =>
  ports.topic.isLog
    ? settledByLog({ ports, definitions, isRunning }, receipt, timeout)
    : settledByStores(ports, definitions, recent, receipt, timeout)
