// A change of a registered value: read, changed and saved by compare-and-set, again where another was faster.
import { E, type TaskEither } from '../../../fp.ts'
import { contention, type Contention, type Infra } from '../../../model/errors.ts'
import type { Registry } from './registry.ts'
import { pause } from '../../../waiting.ts'

const tries = 30

/**
 * The value after the change; `next` may answer the value it was given to leave it as it is. `first` stands
 * for one that is not there.
 */
export const change =
  <A>(registry: Registry, name: string, first: A, next: (now: A) => A): TaskEither<Infra | Contention, A> =>
  async () => {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const loaded = await registry.load(name)()
      if (loaded._tag === 'Left') return loaded
      const now = loaded.right === undefined ? first : (JSON.parse(loaded.right.text) as A)
      const changed = next(now)
      if (changed === now) return E.right(now)
      const saved = await registry.save(name, JSON.stringify(changed), loaded.right?.version)()
      if (saved._tag === 'Left') return saved
      if (saved.right !== undefined) return E.right(changed)
      await pause(5 * attempt * Math.random())
    }
    return E.left(contention(name, 'other processes keep changing it'))
  }

export const read =
  <A>(registry: Registry, name: string, first: A): TaskEither<Infra | Contention, A> =>
  async () => {
    const loaded = await registry.load(name)()
    return loaded._tag === 'Left'
      ? loaded
      : E.right(loaded.right === undefined ? first : (JSON.parse(loaded.right.text) as A))
  }
