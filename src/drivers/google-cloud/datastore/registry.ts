// What the processes of a pipeline share beside its events: small texts under names, each changed by
// compare-and-set.
import type { TaskEither } from '../../../fp.ts'
import type { Contention, Infra } from '../../../model/errors.ts'

export interface Registered {
  readonly text: string
  /** Names this state of the text; the next save expects it. */
  readonly version: string
}

export interface Registry {
  readonly load: (name: string) => TaskEither<Infra | Contention, Registered | undefined>
  /**
   * Puts a text in place of the version expected (undefined: there is none yet): its new version, or
   * undefined where another was faster.
   */
  readonly save: (
    name: string,
    text: string,
    expected: string | undefined,
  ) => TaskEither<Infra | Contention, string | undefined>
}
