// What a run carries through its parts: the org, the object, the plan, the server's clock, and how rows become records.
import type { AnyEntity, PageContext } from 'dreampipe'
import type { Described } from './describe.ts'
import type { Call, Org, Reply } from './org.ts'
import type { Plan } from './plan.ts'
import type { Meta, Row } from './read.ts'

/** How it is read: all of it has defaults. */
export interface Reading {
  /** REST pages, Bulk jobs, or (`auto`) Bulk where a query finds more than `bulkAbove` records: 20,000 unless said. */
  readonly via: 'auto' | 'rest' | 'bulk'
  readonly bulkAbove: number
  /** Records of a Bulk result page: what a lost connection may have to be read again. */
  readonly bulkPage: number
  /** Milliseconds before a job is asked for the first time; each time it waits half as long again, up to 30 s. */
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
  /** A call on this run's budget; what the server's clock said is kept. */
  readonly call: (request: Call) => Promise<Reply>
  /** The server's clock, as of the last answer, in milliseconds. */
  readonly now: () => number
  /** Whether Bulk can be used; it is off for good once Salesforce refuses it. */
  readonly bulk: { usable: boolean }
}

/** What a page brings that is no plain record: kept as plain JSON, because such a record may go into quarantine and come back. */
export type Envelope =
  | { readonly $: 'unreadable'; readonly why: string; readonly row: unknown }
  | { readonly $: 'deleted'; readonly at: string; readonly row: unknown; readonly merged: boolean }
  | { readonly $: 'observed'; readonly at: string; readonly row: unknown }
  | { readonly $: 'gone'; readonly at: string; readonly id: string }

export const isEnvelope = (record: unknown): record is Envelope => typeof record === 'object' && record !== null && '$' in record

const canonical = (stamp: string): string => `${stamp.slice(0, 19)}.000000Z`

/** The record of a row as it goes to `normalise`: plain, or in an envelope that says what is special. `observed`: a refresh, as of then. */
export const recordsOf = (rows: readonly Row[], observed?: string): readonly unknown[] => rows.map((row): unknown => {
  if (row.wrong !== undefined) return { $: 'unreadable', why: row.wrong, row: row.record } satisfies Envelope
  if (row.deleted && row.stamp !== undefined) return { $: 'deleted', at: canonical(row.stamp), row: row.record, merged: row.master !== undefined && 'MasterRecordId' in row.record } satisfies Envelope
  return observed === undefined ? row.record : { $: 'observed', at: canonical(observed), row: row.record } satisfies Envelope
})

export const goneOf = (id: string, at: string): Envelope => ({ $: 'gone', at: canonical(at), id })

/** Empties a list that was handed on and is done with: a suspended generator keeps what it last yielded, and would keep a whole page while the next one comes. */
export const letGo = (list: readonly unknown[]): void => { (list as unknown[]).length = 0 }
