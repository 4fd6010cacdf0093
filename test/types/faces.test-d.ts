// Types of the two faces and of errors: a TaskEither is no Promise, each verb has its own failures, and tags
// narrow.
import { pipe as ownPipe } from 'fp-ts/lib/function.js'
import * as OwnTE from 'fp-ts/lib/TaskEither.js'
import { expectTypeOf, test } from 'vitest'
import {
  createPipeline,
  entity,
  isDreampipeError,
  y,
  type DreampipeError,
  type Problem,
  type Receipt,
  type SubmitError,
  type View,
} from 'dreampipe'
import { E, pipe, TE, type TaskEither } from 'dreampipe/fp'

const Lead = entity('Lead', {
  properties: { id: y.string(), email: y.optional(y.string()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const pipeline = createPipeline([Lead])
const update = Lead.toUpdate({ id: '1', at: 'x' }, { source: 's' })

test('the fp face is a TaskEither that says what can fail', () => {
  expectTypeOf(pipeline.fp.submit(update)).toEqualTypeOf<TaskEither<SubmitError, Receipt>>()
  expectTypeOf(pipeline.submit(update)).toEqualTypeOf<Promise<Receipt>>()
})

test("verbs of the fp face compose, also with fp-ts of the caller's own", async () => {
  const flow = pipe(
    pipeline.fp.submit(update),
    TE.flatMap((receipt) => pipeline.fp.settled(receipt)),
    TE.flatMap(() => pipeline.fp.current(Lead, { id: '1' })),
    TE.map((view) => view?.email),
  )
  const result = await flow()
  if (E.isLeft(result)) expectTypeOf(result.left._tag).toExtend<DreampipeError['_tag']>()
  else expectTypeOf(result.right).toEqualTypeOf<string | null | undefined>()
  const own = ownPipe(
    pipeline.fp.submit(update),
    OwnTE.flatMap(() => pipeline.fp.current(Lead, { id: '1' })),
  )
  expectTypeOf(own).toExtend<TaskEither<DreampipeError, View<typeof Lead> | undefined>>()
})

test('history streams Eithers in the fp face', async () => {
  for await (const event of pipeline.fp.history(Lead, { id: '1' }))
    if (E.isRight(event)) expectTypeOf(event.right.sequence).toEqualTypeOf<number>()
})

test('nobody pipes the wrong face', () => {
  pipe(
    pipeline.submit(update),
    // @ts-expect-error a Promise is no TaskEither
    TE.map((receipt) => receipt.sequence),
  )
  // @ts-expect-error a TaskEither has no `then`
  pipeline.fp.submit(update).then(() => {})
})

test('isDreampipeError narrows to its tags', () => {
  const caught: unknown = undefined
  if (isDreampipeError(caught, 'InvalidUpdate')) {
    expectTypeOf(caught.problems).toEqualTypeOf<readonly [Problem, ...Problem[]]>()
    expectTypeOf(caught.entity).toEqualTypeOf<string>()
  } else if (isDreampipeError(caught) && caught.retry) {
    expectTypeOf(caught).toExtend<Error>()
    expectTypeOf(caught.stack).toEqualTypeOf<string | undefined>()
  }
  if (isDreampipeError(caught, 'InvalidDefinition', 'InvalidQuery'))
    expectTypeOf(caught.path).toEqualTypeOf<string>()
  if (isDreampipeError(caught, 'MissingDependency')) expectTypeOf(caught.install).toEqualTypeOf<string>()
  // @ts-expect-error no such tag
  isDreampipeError(caught, 'Nonsense')
})

test('a failure of one verb is told apart by its tag', async () => {
  const result = await pipeline.fp.submit(update)()
  if (E.isRight(result)) return
  switch (result.left._tag) {
    case 'InvalidUpdate':
      return void expectTypeOf(result.left.problems[0].path).toEqualTypeOf<string>()
    case 'Unavailable':
      return void expectTypeOf(result.left.retry).toEqualTypeOf<boolean>()
    // @ts-expect-error submit does not time out
    case 'TimedOut':
      return
    default:
  }
})
