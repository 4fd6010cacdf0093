// Warehouses on BigQuery's emulator for a file's tests: what is done to them, and what a check finds in
// them.
import { afterAll } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import type { BigQueryEngine } from '../../src/drivers/google-cloud/query-engine.ts'
import { right } from '../../src/testing/check.ts'
import { storedEvent, string } from '../../src/testing/samples.ts'
import type { Asked, Fault } from '../emulators/bigquery-answers.ts'
import { bigQueryBench, type Warehouse } from './google-cloud-bench.ts'

/** Warehouses that stop when the tests of the file have ended; where there are none, that is said. */
export const warehouses = (
  what: string,
): { readonly missing: string | undefined; readonly fresh: () => Promise<Warehouse> } => {
  const { missing, warehouse } = bigQueryBench()
  if (missing !== undefined) console.log(`left out: ${what}: ${missing}`)
  const opened: Warehouse[] = []
  afterAll(async () => {
    for (const { stop } of opened) await stop()
  })
  return {
    missing,
    fresh: async () => {
      const made = await warehouse()
      opened.push(made)
      return made
    },
  }
}

interface Insert {
  readonly rows: readonly { readonly insertId: string; readonly json: { readonly [name: string]: unknown } }[]
}
export const isInsert = ({ path }: Asked): boolean => path.endsWith('/insertAll')
export const rowsIn = ({ body }: Asked): Insert['rows'] => (JSON.parse(body) as Insert).rows
export const during = async <A>({ front }: Warehouse, fault: Fault, work: () => Promise<A>): Promise<A> => {
  front.faults.add(fault)
  try {
    return await work()
  } finally {
    front.faults.delete(fault)
  }
}

export const clean = { missing: [], surplus: [], different: [] }
export const everything = { after: undefined, until: undefined }

const inOrder = (events: readonly StoredEvent[]): readonly StoredEvent[] =>
  [...events].sort((a, b) => (a.eventId < b.eventId ? -1 : 1))
export const verdict = (engine: BigQueryEngine, events: readonly StoredEvent[], building = false) =>
  right(
    engine.check('Lead', {
      after: undefined,
      until: undefined,
      events: inOrder(events),
      ...(building ? { building } : {}),
    }),
  )
export const first = storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string('Graz') } })

// Every call from the n-th on is cut: the process is gone.
export const diesAt = (n: number): { readonly fault: Fault; readonly calls: () => number } => {
  let calls = 0
  return { fault: () => (++calls > n ? 'cut' : undefined), calls: () => calls }
}
