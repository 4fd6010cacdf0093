// schedule: a producer by cron, one run at a time, on one of all replicas, until closed.
import { Cron } from 'croner'
import type { E } from '../../fp.ts'
import { alreadyRunning, invalidDefinition, reasonOf, type RunError } from '../../model/errors.ts'
import type { CheckpointStore } from '../../ports/checkpoint-store.ts'
import { pause } from '../../waiting.ts'
import type { RunOptions, RunReport } from '../../model/run.ts'

type ScheduledResult = E.Either<RunError, RunReport>

export interface ScheduleSettings extends Omit<RunOptions, 'dryRun'> {
  /**
   * Milliseconds that a run begins later at most, by chance, so that replicas and producers do not all begin
   * at once; 1,000 unless said.
   */
  readonly jitter?: number
  /** The time zone of the cron expression (`Europe/Vienna`); UTC unless said. */
  readonly timeZone?: string
}

interface Scheduling {
  readonly run: (options: RunOptions) => Promise<ScheduledResult>
  readonly store: () => Promise<E.Either<RunError, CheckpointStore>>
  readonly onResult: (result: ScheduledResult) => void
  /** Told of what is odd and no error. */
  readonly onWarning: (message: string) => void
}

/** Milliseconds that another replica's clock may be ahead of this one's before its tick is not believed. */
const mostAhead = 60_000

// Replicas run the same schedule: the first one of them takes a tick. A clock that is a little behind finds
// its tick taken.
const takeTick = async (
  scheduling: Scheduling,
  producer: string,
  at: Date,
): Promise<E.Either<RunError, boolean>> => {
  const store = await scheduling.store()
  if (store._tag === 'Left') return store
  const tick = new Date(Math.round(at.getTime() / 1000) * 1000).toISOString()
  const last = await store.right.load(`tick/${producer}`)()
  if (last._tag === 'Left') return last
  const taken = typeof last.right?.value === 'string' ? last.right.value : ''
  const ahead = Date.parse(taken) - Date.now()
  // A clock that was a year ahead once must not stop the schedule for a year.
  if (ahead > mostAhead)
    scheduling.onWarning(
      `its last tick is ${Math.round(ahead / 1000)} s in the future (${taken}): passed over`,
    )
  else if (taken >= tick) return { _tag: 'Right', right: false }
  const saved = await store.right.save(`tick/${producer}`, tick, last.right?.version ?? 0)()
  return saved._tag === 'Left' ? saved : { _tag: 'Right', right: saved.right !== undefined }
}

/**
 * Throws `InvalidDefinition` where the expression is none. A run that lasts past the next tick is not
 * doubled: that tick is passed over.
 */
export const schedule = (
  producer: string,
  expression: string,
  { jitter = 1_000, timeZone = 'UTC', signal, ...options }: ScheduleSettings,
  scheduling: Scheduling,
): { readonly stop: () => Promise<void> } => {
  const stopping = new AbortController()
  const until = signal === undefined ? stopping.signal : AbortSignal.any([stopping.signal, signal])
  let running: Promise<void> = Promise.resolve()

  const tick = async (at: Date): Promise<void> => {
    await pause(Math.random() * jitter, until)
    if (until.aborted) return
    const taken = await takeTick(scheduling, producer, at)
    if (taken._tag === 'Right' && !taken.right) return
    const result = taken._tag === 'Left' ? taken : await scheduling.run({ ...options, signal: until })
    // Another replica is at it still: nothing to tell.
    if (result._tag === 'Left' && result.left._tag === alreadyRunning('')._tag) return
    scheduling.onResult(result)
  }

  // A callback's throw ends neither the schedule nor the process.
  const warnOf = (thrown: unknown): void =>
    process.emitWarning(`the schedule of ${producer}: a callback threw: ${reasonOf(thrown)}`, {
      type: 'DreampipeObserver',
    })
  const job = ((): Cron => {
    try {
      const never = new Cron(expression, { paused: true, timezone: timeZone }).nextRun() === null
      if (never) throw new Error(`${JSON.stringify(expression)} never comes`)
      return new Cron(
        expression,
        { protect: true, timezone: timeZone },
        (self: Cron) => (running = tick(self.currentRun() ?? new Date()).catch(warnOf)),
      )
    } catch (thrown) {
      throw invalidDefinition(`producer ${producer}`, 'schedule', reasonOf(thrown))
    }
  })()
  const end = (): void => job.stop()
  signal?.addEventListener('abort', end, { once: true })
  return {
    stop: async () => {
      stopping.abort()
      end()
      await running.catch(() => undefined)
    },
  }
}
