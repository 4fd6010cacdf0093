// The result topic: every receipt and every rejection of submitted updates, published after the caller has
// its answer.
import type { E } from '../../fp.ts'
import type { Submitted } from '../../model/admit.ts'
import { unavailable, type DreampipeError } from '../../model/errors.ts'
import { instantOfDate } from '../../model/instant.ts'
import type { Ports } from '../../ports/driver.ts'
import type { SubmitResult } from '../../ports/topic.ts'
import type { Receiver } from './receiver.ts'
import { entityOf, type PushResult } from './pending.ts'
import type { Observe } from '../signal.ts'
import { turn } from '../../waiting.ts'

/** Results published at once, and those that wait at most: an outage of the topic fills no memory. */
const most = 500

const mostWaiting = 20_000

/** Problems that a result tells of. */
const mostProblems = 100

type Wire = { readonly correlationId?: { readonly value?: unknown } } | null | undefined

// A rejected update may be anything at all: its correlation id is told where there is one to read.
const correlationIdOf = (submitted: Submitted): string | undefined => {
  try {
    const value = (submitted.yadto as Wire)?.correlationId?.value
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

const errorOf = (error: DreampipeError): NonNullable<SubmitResult['error']> => ({
  _tag: error._tag,
  message: error.message,
  retry: error.retry,
  ...('problems' in error ? { problems: error.problems.slice(0, mostProblems) } : {}),
})

/** What became of an update, for the result topic. */
export const resultOf = (submitted: Submitted, result: PushResult): SubmitResult => {
  const correlationId = result._tag === 'Right' ? result.right.correlationId : correlationIdOf(submitted)
  return {
    entity: entityOf(submitted),
    at: instantOfDate(new Date()) as string,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(result._tag === 'Right' ? { receipt: result.right } : { error: errorOf(result.left) }),
  }
}

/**
 * A receiver that also publishes what became of each update: best effort, a failure to publish is observed
 * and forgotten.
 */
export const reporting = (
  receiver: Receiver,
  connect: () => Promise<E.Either<DreampipeError, { readonly ports: Ports }>>,
  observe: Observe,
): Receiver => {
  let waiting: SubmitResult[] = []
  let publishing: Promise<void> | undefined
  let dropped = 0

  const publish = async (): Promise<void> => {
    while (waiting.length > 0) {
      await turn()
      const results = waiting.slice(0, most)
      waiting = waiting.slice(most)
      const connected = await connect()
      const published =
        connected._tag === 'Left' ? connected : await connected.right.ports.topic.results.publish(results)()
      if (published._tag === 'Left')
        observe({ _tag: 'unpublished', entity: results[0]?.entity ?? '', error: published.left })
    }
    publishing = undefined
    dropped = 0
  }
  return {
    push: (submitted, done) =>
      receiver.push(submitted, (result) => {
        if (waiting.length < mostWaiting) waiting.push(resultOf(submitted, result))
        else if (dropped++ === 0)
          observe({
            _tag: 'unpublished',
            entity: entityOf(submitted),
            error: unavailable(
              'results',
              `${mostWaiting} results wait to be published: those that come now are left out`,
            ),
          })
        publishing ??= publish()
        done(result)
      }),
    idle: async () => {
      await receiver.idle()
      while (publishing !== undefined) await publishing
    },
  }
}
