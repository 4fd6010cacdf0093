// Runs producers, each one at a time in this pipeline and, under a lease, on all its replicas.
import { E, type TaskEither } from '../../fp.ts'
import { alreadyRunning, sourceFailed, type RunError } from '../../model/errors.ts'
import type { AnyEntity } from '../../model/entity.ts'
import type { Producer } from '../../model/producer.ts'
import type { Producing } from './producing.ts'
import { type AnyDefinition, untyped } from './page.ts'
import type { RunOptions, RunReport } from '../../model/run.ts'
import type { Observe } from '../signal.ts'
import { type RunResult, runHeld } from './run.ts'

/** Milliseconds between renewals of a run's lease. */
const renewEach = 5_000

/** Runs producers, each one at a time in this pipeline and on all its replicas. */
export const runner = (connect: () => Promise<E.Either<RunError, Producing>>, observe: Observe) => {
  const here = new Map<string, Promise<unknown>>()
  const held = async (
    producing: Producing,
    definition: AnyDefinition,
    options: RunOptions,
  ): Promise<RunResult<RunReport>> => {
    const { leases } = producing.ports.checkpointStore
    const taken = await leases.take(definition.name)()
    if (taken._tag === 'Left') return taken
    if (taken.right === undefined) return E.left(alreadyRunning(definition.name))
    const lost = new AbortController()
    const renewing = setInterval(
      () =>
        void leases
          .take(definition.name)()
          .then((again) => {
            if (again._tag === 'Right' && again.right?.fence !== taken.right?.fence) lost.abort()
          }),
      renewEach,
    )
    try {
      return await runHeld(producing, definition, options, taken.right.fence, lost.signal)
    } finally {
      clearInterval(renewing)
      await leases.release(definition.name)()
    }
  }
  const run =
    <L extends AnyEntity, R, C>(
      producer: Producer<L, R, C>,
      options: RunOptions,
    ): TaskEither<RunError, RunReport> =>
    async () => {
      const definition = untyped(producer)
      const { name } = definition
      if (here.has(name)) return E.left(alreadyRunning(name))
      const running = (async (): Promise<RunResult<RunReport>> => {
        const connected = await connect()
        return connected._tag === 'Left' ? connected : held(connected.right, definition, options)
      })().catch((thrown: unknown) => E.left(sourceFailed(`run ${name}`, 'it could not begin', thrown)))
      here.set(name, running)
      try {
        const done = await running
        observe(
          done._tag === 'Left'
            ? { _tag: 'ran', producer: name, error: done.left }
            : { _tag: 'ran', producer: name, report: done.right },
        )
        return done
      } finally {
        here.delete(name)
      }
    }
  return { run, idle: async (): Promise<void> => void (await Promise.allSettled(here.values())) }
}
