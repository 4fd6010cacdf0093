// Candidates: updates that passed every check and ask the event store whether they are new.
import type { EventInfo, EventKind, Moment } from './event.ts'
import { limits } from './limits.ts'

/**
 * An update's fingerprints under one rule, as hex SHA-256. `content`: operation and canonical content without
 * ignored
 * properties and timestamp. `fingerprint`: the same with the timestamp. Both name the rule.
 */
export interface Mark {
  readonly rule: string
  readonly content: string
  readonly fingerprint: string
  /**
   * An older rule that ignores what the current one compares: that content is the same under it does not say
   * that it is the same now.
   */
  readonly loose?: true
}

/**
 * An update that passed every check, as an event store is asked to append it; it becomes event `sequence` of
 * its entity, or nothing.
 */
export interface Candidate {
  readonly entity: string
  readonly entityId: string
  readonly kind: Exclude<EventKind, 'erased'>
  readonly by: 'history' | 'latest'
  readonly occurredAt: string
  readonly source: string
  readonly version?: string
  readonly correlationId?: string
  readonly payload: string
  /**
   * The lookup knew this content, so that no transformer ran: where it turns out to be new after all, it is
   * not stored.
   */
  readonly untransformed?: true
  /** One a rule that the entity has used; the current rule's first. */
  readonly marks: readonly [Mark, ...Mark[]]
}

/** What the event store keeps per entity, so that a decision never reads its history. */
export interface Head {
  /** The last event's. */
  readonly sequence: number
  /** The event that is the latest state, by (occurredAt, sequence), and its content's mark. */
  readonly latest: Moment & { readonly rule: string; readonly content: string }
  /** The greatest occurredAt stored or found duplicate. */
  readonly seenAt: string
  /** Fingerprints found duplicate at `seenAt` without an event of their own; at most 32. */
  readonly seen: readonly string[]
}

/**
 * `store`: append under the head's next sequence. `duplicate`, `outdated`: the event `of` holds the content,
 * or is newer. `head` is what to write, where it changed.
 */
export type Decision =
  | { readonly _tag: 'store'; readonly sequence: number; readonly head: Head }
  | { readonly _tag: 'duplicate'; readonly of: number; readonly head?: Head }
  | { readonly _tag: 'outdated'; readonly of: number }

/**
 * What a candidate turned out to be. `untransformed`: it was marked so and would have been stored; nothing
 * was written, and `event` is the latest.
 */
export interface Outcome {
  readonly status: 'stored' | 'duplicate' | 'outdated' | 'untransformed'
  readonly event: EventInfo
}

const storeAfter = (candidate: Candidate, head: Head | undefined): Decision => {
  const sequence = (head?.sequence ?? 0) + 1
  const [mark] = candidate.marks
  const isLatest = head === undefined || candidate.occurredAt >= head.latest.occurredAt
  const isNewer = head === undefined || candidate.occurredAt > head.seenAt
  return {
    _tag: 'store',
    sequence,
    head: {
      sequence,
      latest: isLatest
        ? { occurredAt: candidate.occurredAt, sequence, rule: mark.rule, content: mark.content }
        : head.latest,
      seenAt: isNewer ? candidate.occurredAt : head.seenAt,
      seen: isNewer ? [] : head.seen,
    },
  }
}

const seenToo = (candidate: Candidate, head: Head): Head => ({
  ...head,
  seenAt: candidate.occurredAt,
  seen: [...(candidate.occurredAt > head.seenAt ? [] : head.seen), candidate.marks[0].fingerprint].slice(
    -limits.seen,
  ),
})

/**
 * Whether a candidate is new, a duplicate or outdated. `marked` is the sequence of the event that bears one
 * of the
 * candidate's fingerprints, if any; in `history` mode it settles a duplicate without the head. The one place
 * that decides; every driver calls it inside its transaction.
 */
export const decide = (
  candidate: Candidate,
  head: Head | undefined,
  marked: number | undefined,
): Decision => {
  if (candidate.by === 'history')
    return marked === undefined ? storeAfter(candidate, head) : { _tag: 'duplicate', of: marked }
  if (head === undefined) return storeAfter(candidate, head)
  if (candidate.occurredAt < head.seenAt) return { _tag: 'outdated', of: head.latest.sequence }
  if (
    candidate.occurredAt === head.seenAt &&
    (marked !== undefined || candidate.marks.some(({ fingerprint }) => head.seen.includes(fingerprint)))
  ) {
    return { _tag: 'duplicate', of: marked ?? head.latest.sequence }
  }
  if (
    candidate.marks.some(
      ({ rule, content, loose }) =>
        loose !== true && rule === head.latest.rule && content === head.latest.content,
    )
  ) {
    return { _tag: 'duplicate', of: head.latest.sequence, head: seenToo(candidate, head) }
  }
  return storeAfter(candidate, head)
}
