// The registry on Datastore: a text an entity, guarded by the entity's version.
import { E, pipe, TE } from '../../../fp.ts'
import { keyText, type Datastore, type Key } from './datastore.ts'
import { registryKind } from './keys.ts'
import type { Registry } from './registry.ts'
import { text, textOf } from './value.ts'

export const registry = (store: Datastore): Registry => {
  const keyOf = (name: string): Key => ({ kind: registryKind, name })
  return {
    load: (name) =>
      pipe(
        store.lookup(name, [keyOf(name)]),
        TE.map((found) => {
          const one = found.get(keyText(keyOf(name)))
          return one === undefined
            ? undefined
            : { text: textOf(one.properties['text']), version: one.version }
        }),
      ),
    save: (name, value, expected) => async () => {
      const properties = { text: text(value) }
      const done = await store.commit(name, [
        expected === undefined
          ? { insert: keyOf(name), properties }
          : { upsert: keyOf(name), properties, base: expected },
      ])()
      if (done._tag === 'Right') return E.right(done.right[0])
      return done.left._tag === 'conflict' ? E.right(undefined) : E.left(done.left.error)
    },
  }
}
