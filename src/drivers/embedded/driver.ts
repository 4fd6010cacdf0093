// The embedded driver: one folder with SQLite for truth and DuckDB for SQL; nothing to install, nothing to
// run.
import { E, pipe, TE, type TaskEither } from '../../fp.ts'
import type { Infra } from '../../model/errors.ts'
import { invalidOption, unavailable } from '../../model/errors.ts'
import type { Driver, Ports } from '../../ports/driver.ts'
import type { QueryEngineError } from '../../ports/query-engine.ts'
import { checkOptions } from '../../model/options.ts'
import { checkpointStore } from './checkpoint-store.ts'
import type { DuckDb } from './duckdb/client.ts'
import { isClosing } from './duckdb/errors.ts'
import { eventStore } from './event-store.ts'
import { openHandle, type Handle } from './handles.ts'
import { leases, type Lease } from './sqlite/lease.ts'
import { queryEngine, type Replica } from './query-engine.ts'
import { queryEngineLease } from './sqlite/tables.ts'
import { topic } from './topic.ts'
import { viewStore } from './view-store.ts'

/** Where an embedded pipeline lives, and how much memory its query engine may take. */
export interface EmbeddedOptions {
  /** Where the data lives; made where it is not there. `:memory:` keeps nothing. */
  readonly folder: string
  /**
   * DuckDB's memory limit (`512MB`); without one it is 64MB, 128MB once it is asked anything or an entity has
   * more than 100 columns (`:memory:` always), and 1GB beyond 500 columns.
   */
  readonly memory?: string
}

// One opening a pipeline, however many of its consumers ask at once.
const replicaOf = (handle: Handle, lease: Lease): Replica & { readonly close: () => Promise<void> } => {
  let mine: Promise<E.Either<QueryEngineError, DuckDb>> | undefined
  let over = false
  const release = async (): Promise<void> => {
    const taken = mine
    mine = undefined
    if (taken !== undefined && (await taken)._tag === 'Right') await handle.leaveDuckDb()
  }
  return {
    open: async () => {
      // Nobody would let go of a file that is opened behind the closing.
      if (over) return E.left(isClosing())
      const taking = (mine ??= handle.takeDuckDb())
      const opened = await taking
      if (opened._tag === 'Left' && mine === taking) mine = undefined
      return opened
    },
    opened: handle.duckDb,
    owner: handle.sqlite.read('sql', () => lease.holderOf(queryEngineLease)?.owner),
    release,
    close: () => {
      over = true
      return release()
    },
  }
}

const portsOf = (handle: Handle): Ports => {
  const { sqlite } = handle
  const lease = leases(sqlite)
  const replica = replicaOf(handle, lease)
  // Once: a second close would let go of what others in this process have open.
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await replica.close()
    await lease.releaseAll()
    handle.leave()
  }
  return {
    eventStore: eventStore(sqlite),
    topic: topic(sqlite, lease, handle.wake, (name) => {
      if (name === queryEngineLease) void replica.release()
    }),
    viewStore: viewStore(sqlite),
    queryEngine: queryEngine(replica),
    checkpointStore: checkpointStore(sqlite, lease),
    close: () => (closing ??= close()),
  }
}

/**
 * A driver in one folder: SQLite for truth, DuckDB for SQL.
 * @example
 * import { createPipeline, entity, y } from 'dreampipe'
 * import { embedded } from 'dreampipe/embedded'
 *
 * const Note = entity('Note', {
 *   properties: { id: y.string(), at: y.dateTime() },
 *   identifier: ['id'],
 *   timestamp: 'at',
 * })
 * createPipeline([Note], { driver: embedded({ folder: './data', memory: '256MB' }) })
 * createPipeline([Note], { driver: embedded({ folder: ':memory:' }) }) // for tests
 */
export const embedded = (options: EmbeddedOptions): Driver => {
  checkOptions('embedded', options ?? null)
  const { folder, memory } = options
  if (typeof folder !== 'string' || folder === '')
    throw invalidOption('embedded', 'folder', "names a folder: embedded({ folder: './data' })")
  return {
    name: 'embedded',
    open: (): TaskEither<Infra, Ports> =>
      pipe(
        openHandle(folder, memory),
        TE.mapLeft((error): Infra =>
          error._tag === 'Contention' ? unavailable(`open ${folder}`, error.message, error) : error,
        ),
        TE.map(portsOf),
      ),
  }
}
