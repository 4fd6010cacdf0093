// Properties: the types of one, and `y`, which makes them.
import type { t } from '../fp.ts'
import type { Problem } from './problem.ts'
import type { AnyCodec, Mode, PropertySpec } from './spec.ts'
import { toWire } from './wire.ts'
import type { EntityPropertyValue, PropertyType } from './yadto.ts'

/** A property: `T` its wire type, `A` what you read, `I` what you write, `M` who fills it. */
export interface Property<
  T extends PropertyType = PropertyType,
  A = unknown,
  I = unknown,
  M extends Mode = Mode,
> {
  readonly propertyType: T
  readonly mode: M
  readonly spec: PropertySpec
  /** Only in the types. */
  readonly _A: A
  /** Only in the types. */
  readonly _I: I
  /** The wire value. It never throws: what is wrong surfaces when the update is submitted. */
  of(value: I): EntityPropertyValue
}

/** Declared properties by name. */
export type Properties = { readonly [name: string]: Property }
/** The properties of an entity that learns its schema: wire values in, unknowns out. */
export type LearnedProperties = {
  readonly [name: string]: Property<PropertyType, unknown, EntityPropertyValue>
}

export type Simplify<T> = { [K in keyof T]: T[K] } & {}
export type Key<P, T extends PropertyType, M extends Mode = Mode> = string extends keyof P
  ? string
  : { [K in keyof P]: P[K] extends { propertyType: T; mode: M } ? K : never }[keyof P] & string
type Rest<P> = string extends keyof P ? string : Exclude<keyof P & string, Key<P, PropertyType, 'required'>>
type Must<P> = string extends keyof P ? never : Key<P, PropertyType, 'required'>
export type Enriched<P> = string extends keyof P ? never : Key<P, PropertyType, 'enriched'>

/** What is read: required properties are there, others may be missing or null. */
export type Values<P extends Properties> = Simplify<
  { readonly [K in Must<P>]: P[K]['_A'] } & { readonly [K in Rest<P>]?: P[K]['_A'] }
>
/** What is written: no enriched properties, and wider types. */
export type Inputs<P extends Properties> = Simplify<
  { readonly [K in Must<P>]: P[K]['_I'] } & {
    readonly [K in Exclude<Rest<P>, Enriched<P>>]?: P[K]['_I'] | undefined
  }
>

const property = <T extends PropertyType, A, I, M extends Mode>(
  spec: PropertySpec & { readonly type: T; readonly mode: M },
): Property<T, A, I, M> => ({
  propertyType: spec.type,
  mode: spec.mode,
  spec,
  _A: undefined as A,
  _I: undefined as I,
  of: (value) => toWire(spec, value, '', ignored),
})

// `of` returns data and reports nothing: a wrong value is written so that decoding rejects it.
const ignored: Problem[] & { push: (...problems: Problem[]) => number } = Object.assign([], { push: () => 0 })

const required = <T extends PropertyType, A, I = A>(
  type: T,
  more: Omit<PropertySpec, 'type' | 'mode'> = {},
): Property<T, A, I, 'required'> => property({ type, mode: 'required', ...more })

const specsOf = (properties: Properties): { readonly [name: string]: PropertySpec } =>
  Object.fromEntries(Object.entries(properties).map(([name, { spec }]) => [name, spec]))

const codecOf = (codec: t.Type<never, never, unknown> | undefined): Pick<PropertySpec, 'codec'> =>
  codec === undefined ? {} : { codec: codec as AnyCodec }

/**
 * Makes properties. Writing is wide, reading is exact: `y.dateTime()` takes a Date or an ISO text and reads
 * as an ISO UTC text.
 */
export const y = {
  /** Text; `codec` narrows it (a branded id, a pattern). */
  string: <A extends string = string>(
    codec?: t.Type<A, string, unknown>,
  ): Property<'String', A, A, 'required'> => required('String', codecOf(codec as never)),
  /** One of these texts. */
  enum: <const V extends string>(values: readonly V[]): Property<'String', V, V, 'required'> =>
    required('String', { values }),
  boolean: (): Property<'Boolean', boolean, boolean, 'required'> => required('Boolean'),
  /** int64, read as a number; an unsafe value is an error when it is read, never rounded. */
  integer: (): Property<'Integer', number, number | bigint, 'required'> => required('Integer'),
  /** int64, read as a bigint. */
  bigint: (): Property<'Integer', bigint, number | bigint, 'required'> =>
    required('Integer', { bigint: true }),
  double: (): Property<'Double', number, number, 'required'> => required('Double'),
  /** Exact: 29 digits before the point, 9 after; read and written as text. */
  decimal: (): Property<'Decimal', string, string | bigint, 'required'> => required('Decimal'),
  /** An instant, to the microsecond: `2024-01-02T03:04:05.000006Z`. */
  dateTime: (): Property<'DateTime', string, string | Date, 'required'> => required('DateTime'),
  date: (): Property<'Date', string, string, 'required'> => required('Date'),
  time: (): Property<'Time', string, string, 'required'> => required('Time'),
  bytes: (): Property<'Bytes', Uint8Array, Uint8Array, 'required'> => required('Bytes'),
  /** Any JSON; `codec` gives it a type. */
  json: <A = unknown>(codec?: t.Type<A, unknown, unknown>): Property<'Json', A, A, 'required'> =>
    required('Json', codecOf(codec as never)),
  list: <P extends Property<PropertyType, unknown, unknown, 'required'>>(
    of: P,
  ): Property<'List', readonly P['_A'][], readonly P['_I'][], 'required'> =>
    required('List', { element: of.spec }),
  object: <S extends Properties>(shape: S): Property<'EmbeddedObject', Values<S>, Inputs<S>, 'required'> =>
    required('EmbeddedObject', { fields: specsOf(shape) }),
  /** May be missing or null. */
  optional: <P extends Property>(
    of: P,
  ): Property<P['propertyType'], P['_A'] | null, P['_I'] | null, 'optional'> =>
    property({ ...of.spec, mode: 'optional' }),
  /** Filled by a transformer, not by the producer; may be missing or null. */
  enriched: <P extends Property>(
    of: P,
  ): Property<P['propertyType'], P['_A'] | null, P['_I'] | null, 'enriched'> =>
    property({ ...of.spec, mode: 'enriched' }),
}
