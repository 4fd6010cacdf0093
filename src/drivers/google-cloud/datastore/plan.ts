// What a batch becomes on Datastore: looked up once, decided in memory entity by entity, cut into commits.
import { E, type TaskEither } from '../../../fp.ts'
import { decide, type Candidate, type Decision, type Outcome } from '../../../model/candidate.ts'
import type { EventInfo } from '../../../model/event.ts'
import { eventIdOf } from '../../../model/identity.ts'
import {
  eventProperties,
  headOf,
  headProperties,
  infoOfProperties,
  markProperties,
  type HeadAndInfo,
} from './codec.ts'
import {
  keyText,
  type Datastore,
  type DatastoreError,
  type Found,
  type Key,
  type Mutation,
} from './datastore.ts'
import { eventKey, headKey, markKey } from './keys.ts'

/** A candidate and its place in the batch. */
export interface Item {
  readonly at: number
  readonly candidate: Candidate
}

/** An outcome, or (`sequence`) one that still needs the metadata of an event that was not looked up. */
export type Planned =
  | { readonly at: number; readonly outcome: Outcome }
  | { readonly at: number; readonly sequence: number; readonly candidate: Candidate }

/** One entity's part of a commit. */
export interface EntityPlan {
  readonly entity: string
  readonly planned: readonly Planned[]
  readonly mutations: readonly Mutation[]
  /** The events that it stores, and the candidates that they come from. */
  readonly stored: readonly { readonly item: Item; readonly info: EventInfo }[]
  readonly bytes: number
  /** What did not fit this commit. */
  readonly rest: readonly Item[]
}

export type Known = ReadonlyMap<string, Found>

/** Everything that decides these candidates. */
export const keysFor = (items: readonly Item[]): readonly Key[] =>
  items.flatMap(({ candidate: { entity, entityId, marks } }) => [
    headKey(entity, entityId),
    ...marks.map(({ fingerprint }) => markKey(entity, entityId, fingerprint)),
  ])

/** Candidates of one entity, each entity's in their order. */
export const byEntity = (items: readonly Item[]): readonly (readonly Item[])[] => {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = `${item.candidate.entity}/${item.candidate.entityId}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

const infoFor = (
  { entityId, occurredAt, source, version, correlationId }: Candidate,
  sequence: number,
  recordedAt: string,
): EventInfo => ({
  entityId,
  eventId: eventIdOf(entityId, sequence),
  sequence,
  occurredAt,
  recordedAt,
  source,
  ...(version === undefined ? {} : { version }),
  ...(correlationId === undefined ? {} : { correlationId }),
})

interface Deciding {
  head: HeadAndInfo | undefined
  readonly marks: Map<string, EventInfo>
}

const markedBy = (
  { marks }: Deciding,
  { entity, entityId, marks: own }: Candidate,
  known: Known,
): EventInfo | undefined => {
  for (const { fingerprint } of own) {
    const planned = marks.get(fingerprint)
    if (planned !== undefined) return planned
    const found = known.get(keyText(markKey(entity, entityId, fingerprint)))
    if (found !== undefined) return infoOfProperties(entityId, found.properties)
  }
  return undefined
}

// A receipt's event is the marked one or the latest; both are at hand.
const receiptOf = (
  deciding: Deciding,
  marked: EventInfo | undefined,
  { at, candidate }: Item,
  status: 'duplicate' | 'outdated',
  sequence: number,
): Planned => {
  const event =
    marked?.sequence === sequence
      ? marked
      : deciding.head?.latest.sequence === sequence
        ? deciding.head.latest
        : undefined
  return event === undefined ? { at, sequence, candidate } : { at, outcome: { status, event } }
}

/**
 * How an append writes: who it is, when, which typed copies events bear, and how many candidates one entity
 * may store in a commit.
 */
export interface Writing {
  readonly write: string
  readonly recordedAt: string
  readonly index: readonly string[]
  readonly most: number
  readonly mostBytes: number
}

/** Decides one entity's candidates on what was found. */
export const planEntity = (items: readonly Item[], known: Known, writing: Writing): EntityPlan => {
  const { entity, entityId } = (items[0] as Item).candidate
  const key = headKey(entity, entityId)
  const found = known.get(keyText(key))
  const before = found === undefined ? undefined : headOf(found)
  const deciding: Deciding = { head: before, marks: new Map() }
  const planned: Planned[] = []
  const mutations: Mutation[] = []
  const stored: { readonly item: Item; readonly info: EventInfo }[] = []
  let bytes = 0
  let taken = 0
  const store = (item: Item, decision: Decision & { readonly _tag: 'store' }): void => {
    const { candidate } = item
    const info = infoFor(candidate, decision.sequence, writing.recordedAt)
    mutations.push({
      insert: eventKey(entity, entityId, decision.sequence),
      properties: eventProperties(candidate, info, writing.write, writing.index),
    })
    const { fingerprint } = candidate.marks[0]
    mutations.push({ insert: markKey(entity, entityId, fingerprint), properties: markProperties(info) })
    deciding.marks.set(fingerprint, info)
    deciding.head = {
      head: decision.head,
      latest:
        decision.head.latest.sequence === info.sequence || deciding.head === undefined
          ? info
          : deciding.head.latest,
    }
    bytes += Buffer.byteLength(candidate.payload, 'utf8') + 1_500
    stored.push({ item, info })
    planned.push({ at: item.at, outcome: { status: 'stored', event: info } })
  }
  for (const item of items) {
    if (
      stored.length >= writing.most ||
      (stored.length > 0 && bytes + Buffer.byteLength(item.candidate.payload, 'utf8') > writing.mostBytes)
    )
      break
    taken++
    const marked = markedBy(deciding, item.candidate, known)
    const decision = decide(item.candidate, deciding.head?.head, marked?.sequence)
    if (decision._tag !== 'store') {
      planned.push(receiptOf(deciding, marked, item, decision._tag, decision.of))
      if (decision._tag === 'duplicate' && decision.head !== undefined && deciding.head !== undefined)
        deciding.head = { ...deciding.head, head: decision.head }
    } else if (item.candidate.untransformed === true) {
      const last = decision.sequence - 1
      planned.push(
        deciding.head?.latest.sequence === last
          ? { at: item.at, outcome: { status: 'untransformed', event: deciding.head.latest } }
          : { at: item.at, sequence: last, candidate: item.candidate },
      )
    } else store(item, decision)
  }
  if (deciding.head !== before && deciding.head !== undefined) {
    const properties = headProperties(deciding.head)
    mutations.push(
      found === undefined ? { insert: key, properties } : { upsert: key, properties, base: found.version },
    )
  }
  return { entity, planned, mutations, stored, bytes, rest: items.slice(taken) }
}

/** Whether each candidate would be found duplicate or outdated now. */
export const lookup =
  (store: Datastore) =>
  (candidates: readonly Candidate[]): TaskEither<DatastoreError, readonly boolean[]> =>
  async () => {
    const items = candidates.map((candidate, at) => ({ at, candidate }))
    const known = await store.lookup('lookup', keysFor(items))()
    if (known._tag === 'Left') return known
    return E.right(
      candidates.map((candidate) => {
        const { entity, entityId } = candidate
        const found = known.right.get(keyText(headKey(entity, entityId)))
        const marked = markedBy({ head: undefined, marks: new Map() }, candidate, known.right)
        return (
          decide(candidate, found === undefined ? undefined : headOf(found).head, marked?.sequence)._tag !==
          'store'
        )
      }),
    )
  }
