// The embedded driver: one folder with SQLite for truth and DuckDB for SQL; nothing to install, nothing to run.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import type { Infra } from '../../model/errors.ts'
import { unavailable } from '../../model/errors.ts'
import type { Driver, Ports } from '../../ports/driver.ts'
import type { QueryEngineError } from '../../ports/query-engine.ts'
import type { DuckDb } from './duckdb.ts'
import { eventStore } from './event-store.ts'
import { openHandle, type Handle } from './handles.ts'
import { leases, type Lease } from './lease.ts'
import { queryEngine, type Replica } from './query-engine.ts'
import { queryEngineLease } from './tables.ts'
import { topic } from './topic.ts'
import { viewStore } from './view-store.ts'

export interface EmbeddedOptions {
  /** Where the data lives; made where it is not there. `:memory:` keeps nothing. */
  readonly folder: string
  /** DuckDB's memory limit. */
  readonly memory?: string
}

// One opening a pipeline, however many of its consumers ask at once.
const replicaOf = (handle: Handle, lease: Lease): Replica => {
  let mine: Promise<E.Either<QueryEngineError, DuckDb>> | undefined
  return {
    open: async () => {
      mine ??= handle.takeDuckDb()
      const opened = await mine
      if (opened._tag === 'Left') mine = undefined
      return opened
    },
    opened: handle.duckDb,
    owner: () => lease.holderOf(queryEngineLease)?.owner,
    release: () => {
      if (mine !== undefined) handle.leaveDuckDb()
      mine = undefined
    },
  }
}

const portsOf = (handle: Handle): Ports => {
  const { sqlite } = handle
  const lease = leases(sqlite)
  const replica = replicaOf(handle, lease)
  return {
    eventStore: eventStore(sqlite),
    topic: topic(sqlite, lease, handle.wake, (name) => { if (name === queryEngineLease) replica.release() }),
    viewStore: viewStore(sqlite),
    queryEngine: queryEngine(replica),
    close: async () => {
      replica.release()
      await lease.releaseAll()
      handle.leave()
    },
  }
}

/** A pipeline in one folder: `embedded({ folder: './data' })`. */
export const embedded = ({ folder, memory = '256MB' }: EmbeddedOptions): Driver => ({
  name: 'embedded',
  open: (): TaskEither<Infra, Ports> => pipe(
    openHandle(folder, memory),
    TE.mapLeft((error): Infra => (error._tag === 'Contention' ? unavailable(`open ${folder}`, error.message, error) : error)),
    TE.map(portsOf),
  ),
})
