// The checkpoint store: cursors that move by compare-and-set, fenced by their lease, and quarantined records.
import type { CheckpointStore, Quarantined } from 'dreampipe/driver'
import { TE } from 'dreampipe/fp'
import type { Leases } from './sharing.ts'

/** A checkpoint store for each connection, named as the holder of its leases. */
export type CheckpointStores = (connection: string) => CheckpointStore

const leaseOf = (name: string): string => `run/${name}`

export const checkpointStores = (leases: Leases): CheckpointStores => {
  // As text: who holds a saved value, or a loaded one, cannot change what is kept.
  const saved = new Map<string, { readonly text: string; readonly version: number }>()
  const quarantined = new Map<string, Map<string, Quarantined>>()
  const entriesOf = (producer: string): Map<string, Quarantined> => {
    const entries = quarantined.get(producer) ?? new Map<string, Quarantined>()
    quarantined.set(producer, entries)
    return entries
  }

  return (connection) => ({
    load: (name) =>
      TE.fromIO(() => {
        const found = saved.get(name)
        return found && { value: JSON.parse(found.text) as unknown, version: found.version }
      }),
    save: (name, value, expected, fence) =>
      TE.fromIO(() => {
        const hold = leases.of(leaseOf(name))
        if (fence !== undefined && (hold?.holder !== connection || hold.fence !== fence)) return undefined
        if ((saved.get(name)?.version ?? 0) !== expected) return undefined
        saved.set(name, { text: JSON.stringify(value), version: expected + 1 })
        return expected + 1
      }),
    leases: {
      take: (name) => TE.fromIO(() => leases.take(leaseOf(name), connection)),
      release: (name) => TE.fromIO(() => leases.release(leaseOf(name), connection)),
    },
    quarantine: {
      put: (entries) =>
        TE.fromIO(() => {
          for (const entry of entries) entriesOf(entry.producer).set(entry.id, entry)
        }),
      list: (producer, after, limit) =>
        TE.fromIO(() =>
          [...entriesOf(producer).values()]
            .filter(({ id }) => id > (after ?? ''))
            .toSorted((a, b) => (a.id < b.id ? -1 : 1))
            .slice(0, limit),
        ),
      remove: (producer, id) => TE.fromIO(() => entriesOf(producer).delete(id)),
      count: (producer) => TE.fromIO(() => entriesOf(producer).size),
    },
  })
}
