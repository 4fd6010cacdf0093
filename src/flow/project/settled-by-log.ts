// Waits until both projections have passed what stands in the log, so that a caller reads its own writes.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import {
  invalidQuery,
  notStarted,
  parked,
  timedOut,
  type Contention,
  type ReadError,
} from '../../model/errors.ts'
import type { Receipt } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Progress } from '../../ports/topic.ts'
import { pause } from '../../waiting.ts'
import { builtIn, builtInSubscription } from '../consume/built-in.ts'
import { tableOf } from './view.ts'

type SettleResult<A> = E.Either<ReadError | Contention, A>

/** Milliseconds between looks. */
const lookEach = 5

/** Whether this process runs a projection itself. */
export type IsRunning = (projection: (typeof builtIn)[number]) => boolean

interface Settling {
  readonly ports: Ports
  readonly definitions: readonly Definition[]
  readonly isRunning: IsRunning
}

const progressOf = (
  { ports }: Settling,
  projection: (typeof builtIn)[number],
  entity: string,
): TaskEither<ReadError | Contention, Progress> =>
  ports.topic.progress(builtInSubscription(projection, entity))

// Somebody must be projecting: this process, or one that holds the subscription.
const checkStarted = async (settling: Settling): Promise<SettleResult<void>> => {
  for (const projection of builtIn) {
    for (const { name } of settling.definitions) {
      if (settling.isRunning(projection)) continue
      const progress = await progressOf(settling, projection, name)()
      if (progress._tag === 'Left') return progress
      if (progress.right.holder === undefined)
        return E.left(
          notStarted(
            'settled',
            `nobody projects ${name} into the ${projection === 'views' ? 'views' : 'query engine'}: call ` +
              `pipeline.start()`,
          ),
        )
    }
  }
  return E.right(undefined)
}

const checkParked = async (
  { ports }: Settling,
  { entity, entityId, sequence }: Receipt,
): Promise<SettleResult<void>> => {
  for (const projection of builtIn) {
    const aside = await ports.topic.deferrals.of(projection, entity, [entityId])()
    if (aside._tag === 'Left') return aside
    const letter = aside.right.parked.find((each) => each.sequence <= sequence)
    if (letter !== undefined)
      return E.left(
        parked(
          'settled',
          `${projection} parked ${entity} ${entityId} at event ${letter.sequence}: ${letter.reason}`,
        ),
      )
  }
  return E.right(undefined)
}

const holds = async (
  settling: Settling,
  definition: Definition,
  event: Receipt,
  goals: readonly Goal[],
): Promise<SettleResult<boolean>> => {
  const { viewStore, queryEngine, topic } = settling.ports
  const generation = await viewStore.generations.of(definition.name)()
  if (generation._tag === 'Left') return generation
  const view = await viewStore.get(tableOf(definition, generation.right.active), [event.entityId])()
  if (view._tag === 'Left') return view
  if ((view.right[0]?.sequence ?? 0) < event.sequence) return E.right(false)
  // Only the engine's owner may ask it; elsewhere its subscription's progress tells.
  if (settling.isRunning('query-engine')) {
    const progress = await topic.progress(builtInSubscription('query-engine', definition.name))()
    if (progress._tag === 'Left') return progress
    if (progress.right.mine) {
      const lacking = await queryEngine.lacking(definition.name, [event])()
      return lacking._tag === 'Left' ? lacking : E.right(lacking.right.length === 0)
    }
  }
  return caughtUp(
    settling,
    'query-engine',
    definition,
    goals.find((each) => each.projection === 'query-engine' && each.definition === definition)?.goal,
  )
}

const caughtUp = async (
  settling: Settling,
  projection: (typeof builtIn)[number],
  definition: Definition,
  goal?: number,
): Promise<SettleResult<boolean>> => {
  const progress = await progressOf(settling, projection, definition.name)()
  if (progress._tag === 'Left') return progress
  const { behind, passed } = progress.right
  if (goal === undefined || passed === undefined ? behind > 0 : passed < goal) return E.right(false)
  const waiting = await settling.ports.topic.deferrals.count(projection, definition.name)()
  return waiting._tag === 'Left' ? waiting : E.right(waiting.right === 0)
}

interface Goal {
  readonly projection: (typeof builtIn)[number]
  readonly definition: Definition
  readonly goal: number | undefined
}

// What stands in the log when the wait begins must be passed; what arrives meanwhile need not be.
const goalsOf = async (settling: Settling): Promise<SettleResult<readonly Goal[]>> => {
  const goals: Goal[] = []
  for (const projection of builtIn) {
    for (const definition of settling.definitions) {
      const progress = await progressOf(settling, projection, definition.name)()
      if (progress._tag === 'Left') return progress
      const { passed, behind } = progress.right
      goals.push({ projection, definition, goal: passed === undefined ? undefined : passed + behind })
    }
  }
  return E.right(goals)
}

const passedAll = async (settling: Settling, goals: Goal[]): Promise<SettleResult<boolean>> => {
  for (let next = goals[0]; next !== undefined; next = goals[0]) {
    const done = await caughtUp(settling, next.projection, next.definition, next.goal)
    if (done._tag === 'Left' || !done.right) return done
    goals.shift()
  }
  return E.right(true)
}

/** Waits for one event, or for everything acknowledged before the call. */
export const settledByLog =
  (
    settling: Settling,
    event: Receipt | undefined,
    timeout: number,
  ): TaskEither<ReadError | Contention, void> =>
  async () => {
    const started = await checkStarted(settling)
    if (started._tag === 'Left') return started
    const definition = settling.definitions.find(({ name }) => name === event?.entity)
    if (event !== undefined && definition === undefined)
      return E.left(invalidQuery('settled', 'receipt', 'is of no entity of this pipeline'))
    const found = await goalsOf(settling)
    if (found._tag === 'Left') return found
    const goals = [...found.right]
    const until = performance.now() + timeout
    for (;;) {
      const held =
        event === undefined || definition === undefined
          ? await passedAll(settling, goals)
          : await holds(settling, definition, event, goals)
      if (held._tag === 'Left') return held
      if (held.right) return E.right(undefined)
      const stuck = event === undefined ? E.right(undefined) : await checkParked(settling, event)
      if (stuck._tag === 'Left') return stuck
      if (performance.now() >= until)
        return E.left(timedOut('settled', `the projections do not hold it after ${timeout} ms`))
      await pause(lookEach)
    }
  }
