// The checkpoint store on Datastore: cursors and leases in the registry, quarantined records as entities of their own.
import { gunzipSync, gzipSync } from 'node:zlib'
import { E, pipe, TE } from '../../fp.ts'
import type { CheckpointStore, Quarantined } from '../../ports/checkpoint-store.ts'
import { keyText, type Datastore, type Key } from './datastore.ts'
import { quarantineKind } from './keys.ts'
import type { Leases } from './lease.ts'
import { blob, bytesOf, type Properties } from './value.ts'
import type { Registry } from './registry.ts'

interface State { readonly version: number; readonly value: unknown }

const nameOf = (name: string): string => `checkpoint/${name}`
const leaseName = (name: string): string => `run/${name}`
const keyOf = (producer: string, id: string): Key => ({ kind: quarantineKind, name: `${producer}/${id}` })
// Packed: a record may be as large as a whole entity.
const propertiesOf = (entry: Quarantined): Properties => ({ entry: blob(gzipSync(JSON.stringify(entry))) })
const entryOf = (properties: Properties): Quarantined => JSON.parse(gunzipSync(bytesOf(properties['entry'] ?? {})).toString('utf8')) as Quarantined

const pageSize = 1_000

export const checkpointStore = (store: Datastore, registry: Registry, leases: Leases): CheckpointStore => {
  const list: CheckpointStore['quarantine']['list'] = (producer, after, limit) =>
    pipe(store.query('quarantine', { kind: quarantineKind, after: `${producer}/${after ?? ''}`, until: `${producer}/~`, limit }), TE.map((found) => found.map(({ properties }) => entryOf(properties))))
  return {
    load: (name) => pipe(registry.load(nameOf(name)), TE.map((found) => (found === undefined ? undefined : JSON.parse(found.text) as State))),
    save: (name, value, expected, fence) => async () => {
      const found = await registry.load(nameOf(name))()
      if (found._tag === 'Left') return found
      const version = found.right === undefined ? 0 : (JSON.parse(found.right.text) as State).version
      if (version !== expected) return E.right(undefined)
      // Read after the cursor: who took the lease since then moves the cursor, and this save meets another version.
      const held = fence === undefined ? E.right(undefined) : await leases.fence(leaseName(name))()
      if (held._tag === 'Left') return held
      if (fence !== undefined && held.right !== fence) return E.right(undefined)
      const saved = await registry.save(nameOf(name), JSON.stringify({ version: expected + 1, value }), found.right?.version)()
      return saved._tag === 'Left' ? saved : E.right(saved.right === undefined ? undefined : expected + 1)
    },
    leases: {
      take: (name) => pipe(leases.take(leaseName(name)), TE.flatMap((taken) => (taken ? pipe(leases.fence(leaseName(name)), TE.map((fence) => (fence === undefined ? undefined : { fence }))) : TE.right(undefined)))),
      release: (name) => async () => {
        await leases.release(leaseName(name))
        return E.right(undefined)
      },
    },
    quarantine: {
      put: (entries) => store.write('quarantine', entries.map((entry) => ({ upsert: keyOf(entry.producer, entry.id), properties: propertiesOf(entry) }))),
      list,
      remove: (producer, id) => async () => {
        const found = await store.lookup('quarantine', [keyOf(producer, id)])()
        if (found._tag === 'Left') return found
        const there = found.right.get(keyText(keyOf(producer, id)))
        if (there === undefined) return E.right(false)
        const done = await store.commit('quarantine', [{ remove: keyOf(producer, id), base: there.version }])()
        return done._tag === 'Right' ? E.right(true) : done.left._tag === 'conflict' ? E.right(false) : E.left(done.left.error)
      },
      count: (producer) => async () => {
        let count = 0
        for (let after = `${producer}/`; ;) {
          const page = await store.query('quarantine', { kind: quarantineKind, after, until: `${producer}/~`, limit: pageSize, keysOnly: true })()
          if (page._tag === 'Left') return page
          count += page.right.length
          if (page.right.length < pageSize) return E.right(count)
          after = page.right[page.right.length - 1]?.name ?? after
        }
      },
    },
  }
}
