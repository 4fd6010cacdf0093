// A property as plain data: what every interpreter of an entity reads.
import { E, type t } from '../fp.ts'
import type { PropertyType } from './yadto.ts'

/** Who fills a property: the producer always, the producer sometimes, or a transformer. */
export type Mode = 'required' | 'optional' | 'enriched'

export type AnyCodec = t.Type<never, unknown, unknown>

/** What a caller's codec makes of a value; one that throws accepts nothing. */
export const readBy = (codec: AnyCodec, value: unknown): E.Either<unknown, unknown> => {
  try {
    return codec.decode(value)
  } catch (thrown) {
    return E.left(thrown)
  }
}

/** A property as plain data: what every interpreter of an entity reads. */
export interface PropertySpec {
  readonly type: PropertyType
  readonly mode: Mode
  /** The elements of a List. */
  readonly element?: PropertySpec
  /** The properties of an EmbeddedObject. */
  readonly fields?: { readonly [name: string]: PropertySpec }
  /** The only texts that a String may be. */
  readonly values?: readonly string[]
  /** Checks and translates the values of a String or Json further. */
  readonly codec?: AnyCodec
  /** An Integer that is read as a bigint. */
  readonly bigint?: true
}

export type PropertySpecs = { readonly [name: string]: PropertySpec }
