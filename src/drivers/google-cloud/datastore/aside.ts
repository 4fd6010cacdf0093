// What subscriptions put aside, on Datastore: deferrals that will be tried again, and dead letters that wait
// for a person.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import type { TopicError } from '../../../ports/topic.ts'
import type { Datastore, Found, Key } from './datastore.ts'

/**
 * Names found at once; where there are no more than these of a subscription, one small query tells which
 * entities wait.
 */
const few = 300

export const pageSize = 1_000

export const scopeOf = (subscription: string, entity: string): string =>
  `${subscription}/${entity.toLowerCase()}/`

/** Behind every name that begins with a prefix. */
export const end = (prefix: string): string => `${prefix}~`

// All names of a kind that begin with a prefix.
export const names =
  (
    store: Datastore,
    kind: string,
    prefix: string,
    limit = Infinity,
  ): TaskEither<TopicError, readonly string[]> =>
  async () => {
    const found: string[] = []
    for (let after = prefix; found.length < limit;) {
      const page = await store.query(kind, {
        kind,
        after,
        until: end(prefix),
        limit: Math.min(pageSize, limit - found.length),
        keysOnly: true,
      })()
      if (page._tag === 'Left') return page
      found.push(...page.right.map(({ name }) => name))
      if (page.right.length < pageSize) break
      after = found[found.length - 1] as string
    }
    return E.right(found)
  }

// Those of these keys that are there. Mostly nothing waits at all: then one query of names costs less than a
// lookup of each.
export const among =
  (
    store: Datastore,
    kind: string,
    prefix: string,
    keys: readonly Key[],
  ): TaskEither<TopicError, readonly Found[]> =>
  async () => {
    if (keys.length === 0) return E.right([])
    const there = await names(store, kind, prefix, few)()
    if (there._tag === 'Left') return there
    const known = new Set(there.right)
    const wanted = there.right.length < few ? keys.filter(({ name }) => known.has(name)) : keys
    return wanted.length === 0
      ? E.right([])
      : pipe(
          store.lookup(kind, wanted),
          TE.map((found) => [...found.values()]),
        )()
  }
