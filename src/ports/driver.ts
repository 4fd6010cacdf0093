// A driver: the ports fulfilled on one technology.
import type { TaskEither } from '../fp.ts'
import type { Infra } from '../model/errors.ts'
import type { EventStore } from './event-store.ts'
import type { QueryEngine } from './query-engine.ts'
import type { Topic } from './topic.ts'
import type { ViewStore } from './view-store.ts'

/** The ports of one open connection. */
export interface Ports {
  readonly eventStore: EventStore
  readonly topic: Topic
  readonly viewStore: ViewStore
  readonly queryEngine: QueryEngine
  /** Lets go of everything: connections, leases, files. */
  readonly close: () => Promise<void>
}

export interface Driver {
  readonly name: string
  /** Connects; called once per pipeline, on its first use. */
  readonly open: () => TaskEither<Infra, Ports>
}
