// settled, where the topic is no log: nobody counts what waits in it, so the projections are asked for the
// events themselves.
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { notStarted, parked, timedOut, type Contention, type ReadError } from '../../model/errors.ts'
import type { Receipt } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { ScanCursor } from '../../ports/event-store.ts'
import { pause } from '../../waiting.ts'
import type { Recent } from './recent.ts'
import { builtIn, builtInSubscription } from '../consume/built-in.ts'
import { tableOf } from './view.ts'

type SettleResult<A> = E.Either<ReadError | Contention, A>

/** Events asked for at once; milliseconds between looks, growing. */
const askSize = 500
const firstLook = 10
const lastLook = 1_000

interface Asking {
  readonly ports: Ports
  readonly definition: Definition
}

// Those of these events that the views do not hold yet.
const lackingInViews = async (
  { ports: { viewStore }, definition }: Asking,
  events: readonly ScanCursor[],
): Promise<SettleResult<readonly ScanCursor[]>> => {
  const generation = await viewStore.generations.of(definition.name)()
  if (generation._tag === 'Left') return generation
  const found = await viewStore.get(
    tableOf(definition, generation.right.active),
    events.map(({ entityId }) => entityId),
  )()
  if (found._tag === 'Left') return found
  const held = new Map(found.right.map(({ entityId, sequence }) => [entityId, sequence]))
  return E.right(events.filter(({ entityId, sequence }) => (held.get(entityId) ?? 0) < sequence))
}

// Those of some events that one of the projections does not hold yet. Rows are asked for only once the views
// hold all: a question to the query engine costs.
const lackingOf = async (
  asking: Asking,
  events: readonly ScanCursor[],
): Promise<SettleResult<readonly ScanCursor[]>> => {
  const views = await lackingInViews(asking, events)
  return views._tag === 'Left' || views.right.length > 0
    ? views
    : asking.ports.queryEngine.lacking(asking.definition.name, events)()
}

interface Waiting {
  readonly left: readonly ScanCursor[]
  readonly why?: string
}

// Parked events never come.
const withoutParked = async (
  { ports: { topic }, definition: { name } }: Asking,
  events: readonly ScanCursor[],
): Promise<SettleResult<Waiting>> => {
  let left = events
  let why: string | undefined
  for (const projection of builtIn) {
    const aside = await topic.deferrals.of(
      projection,
      name,
      events.slice(0, askSize).map(({ entityId }) => entityId),
    )()
    if (aside._tag === 'Left') return aside
    for (const letter of aside.right.parked) {
      if (left.some(({ entityId, sequence }) => entityId === letter.entityId && sequence >= letter.sequence))
        why ??=
          `${projection} parked ${name} ${letter.entityId} ` + `at event ${letter.sequence}: ${letter.reason}`
      left = left.filter(
        ({ entityId, sequence }) => entityId !== letter.entityId || sequence < letter.sequence,
      )
    }
  }
  return E.right({ left, ...(why === undefined ? {} : { why }) })
}

// Somebody must be projecting: the subscriptions are there.
const checkRegistered = async (
  { topic }: Ports,
  definitions: readonly Definition[],
): Promise<SettleResult<void>> => {
  for (const { name } of definitions) {
    for (const projection of builtIn) {
      const progress = await topic.progress(builtInSubscription(projection, name))()
      if (progress._tag === 'Left') return progress
      if (!progress.right.registered)
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

const awaited = async (
  asking: Asking,
  events: readonly ScanCursor[],
  isOne: boolean,
  until: number,
  timeout: number,
): Promise<SettleResult<void>> => {
  for (let left = events, look = firstLook; ; look = Math.min(lastLook, look * 1.5)) {
    const lacking = await lackingOf(asking, left)
    if (lacking._tag === 'Left') return lacking
    // All are asked for again: those that the views hold may lack a row.
    const waiting: SettleResult<Waiting> =
      lacking.right.length === 0 ? E.right({ left: [] }) : await withoutParked(asking, left)
    if (waiting._tag === 'Left') return waiting
    if (isOne && waiting.right.why !== undefined) return E.left(parked('settled', waiting.right.why))
    left = waiting.right.left
    if (left.length === 0) return E.right(undefined)
    if (performance.now() >= until)
      return E.left(
        timedOut(
          'settled',
          `the projections do not hold ${left.length} events of ${asking.definition.name} after ` +
            `${timeout} ms`,
        ),
      )
    await pause(look)
  }
}

/**
 * Waits for one event, or for the last event of each entity that this process had stored since it was last
 * settled.
 */
export const settledByStores =
  (
    ports: Ports,
    definitions: readonly Definition[],
    recent: Recent,
    event: Receipt | undefined,
    timeout: number,
  ): TaskEither<ReadError | Contention, void> =>
  async () => {
    const registered = await checkRegistered(ports, definitions)
    if (registered._tag === 'Left') return registered
    const until = performance.now() + timeout
    for (const definition of definitions) {
      const asking: Asking = { ports, definition }
      const wanted =
        event === undefined
          ? recent.of(definition.name)
          : event.entity === definition.name
            ? [{ entityId: event.entityId, sequence: event.sequence }]
            : []
      // Some at a time: while these are awaited, the others come as well.
      for (let i = 0; i < wanted.length; i += askSize) {
        const waited = await awaited(
          asking,
          wanted.slice(i, i + askSize),
          event !== undefined,
          until,
          timeout,
        )
        if (waited._tag === 'Left') return waited
      }
      if (event === undefined) recent.forget(definition.name, wanted)
    }
    return E.right(undefined)
  }
