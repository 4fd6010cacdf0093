// Leases in the registry: one process at a time does what two would do twice. Taken when asked for, renewed
// when half over.
import { randomUUID } from 'node:crypto'
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import type { Contention, Infra } from '../../../model/errors.ts'
import { change, read } from './registry-change.ts'
import type { Registry } from './registry.ts'

/** Milliseconds that a lease holds. */
const term = 30_000

interface State {
  readonly holder: string
  readonly expires: number
  readonly fence: number
}

const free: State = { holder: '', expires: 0, fence: 0 }

export interface Leases {
  /** This process' hold on the name, taken or renewed; false while another holds it. */
  readonly take: (name: string) => TaskEither<Infra | Contention, boolean>
  /** The fence of this process' hold: it grows with every holder. Undefined where it holds it no longer. */
  readonly fence: (name: string) => TaskEither<Infra | Contention, number | undefined>
  readonly release: (name: string) => Promise<void>
  readonly releaseAll: () => Promise<void>
}

export const leases = (registry: Registry): Leases => {
  const holder = randomUUID()
  const held = new Map<string, number>()
  const take =
    (name: string): TaskEither<Infra | Contention, boolean> =>
    async () => {
      if ((held.get(name) ?? 0) > Date.now() + term / 2) return E.right(true)
      // Looking first spares a write to those who wait for it again and again.
      const now = await read(registry, `lease/${name}`, free)()
      if (now._tag === 'Left') return now
      if (now.right.holder !== holder && now.right.expires > Date.now()) return E.right(false)
      const taken = await change<State>(registry, `lease/${name}`, free, (state) =>
        state.holder !== holder && state.expires > Date.now()
          ? state
          : {
              holder,
              expires: Date.now() + term,
              fence: state.holder === holder ? state.fence : state.fence + 1,
            },
      )()
      if (taken._tag === 'Left') return taken
      const mine = taken.right.holder === holder
      if (mine) held.set(name, taken.right.expires)
      else held.delete(name)
      return E.right(mine)
    }
  const release = async (name: string): Promise<void> => {
    if (!held.delete(name)) return
    await change<State>(registry, `lease/${name}`, free, (state) =>
      state.holder === holder ? { ...state, holder: '', expires: 0 } : state,
    )()
  }
  const fence: Leases['fence'] = (name) =>
    pipe(
      read(registry, `lease/${name}`, free),
      TE.map((state) => (state.holder === holder ? state.fence : undefined)),
    )
  return {
    take,
    fence,
    release,
    releaseAll: async () => void (await Promise.all([...held.keys()].map(release))),
  }
}
