// submitAll: a stream of updates with flat memory; what is rejected is told and counted, an outage ends it.
import { E, type TaskEither } from '../../fp.ts'
import type { Submitted } from '../../model/admit.ts'
import { isUpdatesFault, sourceFailed, type SourceFailed, type SubmitError } from '../../model/errors.ts'
import type { Receiver } from './receiver.ts'
import type { PushResult } from './pending.ts'

/** Updates of a stream by what they turned out to be. */
export interface Counts {
  readonly stored: number
  readonly duplicate: number
  readonly outdated: number
  readonly rejected: number
}

/** How a stream is watched and ended. */
export interface SubmitAllOptions {
  /** Ends the stream early: what was read is finished, and the counts so far are the answer. */
  readonly signal?: AbortSignal
  /** After each commit, at most ten times a second, and at the end. */
  readonly onProgress?: (counts: Counts) => void
  /** An update that was refused, and its place in the stream (0, 1, 2 …). */
  readonly onRejected?: (error: SubmitError, index: number) => void
}

/** Updates in flight: enough to fill the next commit while one runs. */
const window = 2_000
const progressEach = 100

interface Flight {
  stop: () => void
  counts: { stored: number; duplicate: number; outdated: number; rejected: number }
  inFlight: number
  failure: SubmitError | SourceFailed | undefined
  wake: () => void
  told: number
}

const countIn = (flight: Flight, options: SubmitAllOptions, result: PushResult, index: number): void => {
  flight.inFlight--
  if (result._tag === 'Right') flight.counts[result.right.status]++
  else if (isUpdatesFault(result.left)) {
    flight.counts.rejected++
    options.onRejected?.(result.left, index)
  } else flight.failure ??= result.left
  const now = performance.now()
  if (options.onProgress !== undefined && now - flight.told >= progressEach) {
    flight.told = now
    options.onProgress({ ...flight.counts })
  }
}

// A callback of the caller's that throws ends the stream instead of vanishing.
const guarded =
  (flight: Flight, options: SubmitAllOptions, index: number) =>
  (result: PushResult): void => {
    try {
      countIn(flight, options, result, index)
    } catch (thrown) {
      flight.failure ??= sourceFailed('submitAll', 'a callback threw', thrown)
    }
    flight.wake()
    if (flight.failure !== undefined) flight.stop()
  }

const below = async (flight: Flight, most: number): Promise<void> => {
  while (flight.inFlight > most)
    await new Promise<void>((resolve) => {
      flight.wake = resolve
    })
}

const isAsync = (
  updates: Iterable<Submitted> | AsyncIterable<Submitted>,
): updates is AsyncIterable<Submitted> => Symbol.asyncIterator in updates

/** Submits every update of a stream in its order, `window` of them in flight. */
export const submitAll =
  (
    receiver: Receiver,
    updates: Iterable<Submitted> | AsyncIterable<Submitted>,
    options: SubmitAllOptions,
  ): TaskEither<SubmitError | SourceFailed, Counts> =>
  async () => {
    const flight: Flight = {
      counts: { stored: 0, duplicate: 0, outdated: 0, rejected: 0 },
      inFlight: 0,
      failure: undefined,
      wake: () => undefined,
      stop: () => undefined,
      told: 0,
    }
    let index = 0
    const isOver = (): boolean => flight.failure !== undefined || options.signal?.aborted === true
    const take = (update: Submitted): void => {
      flight.inFlight++
      receiver.push(update, guarded(flight, options, index++))
    }
    // The next item, or undefined where the stream is to end while its source is silent.
    const nextOf = (items: AsyncIterator<Submitted>): Promise<IteratorResult<Submitted> | undefined> =>
      new Promise((resolve, reject) => {
        flight.stop = () => resolve(undefined)
        if (isOver()) resolve(undefined)
        else items.next().then(resolve, reject)
      })
    const onAbort = (): void => flight.stop()
    options.signal?.addEventListener('abort', onAbort)
    try {
      // The same loop twice: awaiting each item of a plain array would cost more than submitting it.
      if (isAsync(updates)) {
        const items = updates[Symbol.asyncIterator]()
        for (let next = await nextOf(items); next?.done !== true; next = await nextOf(items)) {
          if (next === undefined) {
            // Not awaited: a source that is silent may never answer.
            items.return?.().catch(() => undefined)
            break
          }
          take(next.value)
          if (flight.inFlight >= window) await below(flight, window / 2)
        }
      } else {
        for (const update of updates) {
          if (isOver()) break
          take(update)
          if (flight.inFlight >= window) await below(flight, window / 2)
        }
      }
    } catch (thrown) {
      flight.failure ??= sourceFailed('submitAll', 'reading the updates failed', thrown)
    }
    options.signal?.removeEventListener('abort', onAbort)
    await below(flight, 0)
    if (flight.failure === undefined && options.onProgress !== undefined) {
      try {
        options.onProgress({ ...flight.counts })
      } catch (thrown) {
        flight.failure = sourceFailed('submitAll', 'a callback threw', thrown)
      }
    }
    return flight.failure === undefined ? E.right({ ...flight.counts }) : E.left(flight.failure)
  }
