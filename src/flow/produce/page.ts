// One page of a run: its records as updates, stored, the broken ones put into quarantine. Only then may its
// cursor be saved.
import { createHash } from 'node:crypto'
import { E } from '../../fp.ts'
import {
  isUpdatesFault,
  reasonOf,
  tooManyRejected,
  type RunError,
  type SubmitError,
} from '../../model/errors.ts'
import type { AnyEntity } from '../../model/entity.ts'
import { instantOfDate } from '../../model/instant.ts'
import { described } from '../../model/options.ts'
import type { Change, Producer, ProducerDefinition } from '../../model/producer.ts'
import type { Update } from '../../model/update.ts'
import type { CheckpointStore, Quarantined } from '../../ports/checkpoint-store.ts'
import { backoff, pause } from '../../waiting.ts'
import { submitOne, type Receiver } from '../receive/receiver.ts'
import type { PushResult } from '../receive/pending.ts'
import type { RunOptions } from '../../model/run.ts'

/** A producer's definition without its types: a run moves records and cursors, and looks into neither. */
export type AnyDefinition = ProducerDefinition<AnyEntity, unknown, unknown>

/** Forgets a producer's types; its records only ever reach its own functions. */
export const untyped = <L extends AnyEntity, R, C>({ definition }: Producer<L, R, C>): AnyDefinition =>
  definition as never

interface Tally {
  pages: number
  records: number
  stored: number
  duplicate: number
  outdated: number
  rejected: number
}

export interface Storing {
  readonly definition: AnyDefinition
  readonly receiver: Receiver
  readonly quarantine: CheckpointStore['quarantine']
  readonly options: RunOptions
  readonly tally: Tally
}

/** Milliseconds before try `attempt` (1, 2, …) of a source or a store that failed. */
export const waitBefore = (attempt: number): number => backoff(attempt, 200, 30_000)

export const triesOf = ({ tries = 5 }: RunOptions): number => Math.max(1, tries)

/** The builder that `normalise` answers with: updates of this producer. */
export const changeOf = ({ entity, name, version }: AnyDefinition): Change<AnyEntity> => {
  const meta = { source: name, ...(version === undefined ? {} : { version: String(version) }) }
  return {
    update: (values) => entity.toUpdate(values, meta),
    delete: (keys) => entity.toDelete(keys, meta),
  }
}

// From JavaScript anything may come: nothing at all, a promise, another entity's update.
const isUpdateOf = (entity: string, made: unknown): made is Update =>
  typeof made === 'object' && made !== null && 'yadto' in made && 'entity' in made && made.entity === entity
const answered = (made: unknown): string =>
  typeof made === 'object' && made !== null && 'then' in made
    ? 'a promise, and it has nothing to wait for'
    : typeof made === 'object' && made !== null && 'yadto' in made
      ? "another entity's update"
      : described(made)

/** The updates of a record, or why there are none. */
export const updatesOf = (
  definition: AnyDefinition,
  change: Change<AnyEntity>,
  record: unknown,
): E.Either<string, readonly Update[]> => {
  try {
    const made: unknown = definition.normalise(record, change)
    const updates: readonly unknown[] = Array.isArray(made) ? made : [made]
    const other = updates.findIndex((update) => !isUpdateOf(definition.entity.name, update))
    return other < 0
      ? E.right(updates as readonly Update[])
      : E.left(`normalise: answered with ${answered(updates[other])}: answer with to.update or to.delete`)
  } catch (thrown) {
    return E.left(`normalise: ${reasonOf(thrown)}`)
  }
}

