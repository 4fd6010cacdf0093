// The query engine, borrowed: ports are records, so a driver may take one of another driver's.
import type { Infra, QueryEngine } from 'dreampipe/driver'
import { embedded } from 'dreampipe/embedded'
import { E, type TaskEither } from 'dreampipe/fp'
import { once } from 'dreampipe/waiting'

/** One engine for all connections: the first one opens it, the last one closes it. */
export interface SharedEngine {
  readonly open: TaskEither<Infra, QueryEngine>
  readonly close: () => Promise<void>
}

// It speaks SQL, which is no work of some fifty lines. It begins empty, also after it was closed, and its
// position goes with its rows: whoever holds its subscription then is delivered the whole log again.
export const sharedEngine = (): SharedEngine => {
  const borrow = () => once(embedded({ folder: ':memory:' }).open())
  let engine = borrow()
  let users = 0
  return {
    open: async () => {
      const opened = await engine.get()
      if (opened._tag === 'Left') return opened
      users++
      return E.right(opened.right.queryEngine)
    },
    close: async () => {
      if (--users > 0) return
      const opened = await engine.get()
      engine = borrow()
      if (opened._tag === 'Right') await opened.right.close()
    },
  }
}
