// What the receiver's parts share: updates on their way, and what they need once connected.
import type { E } from '../../fp.ts'
import type { Admitted, Submitted } from '../../model/admit.ts'
import type { SubmitError } from '../../model/errors.ts'
import type { Receipt, StoredEvent } from '../../model/event.ts'
import type { Yadto } from '../../model/yadto.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Schemas } from '../schemas.ts'

export type PushResult = E.Either<SubmitError, Receipt>

/** The entity that an update names: anything may come as an update, also what throws where it is read. */
export const entityOf = (submitted: Submitted): string => {
  try {
    return String(submitted?.entity)
  } catch {
    return 'of a name that cannot be read'
  }
}

/** An update on its way; `done` is called once, after its commit or with what is wrong. */
export interface Pending {
  readonly admitted: Admitted
  /** The content with what transformers added. */
  readonly enriched?: Yadto
  /** The lookup knew it: no transformer ran. */
  readonly untransformed?: true
  readonly done: (result: PushResult) => void
}

/** What the receiver needs beside the context, once connected. */
export interface Receiving {
  readonly ports: Ports
  readonly schemas: Schemas
  /** Hands stored events on to their topics; never fails, never waits. */
  readonly relay: (events: readonly StoredEvent[]) => void
}
