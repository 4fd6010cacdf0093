// Append on Datastore: look everything up, commit what is new in single-use transactions, and look again at
// what met another's commit.
import { randomUUID } from 'node:crypto'
import { E } from '../../../fp.ts'
import type { Outcome } from '../../../model/candidate.ts'
import { contention, reasonOf, unavailable } from '../../../model/errors.ts'
import { instantOfDate } from '../../../model/instant.ts'
import type { Batch, EventStore, StoreError } from '../../../ports/event-store.ts'
import { infoOfProperties, writeOf } from './codec.ts'
import { keyText, type CommitFailure, type Datastore } from './datastore.ts'
import { putSchemas } from './schema.ts'
import type { EventStoreOptions } from './appending.ts'
import { eventKey, schemaKey } from './keys.ts'
import type { Outbox } from './outbox.ts'
import { byEntity, keysFor, planEntity, type Item, type Known, type Planned } from './plan.ts'
import { backoff, pause } from '../../../waiting.ts'
import { mostMutations, mostBytes, mostEntities, type Chunk, chunksOf } from './chunks.ts'
import type { Appending, AppendResult } from './appending.ts'

/** Rounds without a commit that went through, and rounds in which the server did not answer. */
const conflicts = 12

const silences = 4

const keep = (
  { outcomes }: Appending,
  planned: readonly Planned[],
  asked: Extract<Planned, { sequence: number }>[],
): void => {
  for (const each of planned) {
    if ('outcome' in each) outcomes[each.at] = each.outcome
    else asked.push(each)
  }
}

const commitChunk = async (
  appending: Appending,
  { entity, plans }: Chunk,
): Promise<E.Either<CommitFailure, void>> => {
  const stored = plans.flatMap((plan) => plan.stored)
  const row =
    stored.length === 0
      ? undefined
      : appending.outbox.row(
          entity,
          stored.map(({ info }) => info.eventId),
        )
  const mutations = plans.flatMap((plan) => plan.mutations)
  const done = await appending.store.commit(
    `append ${entity}`,
    row === undefined ? mutations : [...mutations, row.mutation],
  )()
  if (done._tag === 'Right') {
    row?.committed()
    return E.right(undefined)
  }
  if (done.left._tag === 'unknown')
    for (const { item, info } of stored) appending.attempted.set(item.at, info)
  return done
}

// What a lost answer hid: the event stands where this append would have put it, and bears its name.
const recovered = (
  { attempted, outcomes, write }: Appending,
  items: readonly Item[],
  known: Known,
): readonly Item[] =>
  items.filter(({ at, candidate }) => {
    const info = attempted.get(at)
    const found =
      info === undefined
        ? undefined
        : known.get(keyText(eventKey(candidate.entity, candidate.entityId, info.sequence)))
    if (found === undefined || writeOf(found) !== write) return true
    outcomes[at] = { status: 'stored', event: infoOfProperties(candidate.entityId, found.properties) }
    return false
  })

// One round: what is decided without a write has its outcome, the rest is committed; what failed is left for
// the next round.
const round = async (
  appending: Appending,
  items: readonly Item[],
  known: Known,
  asked: Extract<Planned, { sequence: number }>[],
): Promise<{
  readonly rest: readonly Item[]
  readonly failures: readonly CommitFailure[]
  readonly went: boolean
}> => {
  const { options, write } = appending
  const recordedAt = instantOfDate(new Date()) as string
  const plans = byEntity(items).map((group) =>
    planEntity(group, known, {
      write,
      recordedAt,
      index: options.index[(group[0] as Item).candidate.entity] ?? [],
      most: appending.most,
      mostBytes,
    }),
  )
  const rest: Item[] = plans.flatMap((plan) => plan.rest)
  const failures: CommitFailure[] = []
  let went = false
  for (const plan of plans) if (plan.mutations.length === 0) keep(appending, plan.planned, asked)
  const chunks = chunksOf(
    plans.filter(({ mutations }) => mutations.length > 0),
    appending.size,
  )
  await Promise.all(
    chunks.map(async (chunk) => {
      const done = await commitChunk(appending, chunk)
      if (done._tag === 'Right') {
        went = true
        for (const { planned } of chunk.plans) keep(appending, planned, asked)
        return
      }
      failures.push(done.left)
      const positions = new Set(chunk.plans.flatMap(({ planned }) => planned.map(({ at }) => at)))
      rest.push(...items.filter(({ at }) => positions.has(at)))
    }),
  )
  if (failures.some(({ _tag }) => _tag === 'conflict')) appending.size = Math.max(1, appending.size >> 1)
  if (failures.some(({ _tag }) => _tag === 'refused')) {
    // An older mode takes few entities in a transaction.
    if (appending.size > 1) appending.size = Math.max(1, appending.size >> 2)
    else appending.most = Math.max(1, appending.most >> 2)
  }
  return { rest: rest.sort((a, b) => a.at - b.at), failures, went }
}

