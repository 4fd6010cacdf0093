// settled: waits until both projections hold what was stored; by the log's own positions where the topic is a
// log, by looking for the events themselves elsewhere.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Contention, Infra, ReadError } from '../../model/errors.ts'
import type { Receipt } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Schemas } from '../schemas.ts'
import type { Recent } from './recent.ts'
import { settledByLog, type IsRunning } from './settled-by-log.ts'
import { settledByStores } from './settled-by-stores.ts'

/** What waiting needs to know of the pipeline. */
export interface Settling {
  readonly definitions: readonly Definition[]
  readonly isRunning: IsRunning
  readonly recent: Recent
}

// What nobody projects here, because its definition contradicts the stored one, is not waited for.
const withoutConflicts = async (
  schemas: Schemas,
  definitions: readonly Definition[],
): Promise<E.Either<Infra | Contention, readonly Definition[]>> => {
  const sound: Definition[] = []
  for (const definition of definitions) {
    const loaded = await schemas.load(definition)()
    if (loaded._tag === 'Right') sound.push(definition)
    else if (loaded.left._tag !== 'SchemaConflict') return E.left(loaded.left)
  }
  return E.right(sound)
}

/** `timeout` in milliseconds, 30,000 unless said. */
export const settled =
  (
    ports: Ports,
    schemas: Schemas,
    { definitions: all, isRunning, recent }: Settling,
    receipt: Receipt | undefined,
    { timeout = 30_000 }: { readonly timeout?: number } = {},
  ): TaskEither<ReadError | Contention, void> =>
  async () => {
    const definitions = await withoutConflicts(schemas, all)
    if (definitions._tag === 'Left') return definitions
    return ports.topic.isLog
      ? settledByLog({ ports, definitions: definitions.right, isRunning }, receipt, timeout)()
      : settledByStores(ports, definitions.right, recent, receipt, timeout)()
  }
