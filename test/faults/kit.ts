// What the fault tests share: a pipeline's proof that it lost nothing, submitting that tries again, and
// seeded random numbers.
import { expect, onTestFinished } from 'vitest'
import { isDreampipeError, type AnyEntity, type DreampipeError, type Proof } from 'dreampipe'
import { randomOf, type Random } from '../../src/testing/flaky-storm.ts'

export { randomOf, type Random }
export { everything } from '../thorough.ts'

const zero = { pending: 0, missing: 0, surplus: 0, different: 0 }

/** The verbs that a proof needs. */
export interface Provable<E> {
  readonly settled: (receipt: undefined, options: { readonly timeout: number }) => Promise<void>
  readonly verify: (entity: E) => Promise<Proof>
}

/**
 * Waits until everything is projected; then verify is all zero on both projections. Answers the number of
 * events.
 */
export const prove = async <E extends AnyEntity>(pipeline: Provable<E>, entity: E): Promise<number> => {
  await pipeline.settled(undefined, { timeout: 60_000 })
  const { views, queryEngine } = await pipeline.verify(entity)
  expect(
    [views, queryEngine].map(({ pending, missing, surplus, different }) => ({
      pending,
      missing,
      surplus,
      different,
    })),
  ).toEqual([zero, zero])
  expect(views.events).toBe(queryEngine.events)
  return views.events
}

/** The value of a call that is made again while it fails retryably. */
export const persist = async <A>(
  call: () => Promise<A>,
  onFailure: (error: DreampipeError) => void = () => undefined,
): Promise<A> => {
  for (;;) {
    try {
      return await call()
    } catch (thrown) {
      if (!isDreampipeError(thrown) || !thrown.retry) throw thrown
      onFailure(thrown)
    }
  }
}

/** What nobody caught while the test ran; a test expects it to stay empty. */
export const noUnhandled = (): readonly unknown[] => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return unhandled
}

/** One printed line: what a run leaves out, and why. */
export const say = (text: string): void => void process.stdout.write(`faults: ${text}\n`)
