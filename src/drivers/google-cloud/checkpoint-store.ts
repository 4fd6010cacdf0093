// The checkpoint store on Datastore: cursors and leases in the registry, quarantined records as entities of
// their own.
import { gunzipSync, gzipSync } from 'node:zlib'
import { E, pipe, TE } from '../../fp.ts'
import type { CheckpointStore, Quarantined } from '../../ports/checkpoint-store.ts'
import { keyText, type Datastore, type Key, type Mutation } from './datastore/datastore.ts'
import { quarantineKind } from './datastore/keys.ts'
import type { Leases } from './datastore/lease.ts'
import { blob, bytesOf, type Properties } from './datastore/value.ts'
import type { Registry } from './datastore/registry.ts'

interface State {
  readonly version: number
  readonly value: unknown
}

const nameOf = (name: string): string => `checkpoint/${name}`
const leaseName = (name: string): string => `run/${name}`
const keyOf = (producer: string, id: string): Key => ({ kind: quarantineKind, name: `${producer}/${id}` })
/**
 * Bytes of a packed entry that an entity holds, characters kept of a record that does not fit, and bytes of
 * one write.
 */
const mostPacked = 1_000_000
const cutLength = 250_000
const writeBytes = 3_500_000

// A record may be larger than any entity: then its beginning is kept, as a JSON string, and the reason says
// so.
const cut = (entry: Quarantined): Quarantined => {
  const { problems: _, ...rest } = entry
  return {
    ...rest,
    record: JSON.stringify(entry.record.slice(0, cutLength)),
    cursor: entry.cursor.length > cutLength ? 'null' : entry.cursor,
    reason: `${entry.reason.slice(0, 10_000)} (the record is cut: it had ${entry.record.length} characters)`,
  }
}

const packed = (entry: Quarantined): Buffer => {
  const whole = gzipSync(JSON.stringify(entry))
  return whole.length <= mostPacked ? whole : gzipSync(JSON.stringify(cut(entry)))
}

// One write takes no two of one key, and so many bytes.
const writesOf = (entries: readonly Quarantined[]): readonly (readonly Mutation[])[] => {
  const writes: Mutation[][] = []
  let bytes = Infinity
  for (const entry of new Map(entries.map((each) => [`${each.producer}/${each.id}`, each])).values()) {
    const value = packed(entry)
    if (bytes + value.length > writeBytes || (writes.at(-1)?.length ?? 0) >= 500) {
      writes.push([])
      bytes = 0
    }
    writes.at(-1)?.push({ upsert: keyOf(entry.producer, entry.id), properties: { entry: blob(value) } })
    bytes += value.length + 1_000
  }
  return writes
}

const entryOf = (properties: Properties): Quarantined =>
  JSON.parse(gunzipSync(bytesOf(properties['entry'] ?? {})).toString('utf8')) as Quarantined

const pageSize = 1_000

export const checkpointStore = (store: Datastore, registry: Registry, leases: Leases): CheckpointStore => {
  const list: CheckpointStore['quarantine']['list'] = (producer, after, limit) =>
    pipe(
      store.query('quarantine', {
        kind: quarantineKind,
        after: `${producer}/${after ?? ''}`,
        until: `${producer}/~`,
        limit,
      }),
      TE.map((found) => found.map(({ properties }) => entryOf(properties))),
    )
  return {
    load: (name) =>
      pipe(
        registry.load(nameOf(name)),
        TE.map((found) => (found === undefined ? undefined : (JSON.parse(found.text) as State))),
      ),
    save: (name, value, expected, fence) => async () => {
      const found = await registry.load(nameOf(name))()
      if (found._tag === 'Left') return found
      const version = found.right === undefined ? 0 : (JSON.parse(found.right.text) as State).version
      if (version !== expected) return E.right(undefined)
      // Read after the cursor: who took the lease since then moves the cursor, and this save meets another
      // version.
      const held = fence === undefined ? E.right(undefined) : await leases.fence(leaseName(name))()
      if (held._tag === 'Left') return held
      if (fence !== undefined && held.right !== fence) return E.right(undefined)
      const saved = await registry.save(
        nameOf(name),
        JSON.stringify({ version: expected + 1, value }),
        found.right?.version,
      )()
      return saved._tag === 'Left' ? saved : E.right(saved.right === undefined ? undefined : expected + 1)
    },
    leases: {
      take: (name) =>
        pipe(
          leases.take(leaseName(name)),
          TE.flatMap((taken) =>
            taken
              ? pipe(
                  leases.fence(leaseName(name)),
                  TE.map((fence) => (fence === undefined ? undefined : { fence })),
                )
              : TE.right(undefined),
          ),
        ),
      release: (name) => async () => {
        await leases.release(leaseName(name))
        return E.right(undefined)
      },
    },
    quarantine: {
      put: (entries) => async () => {
        for (const some of writesOf(entries)) {
          const done = await store.write('quarantine', some)()
          if (done._tag === 'Left') return done
        }
        return E.right(undefined)
      },
      list,
      remove: (producer, id) => async () => {
        const found = await store.lookup('quarantine', [keyOf(producer, id)])()
        if (found._tag === 'Left') return found
        const there = found.right.get(keyText(keyOf(producer, id)))
        if (there === undefined) return E.right(false)
        const done = await store.commit('quarantine', [
          { remove: keyOf(producer, id), base: there.version },
        ])()
        return done._tag === 'Right'
          ? E.right(true)
          : done.left._tag === 'conflict'
            ? E.right(false)
            : E.left(done.left.error)
      },
      count: (producer) => async () => {
        let count = 0
        for (let after = `${producer}/`; ;) {
          const page = await store.query('quarantine', {
            kind: quarantineKind,
            after,
            until: `${producer}/~`,
            limit: pageSize,
            keysOnly: true,
          })()
          if (page._tag === 'Left') return page
          count += page.right.length
          if (page.right.length < pageSize) return E.right(count)
          after = page.right[page.right.length - 1]?.name ?? after
        }
      },
    },
  }
}
