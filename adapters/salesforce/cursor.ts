// The stored cursor: how far increments, the first load and the refreshes have come, and where in a window to
// go on.
import { t } from 'dreampipe/fp'

const text = t.union([t.string, t.null])
/** A Bulk job, and the result page to read next; `read` counts the rows before it. */
const JobCodec = t.type({ id: t.string, locator: text, read: t.number })
/**
 * Where in a scan to go on: behind a record, or on a result page of a job; `failures` counts jobs that came
 * to nothing.
 */
const positionProps = { lastStamp: text, lastId: text, job: t.union([JobCodec, t.null]), failures: t.number }

/**
 * Any io-ts codec may stand here; a cursor of another version is refused, and the run ends before anything is
 * read.
 */
export const CursorCodec = t.intersection([
  t.type({
    version: t.literal(1),
    /**
     * Everything that changed before it is stored; null until the first run. The windows `[from, to)` follow
     * each other without a gap.
     */
    from: text,
    /** The end of the window in hand. */
    to: text,
    ...positionProps,
    /** The first load, by Id, of what last changed before `cutoff`; increments go on beside it. */
    backfill: t.union([t.type({ cutoff: text, ...positionProps }), t.null]),
    /** A refresh of formulas in hand. */
    refresh: t.union([t.type({ asOf: t.string, ...positionProps }), t.null]),
    /**
     * When records were last counted against hard deletes, and formulas last refreshed, by the server's
     * clock.
     */
    reconciled: text,
    refreshed: text,
    /** The columns of the last run, and what they were read as. */
    fields: t.record(t.string, t.string),
  }),
  t.partial({
    /** Columns that came later than the first load. */
    late: t.array(t.string),
  }),
])
/**
 * How far a producer of Salesforce has come: increments, the first load, refreshes, and where in a window.
 */
export type Cursor = t.TypeOf<typeof CursorCodec>
export type Job = t.TypeOf<typeof JobCodec>
export type Position = Pick<Cursor, 'lastStamp' | 'lastId' | 'job' | 'failures'>

export const nowhere: Position = { lastStamp: null, lastId: null, job: null, failures: 0 }
export const positionOf = ({ lastStamp, lastId, job, failures }: Position): Position => ({
  lastStamp,
  lastId,
  job,
  failures,
})
export const startCursor: Cursor = {
  version: 1,
  from: null,
  to: null,
  ...nowhere,
  backfill: null,
  refresh: null,
  reconciled: null,
  refreshed: null,
  fields: {},
}

/** An instant as SOQL takes it, in whole seconds. */
export const instant = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`