// A record that JSON cannot hold is kept as far as it can.
const textOf = (record: unknown): string => {
  try {
    return (
      JSON.stringify(record, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ??
      'null'
    )
  } catch {
    return JSON.stringify(String(record))
  }
}

const quarantined = (
  { name, entity, version }: AnyDefinition,
  record: unknown,
  cursor: string,
  why: { readonly reason: string; readonly problems?: Quarantined['problems'] },
): Quarantined => {
  const text = textOf(record)
  return {
    id: createHash('sha256').update(name).update('\0').update(text).digest('hex'),
    producer: name,
    entity: entity.name,
    record: text,
    cursor,
    at: instantOfDate(new Date()) as string,
    reason: why.reason,
    ...(why.problems === undefined ? {} : { problems: why.problems }),
    ...(version === undefined ? {} : { version }),
  }
}

interface Item {
  readonly record: number
  readonly update: Update
}

// Items by record, in their order.
const byRecord = (items: readonly Item[]): readonly (readonly Item[])[] => {
  const groups: Item[][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (last?.[0]?.record === item.record) last.push(item)
    else groups.push([item])
  }
  return groups
}

// A record's updates one behind the other: one that is to be tried again holds back those behind it, or it
// would come last.
const inOrder = async (receiver: Receiver, items: readonly Item[]): Promise<readonly PushResult[]> => {
  const results: PushResult[] = []
  for (const { update } of items) {
    const before = results.at(-1)
    results.push(
      before?._tag === 'Left' && !isUpdatesFault(before.left) ? before : await submitOne(receiver, update),
    )
  }
  return results
}

// Submits until each update has an answer that stays; what keeps failing around them ends the run.
const settleAll = async (
  { receiver, options, tally }: Storing,
  items: readonly Item[],
): Promise<E.Either<RunError, ReadonlyMap<number, SubmitError>>> => {
  const rejected = new Map<number, SubmitError>()
  let rest = items
  for (let attempt = 1; rest.length > 0; attempt++) {
    const groups = byRecord(rest)
    const results =
      groups.length === rest.length
        ? await Promise.all(rest.map(({ update }) => submitOne(receiver, update)))
        : (await Promise.all(groups.map((of) => inOrder(receiver, of)))).flat()
    const again: Item[] = []
    let failure: SubmitError | undefined
    for (let i = 0; i < rest.length; i++) {
      const [item, result] = [rest[i] as Item, results[i] as PushResult]
      if (result._tag === 'Right') tally[result.right.status]++
      else if (isUpdatesFault(result.left)) rejected.set(item.record, result.left)
      else {
        failure ??= result.left
        again.push(item)
      }
    }
    if (failure !== undefined && (!failure.retry || attempt >= triesOf(options))) return E.left(failure)
    if (failure !== undefined) await pause(waitBefore(attempt), options.signal)
    rest = again
  }
  return E.right(rejected)
}

const tolerated = ({ options: { tolerate = {} }, tally }: Storing): boolean =>
  tally.rejected <= (tolerate.records ?? 1_000) &&
  (tally.records < 100 || tally.rejected <= tally.records * (tolerate.share ?? 0.1))

/** Stores a page: a right means that every record is stored or in quarantine. */
export const storePage = async (
  storing: Storing,
  change: Change<AnyEntity>,
  records: readonly unknown[],
  cursor: string,
): Promise<E.Either<RunError, void>> => {
  const { definition, quarantine, tally } = storing
  const items: Item[] = []
  const aside: Quarantined[] = []
  for (const [i, record] of records.entries()) {
    const updates = updatesOf(definition, change, record)
    if (updates._tag === 'Left') aside.push(quarantined(definition, record, cursor, { reason: updates.left }))
    else for (const update of updates.right) items.push({ record: i, update })
  }
  const settled = await settleAll(storing, items)
  if (settled._tag === 'Left') return settled
  for (const [i, error] of settled.right)
    aside.push(
      quarantined(definition, records[i], cursor, {
        reason: error.message,
        ...('problems' in error ? { problems: error.problems } : {}),
      }),
    )
  tally.records += records.length
  tally.pages++
  if (aside.length === 0) return E.right(undefined)
  tally.rejected += aside.length
  for (let attempt = 1; ; attempt++) {
    const put = await quarantine.put(aside)()
    if (put._tag === 'Right') break
    if (!put.left.retry || attempt >= triesOf(storing.options)) return put
    await pause(waitBefore(attempt), storing.options.signal)
  }
  return tolerated(storing)
    ? E.right(undefined)
    : E.left(tooManyRejected(definition.name, tally.rejected, tally.records, aside[0]?.reason ?? ''))
}
