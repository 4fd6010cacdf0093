// What contract cases say about tasks: this one succeeds, that one fails with a tag, and something becomes
// true in time.
import assert from 'node:assert/strict'
import type { TaskEither } from '../fp.ts'
import { pause } from '../waiting.ts'

/** The value of a task that must succeed; its error, thrown, where it does not. */
export const right = async <A>(task: TaskEither<unknown, A>): Promise<A> => {
  const result = await task()
  if (result._tag === 'Left') throw result.left
  return result.right
}

/** The error of a task that must fail with one of these tags. */
export const left = async <E extends { readonly _tag: string }, T extends E['_tag']>(
  task: TaskEither<E, unknown>,
  ...tags: readonly T[]
): Promise<Extract<E, { readonly _tag: T }>> => {
  const result = await task()
  if (result._tag === 'Right') return assert.fail(`expected ${tags.join(' or ')}, got a value`)
  const error = result.left
  assert.ok(
    tags.some((tag) => tag === error._tag),
    `expected ${tags.join(' or ')}, got ${error._tag}: ${String(error)}`,
  )
  return error as Extract<E, { readonly _tag: T }>
}

/** Waits until a condition holds; `what` names it where it never does. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  most = 10_000,
): Promise<void> => {
  const end = performance.now() + most
  while (!(await condition())) {
    if (performance.now() > end) assert.fail(`after ${most} ms still not: ${what}`)
    await pause(5)
  }
}

/** The whole numbers from `from` to `to`. */
export const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
