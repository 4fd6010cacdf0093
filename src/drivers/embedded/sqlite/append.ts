// Append on SQLite: each candidate decided against its entity's head and marks, then numbered and inserted.
import { decide, type Candidate, type Decision, type Head, type Outcome } from '../../../model/candidate.ts'
import type { EventInfo } from '../../../model/event.ts'
import { eventIdOf } from '../../../model/identity.ts'
import { arrays, bytesOfDigest, bytesOfId, markOf } from './codec.ts'
import type { Sqlite } from './client.ts'
import { eventsTable, headsTable } from './tables.ts'

// Rows as arrays, digests as text: an object, and a buffer for each BLOB, would cost more than the look
// itself.
type HeadRow = readonly [
  sequence: number,
  latestAt: string,
  latestSequence: number,
  rule: string,
  content: string,
  seenAt: string,
  seen: string | null,
]

type InfoRow = readonly [
  sequence: number,
  occurredAt: string,
  recordedAt: string,
  source: string,
  version: string | null,
  correlationId: string | null,
]

const infoColumns = 'sequence, occurred_at, recorded_at, source, version, correlation_id'

export const statements = (db: Sqlite, entity: string) => ({
  head: arrays(
    db.statement(
      `SELECT sequence, latest_at, latest_sequence, rule, lower(hex(content)), seen_at, seen FROM ` +
        `${headsTable(entity)} WHERE entity_id = ?`,
    ),
  ),
  marked: arrays(
    db.statement(
      `SELECT ${infoColumns} FROM ${eventsTable(entity)} WHERE mark = ? AND entity_id = ? AND ` +
        `fingerprint = ?`,
    ),
  ),
  event: arrays(
    db.statement(`SELECT ${infoColumns} FROM ${eventsTable(entity)} WHERE entity_id = ? AND sequence = ?`),
  ),
  insert: db.statement(
    `INSERT INTO ${eventsTable(entity)} (entity_id, sequence, kind, occurred_at, recorded_at, source, ` +
      `version, correlation_id, mark, fingerprint, payload) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
  ),
  putHead: db.statement(
    `INSERT INTO ${headsTable(entity)} (entity_id, sequence, latest_at, latest_sequence, rule, content, ` +
      `seen_at, seen) VALUES (?,?,?,?,?,?,?,?) ` +
      'ON CONFLICT (entity_id) DO UPDATE SET sequence = excluded.sequence, latest_at = ' +
      'excluded.latest_at, latest_sequence = excluded.latest_sequence, rule = excluded.rule, content = ' +
      'excluded.content, seen_at = excluded.seen_at, seen = excluded.seen',
  ),
})

const headOf = (sql: Statements, id: Uint8Array): Head | undefined => {
  const row = sql.head.get(id) as unknown as HeadRow | undefined
  if (row === undefined) return undefined
  const [sequence, latestAt, latestSequence, rule, content, seenAt, seen] = row
  return {
    sequence,
    latest: { occurredAt: latestAt, sequence: latestSequence, rule, content },
    seenAt,
    seen: seen === null ? [] : (JSON.parse(seen) as string[]),
  }
}

const infoOfRow = (
  entityId: string,
  [sequence, occurredAt, recordedAt, source, version, correlationId]: InfoRow,
): EventInfo => ({
  entityId,
  eventId: eventIdOf(entityId, sequence),
  sequence,
  occurredAt,
  recordedAt,
  source,
  ...(version === null ? undefined : { version }),
  ...(correlationId === null ? undefined : { correlationId }),
})

export type Statements = ReturnType<typeof statements>

const putHead = (sql: Statements, id: Uint8Array, { sequence, latest, seenAt, seen }: Head): void => {
  sql.putHead.run(
    id,
    sequence,
    latest.occurredAt,
    latest.sequence,
    latest.rule,
    bytesOfDigest(latest.content),
    seenAt,
    seen.length === 0 ? null : JSON.stringify(seen),
  )
}

// The event that bears one of the candidate's fingerprints: its row is the receipt of a duplicate, without a
// look of its own.
const markedRow = (sql: Statements, id: Uint8Array, candidate: Candidate): InfoRow | undefined => {
  for (const { fingerprint } of candidate.marks) {
    const row = sql.marked.get(markOf(fingerprint), id, bytesOfDigest(fingerprint)) as unknown as
      InfoRow | undefined
    if (row !== undefined) return row
  }
  return undefined
}

const insert = (
  sql: Statements,
  id: Uint8Array,
  candidate: Candidate,
  sequence: number,
  recordedAt: string,
): EventInfo => {
  const {
    entityId,
    kind,
    occurredAt,
    source,
    version,
    correlationId,
    payload,
    marks: [mark],
  } = candidate
  sql.insert.run(
    id,
    sequence,
    kind,
    occurredAt,
    recordedAt,
    source,
    version ?? null,
    correlationId ?? null,
    markOf(mark.fingerprint),
    bytesOfDigest(mark.fingerprint),
    payload,
  )
  return {
    entityId,
    eventId: eventIdOf(entityId, sequence),
    sequence,
    occurredAt,
    recordedAt,
    source,
    ...(version === undefined ? {} : { version }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
}

// What is expected to be known is looked for by its mark first: in `history` mode that settles it, without
// the head.
export const decisionOn = (
  sql: Statements,
  id: Uint8Array,
  candidate: Candidate,
  isExpected: boolean,
): { readonly decision: Decision; readonly marked: InfoRow | undefined } => {
  const early = isExpected && candidate.by === 'history' ? markedRow(sql, id, candidate) : undefined
  if (early !== undefined) return { decision: decide(candidate, undefined, early[0]), marked: early }
  const head = headOf(sql, id)
  const marked = head === undefined ? undefined : markedRow(sql, id, candidate)
  return { decision: decide(candidate, head, marked?.[0]), marked }
}

const eventAt = (sql: Statements, id: Uint8Array, { entityId }: Candidate, sequence: number): EventInfo =>
  infoOfRow(entityId, sql.event.get(id, sequence) as unknown as InfoRow)

export const appendOne = (
  sql: Statements,
  candidate: Candidate,
  recordedAt: string,
  isExpected: boolean,
): Outcome => {
  const id = bytesOfId(candidate.entityId)
  const { decision, marked } = decisionOn(sql, id, candidate, isExpected)
  if (decision._tag === 'store') {
    if (candidate.untransformed === true)
      return { status: 'untransformed', event: eventAt(sql, id, candidate, decision.sequence - 1) }
    const event = insert(sql, id, candidate, decision.sequence, recordedAt)
    putHead(sql, id, decision.head)
    return { status: 'stored', event }
  }
  if (decision._tag === 'duplicate' && decision.head !== undefined) putHead(sql, id, decision.head)
  return {
    status: decision._tag,
    event:
      marked?.[0] === decision.of
        ? infoOfRow(candidate.entityId, marked)
        : eventAt(sql, id, candidate, decision.of),
  }
}
