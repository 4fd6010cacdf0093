// The two faces: each verb as a lazy TaskEither, and the same one started at once as a Promise that rejects.
import type { E, TaskEither } from '../fp.ts'
import type { AnyEntity } from '../model/entity.ts'
import type { DreampipeError } from '../model/errors.ts'
import type { Verbs } from './verbs.ts'

const rejecting = async <A>(task: TaskEither<DreampipeError, A>): Promise<A> => {
  const result = await task()
  if (result._tag === 'Left') throw result.left
  return result.right
}

const unwrapped = async function* <A>(stream: AsyncIterable<E.Either<DreampipeError, A>>): AsyncGenerator<A> {
  for await (const item of stream) {
    if (item._tag === 'Left') throw item.left
    yield item.right
  }
}

// A schedule is a value on both faces; only how a run ended is told differently.
const scheduling =
  (schedule: Verbs<AnyEntity, 'fp'>['schedule']): Verbs<AnyEntity, 'promise'>['schedule'] =>
  (producer, cron, { onRun, ...options } = {}) =>
    schedule(producer, cron, {
      ...options,
      ...(onRun === undefined
        ? {}
        : { onRun: (result) => onRun(result._tag === 'Left' ? result.left : result.right) }),
    })

// The promise face: each verb of the other, started at once.
export const promised = (fp: Verbs<AnyEntity, 'fp'>): Verbs<AnyEntity, 'promise'> => {
  const face = (verbs: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } =>
    Object.fromEntries(
      Object.entries(verbs).map(([name, made]) => [
        name,
        name === 'schedule'
          ? scheduling(made as Verbs<AnyEntity, 'fp'>['schedule'])
          : typeof made !== 'function'
            ? face(made as { readonly [name: string]: unknown })
            : name === 'history'
              ? (...given: readonly unknown[]) =>
                  unwrapped(
                    (
                      made as (
                        ...given: readonly unknown[]
                      ) => AsyncIterable<E.Either<DreampipeError, unknown>>
                    )(...given),
                  )
              : (...given: readonly unknown[]) =>
                  rejecting(
                    (made as (...given: readonly unknown[]) => TaskEither<DreampipeError, unknown>)(...given),
                  ),
      ]),
    )
  return face({ ...fp }) as never
}
