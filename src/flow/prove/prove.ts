// verify and rebuild as verbs: both projections of an entity, or one of them.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import type { Contention, Infra, NotStarted } from '../../model/errors.ts'
import type { Ports } from '../../ports/driver.ts'
import { rebuildQueryEngine } from './rebuild-query-engine.ts'
import { rebuildViews } from './rebuild-views.ts'
import type { Rebuilt, RebuildOptions } from './rebuild.ts'
import { builtInSubscription } from '../consume/built-in.ts'
import { verifyQueryEngine } from './verify-query-engine.ts'
import { verifyViews } from './verify-views.ts'
import type { Verified, VerifyOptions } from './verify.ts'
import { tableOf } from '../project/view.ts'

export const targets = ['views', 'query-engine'] as const
/** The projection to rebuild. */
export type Target = (typeof targets)[number]
type ProveError = Infra | Contention | NotStarted

/** Both projections against the event store. */
export interface Proof {
  readonly views: Verified
  readonly queryEngine: Verified
}

const totalOf =
  ({ topic }: Ports, target: Target, entity: string): TaskEither<ProveError, number> =>
  async () => {
    const progress = await topic.progress(builtInSubscription(target, entity))()
    return progress._tag === 'Left' ? progress : E.right((progress.right.passed ?? 0) + progress.right.behind)
  }

/** Makes one projection anew from the event store. */
export const rebuild =
  (
    ports: Ports,
    definition: Definition,
    { target, ...options }: RebuildOptions & { readonly target: Target },
  ): TaskEither<ProveError, Rebuilt> =>
  async () => {
    const total = await totalOf(ports, target, definition.name)()
    if (total._tag === 'Left') return total
    return target === 'views'
      ? rebuildViews(ports, definition, total.right, options)()
      : rebuildQueryEngine(ports, definition.name, total.right, options)()
  }

// Rows that no event stands behind cannot be taken out of a log that is only appended to: tables without them
// replace it.
const leaveOut = async (
  ports: Ports,
  { name }: Definition,
  verified: Verified,
): Promise<E.Either<ProveError, Verified>> => {
  const rebuilt = await rebuildQueryEngine(ports, name, verified.events, {})()
  return rebuilt._tag === 'Left'
    ? rebuilt
    : E.right({ ...verified, repaired: verified.repaired + verified.surplus })
}

/** Compares views and query engine with the event store; with `repair`, mends what it finds. */
export const verify =
  (ports: Ports, definition: Definition, options: VerifyOptions): TaskEither<ProveError, Proof> =>
  async () => {
    const generations = await ports.viewStore.generations.of(definition.name)()
    if (generations._tag === 'Left') return generations
    const views = await verifyViews(
      ports,
      definition,
      tableOf(definition, generations.right.active),
      options,
    )()
    if (views._tag === 'Left') return views
    const compared = await verifyQueryEngine(ports, definition.name, options)()
    if (compared._tag === 'Left') return compared
    const queryEngine =
      options.repair === true && compared.right.surplus > 0
        ? await leaveOut(ports, definition, compared.right)
        : compared
    return queryEngine._tag === 'Left'
      ? queryEngine
      : E.right({ views: views.right, queryEngine: queryEngine.right })
  }