// Outcomes whose event was neither the marked nor the latest one.
const fill = async (
  { store, outcomes }: Appending,
  asked: readonly Extract<Planned, { sequence: number }>[],
): Promise<E.Either<StoreError, void>> => {
  if (asked.length === 0) return E.right(undefined)
  const found = await store.lookup(
    'append',
    asked.map(({ candidate, sequence }) => eventKey(candidate.entity, candidate.entityId, sequence)),
  )()
  if (found._tag === 'Left') return found
  for (const { at, candidate, sequence } of asked) {
    const event = found.right.get(keyText(eventKey(candidate.entity, candidate.entityId, sequence)))
    const status = candidate.untransformed === true ? 'untransformed' : 'duplicate'
    if (event === undefined)
      return E.left(contention('append', `event ${sequence} of ${candidate.entityId} is gone`))
    outcomes[at] = { status, event: infoOfProperties(candidate.entityId, event.properties) }
  }
  return E.right(undefined)
}

/**
 * The whole append, for one batch. Whatever it throws (a candidate that cannot be read) is the answer of the
 * whole batch.
 */
export const append =
  (store: Datastore, outbox: Outbox, options: EventStoreOptions): EventStore['append'] =>
  (batch) =>
  () =>
    appendBatch(store, outbox, options, batch).catch((thrown: unknown) =>
      E.left(unavailable('append', reasonOf(thrown), thrown)),
    )

const appendBatch = async (
  store: Datastore,
  outbox: Outbox,
  options: EventStoreOptions,
  batch: Batch,
): Promise<AppendResult> => {
  const appending: Appending = {
    store,
    outbox,
    options,
    write: randomUUID(),
    outcomes: [],
    attempted: new Map(),
    size: mostEntities,
    most: (mostMutations - 2) >> 1,
  }
  const asked: Extract<Planned, { sequence: number }>[] = []
  let items: readonly Item[] = batch.candidates.map((candidate, at) => ({ at, candidate }))
  let began = false
  for (let met = 0, silent = 0; items.length > 0 || !began;) {
    // The schema is looked at once, before the first write: whatever changes an entity later conflicts at its
    // head.
    const guards = began ? [] : batch.guards.map(({ entity }) => schemaKey(entity))
    const hidden = items.flatMap(({ at, candidate }) => {
      const info = appending.attempted.get(at)
      return info === undefined ? [] : [eventKey(candidate.entity, candidate.entityId, info.sequence)]
    })
    const known = await store.lookup('append', [...guards, ...keysFor(items), ...hidden])()
    if (known._tag === 'Left') return known
    const stopped = began ? undefined : await putSchemas(appending, batch, known.right)
    if (stopped !== undefined) return stopped
    began = true
    const { rest, failures, went } = await round(
      appending,
      recovered(appending, items, known.right),
      known.right,
      asked,
    )
    const fatal =
      failures.find(({ _tag }) => _tag === 'failed') ??
      (appending.most === 1 && appending.size === 1
        ? failures.find(({ _tag }) => _tag === 'refused')
        : undefined)
    if (fatal !== undefined) return E.left(fatal.error)
    if (failures.some(({ _tag }) => _tag === 'unknown') && ++silent >= silences)
      return E.left((failures.find(({ _tag }) => _tag === 'unknown') as CommitFailure).error)
    if (failures.length > 0 && !went && ++met >= conflicts)
      return E.left(contention('append', 'other processes keep writing these entities', failures[0]?.error))
    if (went) met = 0
    if (failures.length > 0) await pause(backoff(met + silent * 2 + 1, options.pause, options.pause * 128))
    items = rest
  }
  const filled = await fill(appending, asked)
  return filled._tag === 'Left'
    ? filled
    : E.right({ _tag: 'appended', outcomes: appending.outcomes as Outcome[] })
}
