// The receiver: decides what updates are and appends them, many in one commit; a bad one never harms its
// neighbours.
import { E } from '../../fp.ts'
import { admit, type Submitted } from '../../model/admit.ts'
import { placed, placeOf, refusedUnnamed } from '../../model/carried.ts'
import type { Candidate, Outcome } from '../../model/candidate.ts'
import { closed, contention, invalidUpdate, unavailable, type SubmitError } from '../../model/errors.ts'
import type { EventInfo, Receipt, StoredEvent } from '../../model/event.ts'
import { problem } from '../../model/problem.ts'
import { definitionOf, type Context } from '../context.ts'
import { turns } from './turns.ts'
import { entityOf, type Pending, type PushResult, type Receiving } from './pending.ts'
import type { Schemas } from '../schemas.ts'
import { turn } from '../../waiting.ts'
import { type Prepared, prepare } from './prepare.ts'

export interface Receiver {
  /** Takes an update; never throws. Updates of one entity are appended in the order they were pushed. */
  readonly push: (submitted: Submitted, done: (result: PushResult) => void) => void
  /** Resolves when everything pushed so far has its result. */
  readonly idle: () => Promise<void>
}

/** Pushes one update and waits for what becomes of it. */
export const submitOne = (receiver: Receiver, submitted: Submitted): Promise<PushResult> =>
  new Promise((resolve) => {
    receiver.push(submitted, resolve)
  })

interface Committing extends Receiving {
  readonly transformAgain: (pending: Pending) => void
}

/** Updates of one commit at most, and their payloads' characters at most. */
const groupSize = 1_000

const groupLength = 4_000_000

/** How often a batch that found the schema changed is tried again. */
const schemaTries = 50

const storedEvent = (candidate: Candidate, outcome: Outcome): StoredEvent => ({
  ...outcome.event,
  entity: candidate.entity,
  kind: candidate.kind,
  payload: candidate.payload,
})

// The receipt carries the update's own correlation id, whichever event holds its content.
const receiptOf = (
  { entity, correlationId }: Candidate,
  { entityId, eventId, sequence, occurredAt, recordedAt, source, version }: EventInfo,
  status: Receipt['status'],
): Receipt => ({
  entityId,
  eventId,
  sequence,
  occurredAt,
  recordedAt,
  source,
  status,
  entity,
  ...(version === undefined ? undefined : { version }),
  ...(correlationId === undefined ? undefined : { correlationId }),
})

const onceOnly = (done: (result: PushResult) => void): ((result: PushResult) => void) => {
  let isDone = false
  return (result) => {
    if (!isDone) done(result)
    isDone = true
  }
}

const settle = (pending: readonly Pending[], error: SubmitError): void => {
  for (const { done } of pending) done(E.left(error))
}

const acknowledge = (
  receiving: Committing,
  { pending, candidates, guards }: Prepared,
  outcomes: readonly Outcome[],
): void => {
  for (const { entity, version, next } of guards)
    if (next !== undefined) receiving.schemas.replace(entity, version + 1, next)
  const events: StoredEvent[] = []
  for (let i = 0; i < candidates.length; i++) {
    const outcome = outcomes[i] as Outcome
    if (outcome.status === 'stored') events.push(storedEvent(candidates[i] as Candidate, outcome))
  }
  if (events.length > 0) receiving.relay(events)
  for (let i = 0; i < pending.length; i++) {
    const each = pending[i] as Pending
    const { status, event } = outcomes[i] as Outcome
    // What was known when it was looked up is new by now: its transformers must run after all.
    if (status === 'untransformed') receiving.transformAgain(each)
    else each.done(E.right(receiptOf(candidates[i] as Candidate, event, status)))
  }
}

// One commit: a batch that finds the schema changed by another process is checked against the new one and
// tried again.
const commit = async (receiving: Committing, batch: readonly Pending[]): Promise<void> => {
  let rest = batch
  for (let attempt = 0; attempt < schemaTries; attempt++) {
    const prepared = await prepare(receiving, rest)
    if (prepared.candidates.length === 0) return
    const appended = await receiving.ports.eventStore.append(prepared)()
    if (appended._tag === 'Left') return settle(prepared.pending, appended.left)
    if (appended.right._tag === 'appended') return acknowledge(receiving, prepared, appended.right.outcomes)
    for (const entity of appended.right.entities) receiving.schemas.forget(entity)
    rest = prepared.pending
  }
  settle(rest, contention('submit', 'other processes keep changing the schema'))
}

const admitAny: typeof admit = (definition, submitted, known, maxAhead) => {
  try {
    return admit(definition, submitted, known, maxAhead)
  } catch {
    return E.left(invalidUpdate(definition.name, [problem('WrongType', '', 'cannot be read')]))
  }
}

/**
 * `connect` gives the connected parts; `ready` is awaited before each commit (subscriptions registered before
 * miss nothing).
 */
export const receiver = (
  context: Context,
  connect: () => Promise<E.Either<SubmitError, Receiving>>,
  ready: () => Promise<unknown> | undefined,
): Receiver => {
  let queue: Pending[] = []
  let draining: Promise<void> | undefined
  let schemasNow: Schemas | undefined

  // As many as fit one commit, from the front.
  const take = (): readonly Pending[] => {
    let length = 0
    let count = 0
    while (count < queue.length && count < groupSize && length < groupLength)
      length += lengthOf(queue[count++] as Pending)
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    return batch
  }

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      // A turn of the event loop, so that callers woken by the last commit can join the next.
      await turn()
      const waiting = ready()
      if (waiting !== undefined) await waiting
      const connected = await connect()
      const batch = take()
      if (connected._tag === 'Left') settle(batch, connected.left)
      else {
        schemasNow = connected.right.schemas
        const again = (pending: Pending): void =>
          transforming.take({ admitted: pending.admitted, done: pending.done })
        // A driver of a third party's may throw where it should answer a left: nobody waits for ever.
        await commit({ ...connected.right, transformAgain: again }, batch).catch((thrown: unknown) =>
          settle(batch, unavailable('submit', 'an unforeseen failure', thrown)),
        )
      }
    }
    draining = undefined
  }
  const enqueue = (pending: Pending): void => {
    queue.push(pending)
    draining ??= drain()
  }
  const transforming = turns(connect, enqueue)

  const push = (submitted: Submitted, answer: (result: PushResult) => void): void => {
    if (context.isClosed()) return answer(E.left(closed('submit')))
    const at = placeOf(submitted)
    const done = at === undefined ? answer : placed(at, answer)
    const verb = at === undefined ? 'submit' : `submit (${at})`
    const definition = definitionOf(context, verb, entityOf(submitted))
    if (definition._tag === 'Left') return done(refusedUnnamed(submitted) ?? definition)
    const admitted = admitAny(
      definition.right,
      submitted,
      schemasNow?.peek(definition.right.name)?.properties,
      context.maxAhead,
    )
    if (admitted._tag === 'Left') return done(admitted)
    const pending: Pending = { admitted: admitted.right, done: onceOnly(done) }
    // A delete has nothing to transform, but waits its turn behind its entity's updates.
    if (definition.right.transform.length > 0) transforming.take(pending)
    else enqueue(pending)
  }

  const idle = async (): Promise<void> => {
    while (draining !== undefined || transforming.isBusy()) await (draining ?? transforming.idle())
  }
  return { push, idle }
}

// A rough measure is enough: it only keeps a commit of huge updates small.
const lengthOf = ({ admitted: { content } }: Pending): number => {
  let length = 0
  for (const name in content) length += 40 + (content[name]?.value?.length ?? 500)
  return length
}
