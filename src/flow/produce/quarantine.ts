// quarantine: records that could not become updates; listed, tried again after a fix, or dropped.
import { E, type TaskEither } from '../../fp.ts'
import {
  isUpdatesFault,
  type Contention,
  type Infra,
  type RunError,
  type SubmitError,
} from '../../model/errors.ts'
import type { AnyEntity } from '../../model/entity.ts'
import { exactJson } from '../../model/json-exact.ts'
import type { Producer } from '../../model/producer.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Quarantined } from '../../ports/checkpoint-store.ts'
import { submitOne, type Receiver } from '../receive/receiver.ts'
import { changeOf, untyped, updatesOf, type AnyDefinition } from './page.ts'

const pageSize = 500

/** What a replay did: entries that are stored now, and those that stay with the reason of this try. */
export interface Replayed {
  readonly replayed: number
  readonly failed: readonly { readonly entry: Quarantined; readonly reason: string }[]
}

/** A producer's entries, at most a thousand. */
export const list = (
  { checkpointStore }: Ports,
  producer: string,
): TaskEither<Infra | Contention, readonly Quarantined[]> =>
  checkpointStore.quarantine.list(producer, undefined, 1_000)

export const drop = (
  { checkpointStore }: Ports,
  { producer, id }: Quarantined,
): TaskEither<Infra | Contention, boolean> => checkpointStore.quarantine.remove(producer, id)

// One entry: all of its updates stored, or why not. What the pipeline around it cannot do now ends the
// replay.
const replayOne = async (
  receiver: Receiver,
  definition: AnyDefinition,
  entry: Quarantined,
): Promise<E.Either<SubmitError, string | undefined>> => {
  const updates = updatesOf(definition, changeOf(definition), exactJson(entry.record))
  if (updates._tag === 'Left') return E.right(updates.left)
  for (const update of updates.right) {
    const result = await submitOne(receiver, update)
    if (result._tag === 'Right') continue
    return isUpdatesFault(result.left) ? E.right(result.left.message) : result
  }
  return E.right(undefined)
}

/** Normalises and submits every entry of a producer again (or one); what is stored leaves the quarantine. */
export const replay =
  <L extends AnyEntity, R, C>(
    ports: Ports,
    receiver: Receiver,
    producer: Producer<L, R, C>,
    only: Quarantined | undefined,
  ): TaskEither<RunError, Replayed> =>
  async () => {
    const { quarantine } = ports.checkpointStore
    const failed: { readonly entry: Quarantined; readonly reason: string }[] = []
    let replayed = 0
    for (let after: string | undefined; ;) {
      const page =
        only === undefined ? await quarantine.list(producer.name, after, pageSize)() : E.right([only])
      if (page._tag === 'Left') return page
      for (const entry of page.right) {
        const why = await replayOne(receiver, untyped(producer), entry)
        if (why._tag === 'Left') return why
        if (why.right !== undefined) failed.push({ entry, reason: why.right })
        else {
          const removed = await quarantine.remove(entry.producer, entry.id)()
          if (removed._tag === 'Left') return removed
          replayed++
        }
      }
      after = page.right[page.right.length - 1]?.id
      if (only !== undefined || page.right.length < pageSize) return E.right({ replayed, failed })
    }
  }
