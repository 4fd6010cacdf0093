// run: a producer once, behind its cursor: a page is pulled, stored, and only then its cursor saved; one run
// at a time, fenced.
import { isDeepStrictEqual } from 'node:util'
import PQueue from 'p-queue'
import { E } from '../../fp.ts'
import {
  contention,
  isDreampipeError,
  reasonOf,
  sourceFailed,
  type DreampipeError,
  type RunError,
} from '../../model/errors.ts'
import { isFinal } from '../call.ts'
import { liveOf } from './live.ts'
import { pause } from '../../waiting.ts'
import type { Producing } from './producing.ts'
import { budgetOf, checkpointOf, saveCheckpoint, type Checkpointed } from './checkpoint.ts'
import { dryRun } from './dry-run.ts'
import { waitBefore, changeOf, storePage, triesOf, type AnyDefinition, type Storing } from './page.ts'
import type { RunOptions, RunReport } from '../../model/run.ts'

export type RunResult<A> = E.Either<RunError, A>

// Anything a source throws is tried again, unless it says that this will not help.
const failureOf = (name: string, thrown: unknown): { readonly error: RunError; readonly retry: boolean } => {
  if (isDreampipeError(thrown))
    return { error: thrown as DreampipeError as RunError, retry: !isFinal(thrown) }
  return { error: sourceFailed(`run ${name}`, 'its source failed', thrown), retry: !isFinal(thrown) }
}

interface RunInHand extends Storing {
  readonly producing: Producing
  readonly signal: AbortSignal
  readonly fence: number
  checkpoint: Checkpointed
  readonly started: number
  expected: number | undefined
}

const progress = ({ tally, options, started, expected }: RunInHand): void => {
  if (options.onProgress === undefined) return
  const rate = (tally.records / Math.max(1, performance.now() - started)) * 1000
  options.onProgress({
    records: tally.records,
    pages: tally.pages,
    rate: Math.round(rate),
    ...(expected === undefined || rate === 0
      ? {}
      : { left: Math.max(0, Math.round(((expected - tally.records) / rate) * 1000)) }),
  })
}

// Pulls pages and stores them, the next one while the one before is stored. Ends with the source, the budget
// or the signal; a throw of the source is thrown on.
const pull = async (
  running: RunInHand,
  cursor: unknown,
): Promise<RunResult<'done' | 'budget' | 'stopped'>> => {
  const {
    definition,
    producing,
    signal,
    checkpoint: { budget },
  } = running
  const change = changeOf(definition)
  const storing = new PQueue({ concurrency: 1 })
  let failed: E.Left<RunError> | undefined
  const store = async (records: readonly unknown[], reached: unknown): Promise<void> => {
    if (failed !== undefined) return
    try {
      const encoded = definition.cursor.encode(reached)
      const stored = await storePage(running, change, records, JSON.stringify(encoded))
      const saved =
        stored._tag === 'Left'
          ? stored
          : await saveCheckpoint(producing.ports.checkpointStore, running, encoded)
      if (saved._tag === 'Left') failed = saved
      else progress(running)
    } catch (thrown) {
      // The codec's or the callback's: nobody waits for this promise.
      failed = E.left(
        sourceFailed(`run ${definition.name}`, 'its cursor or a callback failed', thrown),
      ) as E.Left<RunError>
    }
  }
  const context = {
    signal,
    budget,
    live: () => liveOf(producing.ports, definition.entity),
    warn: (message: string) => producing.observe({ _tag: 'producer', producer: definition.name, message }),
  }
  let ended: 'done' | 'budget' | 'stopped' = 'done'
  try {
    for await (const page of definition.pages(cursor, context)) {
      if (page.expected !== undefined) running.expected = page.expected
      void storing.add(() => store(page.records, page.cursor))
      await storing.onSizeLessThan(1)
      if (failed !== undefined) break
      ended = signal.aborted ? 'stopped' : page.spent === true || budget.left() <= 0 ? 'budget' : 'done'
      if (ended !== 'done') break
    }
  } finally {
    // What was pulled is stored, whatever the source does next.
    await storing.onIdle()
  }
  // The pipeline closed under it: the page in hand comes again with the next run.
  if (failed?.left._tag === 'Closed') return E.right('stopped')
  return failed ?? E.right(ended)
}

