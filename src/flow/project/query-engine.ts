// The query-engine projection: rows idempotent by entity and sequence; columns are made before the rows that
// need them.
import { E, type TaskEither } from '../../fp.ts'
import type { StoredEvent } from '../../model/event.ts'
import { unavailable } from '../../model/errors.ts'
import type { EventStore } from '../../ports/event-store.ts'
import type { QueryEngine } from '../../ports/query-engine.ts'
import type { Delivery, TopicError } from '../../ports/topic.ts'
import type { Failed, Work } from '../consume/consume.ts'

/** Makes the engine hold the entity's stored schema. */
export const evolveStored =
  (store: EventStore, engine: QueryEngine, entity: string): TaskEither<TopicError, void> =>
  async () => {
    const schema = await store.schema(entity)()
    if (schema._tag === 'Left' || schema.right === undefined)
      return schema._tag === 'Left' ? schema : E.right(undefined)
    return engine.evolve(entity, schema.right.schema)()
  }

// Whether rows themselves are refused. What is missing around them (a role, a dataset, a package) is no fault
// of theirs: nothing is parked for it.
const isRefusal = ({ _tag, retry }: TopicError): boolean => _tag === 'Unavailable' && !retry

// The rows that the engine refuses for good, found by halves; the others are written.
const culprits = async (
  engine: QueryEngine,
  entity: string,
  events: readonly StoredEvent[],
  reason: string,
): Promise<E.Either<TopicError, readonly Failed[]>> => {
  if (events.length <= 1)
    return E.right(events.map(({ entityId, sequence }) => ({ entityId, sequence, retry: false, reason })))
  const middle = Math.ceil(events.length / 2)
  const failures: Failed[] = []
  for (const half of [events.slice(0, middle), events.slice(middle)]) {
    const appended = await engine.append(entity, half)()
    if (appended._tag === 'Right') continue
    if (!isRefusal(appended.left)) return appended
    const found = await culprits(engine, entity, half, appended.left.message)
    if (found._tag === 'Left') return found
    failures.push(...found.right)
  }
  return E.right(failures)
}

/**
 * Appends the events of one entity kind; the position moves in the same transaction, where the engine keeps
 * one.
 */
export const projectQueryEngine =
  (store: EventStore, engine: QueryEngine, entity: string): Work =>
  (events, position): TaskEither<TopicError, readonly Failed[]> =>
  async () => {
    const evolved = await evolveStored(store, engine, entity)()
    if (evolved._tag === 'Left') return evolved
    const appended = await engine.append(entity, events, position)()
    if (appended._tag === 'Right') return appended.right ? E.right([]) : E.left(moved(entity))
    if (!isRefusal(appended.left)) return appended
    const failures = await culprits(engine, entity, events, appended.left.message)
    if (failures._tag === 'Left' || position === undefined) return failures
    return stepped(await engine.append(entity, [], position)(), entity, failures.right)
  }

const moved = (entity: string): TopicError =>
  unavailable(`query engine ${entity}`, 'another process moved the position: reading it again')

const stepped = (
  step: E.Either<TopicError, boolean>,
  entity: string,
  failures: readonly Failed[],
): E.Either<TopicError, readonly Failed[]> =>
  step._tag === 'Left' ? step : step.right ? E.right(failures) : E.left(moved(entity))

/** The engine's own position as the subscription's. */
export const positionOf =
  (engine: QueryEngine, entity: string) =>
  (): TaskEither<TopicError, Exclude<Delivery['position'], undefined>['before']> =>
    engine.position(entity)
