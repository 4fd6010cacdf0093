// Hands results to a subscription's handler, one after the other.
import type { TaskEither } from '../../fp.ts'
import { unavailable } from '../../model/errors.ts'
import type { SubmitResult, TopicError } from '../../ports/topic.ts'
import { call } from '../call.ts'

/** Hands results to a handler one after the other; the first failure has the rest delivered again. */
export const handleResults =
  (handle: (result: SubmitResult) => unknown) =>
  (results: readonly SubmitResult[]): TaskEither<TopicError, void> =>
  async () => {
    for (const result of results) {
      const called = await call(handle, result)
      if (!called.done) return { _tag: 'Left', left: unavailable('results', called.reason) }
    }
    return { _tag: 'Right', right: undefined }
  }