// Starts again behind the last saved cursor where the source failed and may be tried again.
const attempts = async (running: RunInHand): Promise<RunResult<'done' | 'budget' | 'stopped'>> => {
  const { definition, options, signal, producing } = running
  for (let attempt = 1; ;) {
    // A day that is spent asks the source nothing more.
    if (running.checkpoint.budget.left() <= 0) return E.right('budget')
    const before = running.checkpoint.cursor
    const decoded = definition.cursor.decode(running.checkpoint.cursor)
    if (decoded._tag === 'Left')
      return E.left(
        sourceFailed(
          `run ${definition.name}`,
          'the stored cursor does not fit its codec',
          JSON.stringify(running.checkpoint.cursor),
        ),
      )
    try {
      return await pull(running, decoded.right)
    } catch (thrown) {
      if (signal.aborted) return E.right('stopped')
      const { error, retry } = failureOf(definition.name, thrown)
      // Progress is a cursor that moved: pages that come again and again are none.
      if (!isDeepStrictEqual(running.checkpoint.cursor, before)) attempt = 1
      if (!retry || attempt >= triesOf(options)) return E.left(error)
      producing.observe({
        _tag: 'producer',
        producer: definition.name,
        message: `try ${attempt} failed: ${reasonOf(thrown)}`,
        error,
      })
      await pause(waitBefore(attempt++), signal)
      if (signal.aborted) return E.right('stopped')
    }
  }
}

export const runHeld = async (
  producing: Producing,
  definition: AnyDefinition,
  options: RunOptions,
  fence: number,
  lost: AbortSignal,
): Promise<RunResult<RunReport>> => {
  const { checkpointStore } = producing.ports
  const started = performance.now()
  const loaded = await checkpointStore.load(definition.name)()
  if (loaded._tag === 'Left') return loaded
  const signal = AbortSignal.any([
    producing.closing,
    lost,
    ...(options.signal === undefined ? [] : [options.signal]),
  ])
  const checkpoint = checkpointOf(definition, loaded.right, options.budget)
  if (options.dryRun !== undefined) return dryRun(producing, definition, checkpoint, signal, options.dryRun)
  const running: RunInHand = {
    producing,
    definition,
    receiver: producing.receiver,
    quarantine: checkpointStore.quarantine,
    options,
    signal,
    fence,
    checkpoint,
    started,
    expected: undefined,
    tally: { pages: 0, records: 0, stored: 0, duplicate: 0, outdated: 0, rejected: 0 },
  }
  const ended = await attempts(running)
  if (ended._tag === 'Left') {
    // What the source was asked for counts, whatever came of it.
    if (checkpoint.budget.spent() > running.checkpoint.saved && !lost.aborted)
      await saveCheckpoint(
        checkpointStore,
        { ...running, options: { ...options, tries: 1 } },
        running.checkpoint.cursor,
      )
    return ended
  }
  if (lost.aborted) return E.left(contention(`run ${definition.name}`, 'another replica took the run over'))
  // What was spent without a page counts too.
  const kept =
    running.checkpoint.budget.spent() > running.checkpoint.saved
      ? await saveCheckpoint(checkpointStore, running, running.checkpoint.cursor)
      : E.right(undefined)
  if (kept._tag === 'Left') return kept
  return E.right({
    producer: definition.name,
    ended: ended.right,
    ...running.tally,
    calls: budgetOf(running.checkpoint),
    cursor: running.checkpoint.cursor,
    milliseconds: Math.round(performance.now() - started),
  })
}
