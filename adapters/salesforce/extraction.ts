// What a run carries through its parts: the org, the object, the plan, the server's clock, and how rows
// become records.
import type { AnyEntity, PageContext } from 'dreampipe'
import type { Described } from './org/describe.ts'
import type { Call, Org, Reply } from './org/org.ts'
import type { Facts } from './object/facts.ts'
import { isGroup, type Node, type Plan } from './object/nodes.ts'
import type { Meta, Row } from './object/read.ts'

/** How it is read: all of it has defaults. */
export interface Reading {
  /**
   * REST pages, Bulk jobs, or (`auto`) Bulk where a query finds more than `bulkAbove` records: 20,000 unless
   * said.
   */
  readonly via: 'auto' | 'rest' | 'bulk'
  readonly bulkAbove: number
  /** Records of a Bulk result page: what a lost connection may have to be read again. */
  readonly bulkPage: number
  /**
   * Milliseconds before a job is asked for the first time; each time it waits half as long again, up to 30 s.
   */
  readonly poll: number
  /** Milliseconds that a job may take. */
  readonly jobTimeout: number
}

export interface Extraction {
  readonly org: Org
  readonly entity: AnyEntity
  readonly object: string
  readonly described: Described
  readonly plan: Plan
  readonly meta: Meta
  readonly reading: Reading
  readonly context: PageContext
  readonly deletes: boolean
  /** Whether refreshes come again and again. */
  readonly refreshes: boolean
  /**
   * Columns that came to what is read after the first load: where they are empty they are left out, so that a
   * record that had none is the same as before.
   */
  readonly late: ReadonlySet<string>
  /** A call on this run's budget; what the server's clock said is kept. */
  readonly call: (request: Call) => Promise<Reply>
  /** The server's clock, as of the last answer, in milliseconds. */
  readonly now: () => number
  /** Whether Bulk can be used; it is off for good once Salesforce refuses it. */
  readonly bulk: { usable: boolean }
}

/**
 * What a page brings that is no plain record: kept as plain JSON, because such a record may go into
 * quarantine and come back.
 */
export type Envelope =
  /** With all that it takes to read it again. */
  | {
      readonly $: 'unreadable'
      readonly why: string
      readonly row: Row['record']
      readonly of: Facts
      readonly id: string
      readonly stamp: string | null
      readonly master: string | null
      readonly deleted: boolean
      readonly observed: string | null
    }
  | { readonly $: 'deleted'; readonly at: string; readonly row: unknown; readonly merged: boolean }
  | { readonly $: 'observed'; readonly at: string; readonly row: unknown }
  | { readonly $: 'gone'; readonly at: string; readonly id: string }

export const isEnvelope = (record: unknown): record is Envelope =>
  typeof record === 'object' && record !== null && '$' in record

const canonical = (stamp: string): string => `${stamp.slice(0, 19)}.000000Z`

/**
 * The record of a row as it goes to `normalise`: plain, or in an envelope that says what is special.
 * `observed`: a refresh, as of then.
 */
export const recordOfRow = (
  { id, stamp, deleted, master, record, wrong }: Row,
  facts: Facts,
  observed: string | undefined,
): unknown => {
  if (wrong !== undefined)
    return {
      $: 'unreadable',
      why: wrong,
      row: record,
      of: facts,
      id,
      stamp: stamp ?? null,
      master: master ?? null,
      deleted,
      observed: observed ?? null,
    } satisfies Envelope
  if (deleted && stamp !== undefined)
    return {
      $: 'deleted',
      at: canonical(stamp),
      row: record,
      merged: master !== undefined && 'MasterRecordId' in record,
    } satisfies Envelope
  return observed === undefined
    ? record
    : ({ $: 'observed', at: canonical(observed), row: record } satisfies Envelope)
}

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && 'value' in value && value.value === null)

// Leaves out what is late and empty; says whether all of it was.
const leaveOut = (
  record: { [name: string]: unknown },
  nodes: readonly Node[],
  late: ReadonlySet<string>,
): boolean => {
  let all = true
  for (const node of nodes) {
    const value = record[node.name]
    const group = isGroup(node)
      ? ((node.wire ? (value as { readonly embeddedEntity?: unknown }).embeddedEntity : value) ?? {})
      : undefined
    const isLate = isGroup(node)
      ? leaveOut(group as { [name: string]: unknown }, node.nodes, late)
      : late.has(node.column)
    if (isLate && isEmpty(value)) delete record[node.name]
    all &&= isLate
  }
  return all
}

export const recordsOf = (
  { plan: { facts, nodes }, late, refreshes }: Extraction,
  rows: readonly Row[],
  observed?: string,
): readonly unknown[] => {
  if (late.size > 0)
    for (const { record, wrong } of rows)
      if (wrong === undefined) leaveOut(record as { [name: string]: unknown }, nodes, late)
  // What no refresh can read would be another entry of the quarantine each time; once it can be read, the
  // next one brings it.
  return rows.map((row) =>
    recordOfRow(row, facts, row.wrong !== undefined && refreshes ? undefined : observed),
  )
}

export const goneOf = (id: string, at: string): Envelope => ({ $: 'gone', at: canonical(at), id })

/**
 * Empties a list that was handed on and is done with: a suspended generator keeps what it last yielded, and
 * would keep a whole page while the next one comes.
 */
export const letGo = (list: readonly unknown[]): void => {
  ;(list as unknown[]).length = 0
}
