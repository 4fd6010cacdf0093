// What is kept of a producer between its runs: the cursor, and what was spent today; saved by compare-and-set
// under the run's fence.
import { isDeepStrictEqual } from 'node:util'
import { E } from '../../fp.ts'
import { contention, type Contention, type Infra } from '../../model/errors.ts'
import type { Checkpoint, CheckpointStore } from '../../ports/checkpoint-store.ts'
import { pause } from '../../waiting.ts'
import { waitBefore, triesOf, type AnyDefinition } from './page.ts'
import type { RunOptions } from '../../model/run.ts'
import { type CountingBudget, budget } from './budget.ts'

/** The stored form. `day` is a UTC date, `calls` what was spent on it. */
interface Kept {
  readonly cursor: unknown
  readonly day?: string
  readonly calls?: number
}

export interface Checkpointed {
  readonly cursor: unknown
  readonly version: number
  readonly budget: CountingBudget
  /** Calls of this run that the stored form counts already. */
  readonly saved: number
  /** The day's calls before this run. */
  readonly before: { readonly day: string; readonly calls: number }
}

const today = (): string => new Date().toISOString().slice(0, 10)

export const budgetOf = (checkpoint: Checkpointed): number => checkpoint.budget.spent()

/** Where a run begins: the stored cursor, or the producer's start, and what may be spent. */
export const checkpointOf = (
  definition: AnyDefinition,
  stored: Checkpoint | undefined,
  { run = Infinity, day = Infinity }: NonNullable<RunOptions['budget']> = {},
): Checkpointed => {
  const kept = stored?.value as Kept | undefined
  const before = { day: today(), calls: kept?.day === today() ? (kept.calls ?? 0) : 0 }
  return {
    cursor: kept === undefined ? definition.cursor.encode(definition.start) : kept.cursor,
    version: stored?.version ?? 0,
    before,
    saved: 0,
    budget: budget(Math.min(run, Math.max(0, day - before.calls))),
  }
}

interface Saving {
  readonly definition: AnyDefinition
  readonly options: RunOptions
  readonly fence: number
  checkpoint: Checkpointed
}

/** Saves the cursor. A save whose answer was lost finds itself done. */
export const saveCheckpoint = async (
  store: CheckpointStore,
  saving: Saving,
  cursor: unknown,
): Promise<E.Either<Infra | Contention, void>> => {
  const {
    definition: { name },
    options,
    fence,
    checkpoint,
  } = saving
  const spent = checkpoint.budget.spent()
  const value: Kept = JSON.parse(
    JSON.stringify({ cursor, day: checkpoint.before.day, calls: checkpoint.before.calls + spent }),
  ) as Kept
  for (let attempt = 1; ; attempt++) {
    const saved = await store.save(name, value, checkpoint.version, fence)()
    if (saved._tag === 'Right') {
      const version = saved.right ?? (await foundOf(store, name, checkpoint.version + 1, value))
      if (version === undefined) return E.left(contention(`run ${name}`, 'another run moved its cursor'))
      saving.checkpoint = { ...checkpoint, cursor: value.cursor, version, saved: spent }
      return E.right(undefined)
    }
    if (!saved.left.retry || attempt >= triesOf(options)) return saved
    await pause(waitBefore(attempt), options.signal)
  }
}

const foundOf = async (
  store: CheckpointStore,
  name: string,
  version: number,
  value: Kept,
): Promise<number | undefined> => {
  const found = await store.load(name)()
  return found._tag === 'Right' &&
    found.right?.version === version &&
    isDeepStrictEqual(found.right.value, value)
    ? version
    : undefined
}
