// The fast-check arbitrary of an entity: valid values and updates, made from its declaration.
import { toDelete, toUpdate } from '../model/builder.ts'
import type { Definition } from '../model/definition.ts'
import type { PropertySpecs } from '../model/spec.ts'
import type { AnyEntity, Upsert } from '../model/entity.ts'
import { invalidDefinition } from '../model/errors.ts'
import type { PropertySpec } from '../model/spec.ts'
import type { Update } from '../model/update.ts'
import { mapToWire } from '../model/wire.ts'

/**
 * What fast-check calls an arbitrary, as far as its properties need it; this package does not depend on
 * fast-check.
 */
export interface Arbitrary<A> {
  generate(
    random: never,
    bias: number | undefined,
  ): { readonly hasToBeCloned: boolean; readonly value: A; readonly value_: A; readonly context: unknown }
  canShrinkWithoutContext(value: unknown): value is A
  /** Only fast-check reads what this gives. */
  shrink(value: A, context: unknown): never
  filter<B extends A>(refinement: (value: A) => value is B): Arbitrary<B>
  filter(predicate: (value: A) => boolean): Arbitrary<A>
  map<B>(mapper: (value: A) => B, unmapper?: (mapped: unknown) => A): Arbitrary<B>
  chain<B>(chainer: (value: A) => Arbitrary<B>): Arbitrary<B>
}

/** An arbitrary as this file uses one. */
export interface Some<A = unknown> {
  map<B>(mapper: (value: A) => B): Some<B>
}

/** The part of fast-check's module (version 4) that this file uses: `import * as fc from 'fast-check'`. */
export interface FastCheck {
  constantFrom<A>(...values: A[]): Some<A>
  boolean(): Some<boolean>
  integer(range: { min: number; max: number }): Some<number>
  bigInt(range: { min: bigint; max: bigint }): Some<bigint>
  double(options: { noNaN?: boolean }): Some<number>
  string(options: { unit?: 'grapheme' | 'binary'; maxLength?: number }): Some<string>
  uint8Array(options: { maxLength?: number }): Some<Uint8Array>
  jsonValue(options: { maxDepth?: number }): Some<unknown>
  array<A>(of: Some<A>, options: { maxLength?: number }): Some<A[]>
  oneof<A>(...choices: Some<A>[]): Some<A>
  record(
    model: { readonly [name: string]: Some },
    options: { requiredKeys: string[] },
  ): Some<{ readonly [name: string]: unknown }>
  tuple(...of: Some[]): Some<readonly unknown[]>
}

/**
 * Arbitraries of the caller's own, by property of the entity: for codecs, and where values must meet other
 * data.
 */
export interface Given {
  readonly [property: string]: Some
}

type Refuse = (path: string) => never
type Written = { readonly [name: string]: unknown }

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const safe = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }
const two = (n: number): string => String(n).padStart(2, '0')

// Instants as a Date, as UTC text, with microseconds, and with an offset; up to 2025, so that none lies ahead
// of the clock.
const instants = (fc: FastCheck, asDate: boolean): Some => {
  const dates = fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2025, 0) }).map((at) => new Date(at))
  const micros = fc
    .tuple(dates, fc.integer({ min: 0, max: 999 }))
    .map(([date, rest]) => `${(date as Date).toISOString().slice(0, 23)}${String(rest).padStart(3, '0')}Z`)
  const shifted = fc
    .tuple(dates, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.constantFrom('+', '-'))
    .map(
      ([date, hours, minutes, sign]) =>
        (date as Date).toISOString().slice(0, 19) +
        `${String(sign)}${two(hours as number)}${two(minutes as number)}`,
    )
  const texts = [micros, shifted, dates.map((date) => date.toISOString())]
  return asDate ? fc.oneof<unknown>(dates, ...texts) : fc.oneof<unknown>(...texts)
}

const decimals = (fc: FastCheck): Some =>
  fc
    .tuple(
      fc.bigInt({ min: -(10n ** 29n) + 1n, max: 10n ** 29n - 1n }),
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.constantFrom('text', 'bigint'),
    )
    .map(([whole, fraction, as]) =>
      as === 'bigint' ? whole : `${String(whole)}.${String(fraction).padStart(9, '0')}`,
    )

const times = (fc: FastCheck): Some =>
  fc
    .tuple(...[23, 59, 59].map((max) => fc.integer({ min: 0, max })), fc.constantFrom('', '.5', '.000001'))
    .map(
      ([hour, minute, second, fraction]) =>
        `${two(hour as number)}:${two(minute as number)}:${two(second as number)}${String(fraction)}`,
    )

// What a property may be written as; never null.
const valuesOf = (fc: FastCheck, spec: PropertySpec, path: string, refuse: Refuse): Some => {
  if (spec.codec !== undefined) return refuse(path)
  switch (spec.type) {
    case 'String':
      return spec.values === undefined
        ? fc.string({ unit: 'binary', maxLength: 20 })
        : fc.constantFrom(...spec.values)
    case 'Boolean':
      return fc.boolean()
    case 'Integer':
      return fc.oneof<unknown>(
        fc.integer(safe),
        fc.bigInt(spec.bigint === true ? int64 : { min: BigInt(safe.min), max: BigInt(safe.max) }),
      )
    case 'Double':
      return fc.double({})
    case 'Decimal':
      return decimals(fc)
    case 'DateTime':
      return instants(fc, true)
    case 'Date':
      return fc
        .integer({ min: Date.parse('0001-01-01'), max: Date.parse('9999-12-31') })
        .map((at) => new Date(at).toISOString().slice(0, 10))
    case 'Time':
      return times(fc)
    case 'Bytes':
      return fc.uint8Array({ maxLength: 20 })
    // Null by itself would be the typed null, which a required property cannot be.
    case 'Json':
      return fc.jsonValue({ maxDepth: 3 }).map((value) => value ?? [null])
    case 'List':
      return fc.array(valuesOf(fc, spec.element as PropertySpec, `${path}[]`, refuse), { maxLength: 5 })
    case 'EmbeddedObject': {
      const fields = spec.fields ?? {}
      const model = Object.entries(fields).map(([name, field]) => [
        name,
        nullable(fc, field, valuesOf(fc, field, `${path}.${name}`, refuse)),
      ])
      return fc.record(Object.fromEntries(model), {
        requiredKeys: Object.keys(fields).filter((name) => fields[name]?.mode === 'required'),
      })
    }
  }
}

const nullable = (fc: FastCheck, { mode }: PropertySpec, values: Some): Some =>
  mode === 'required' ? values : fc.oneof<unknown>(values, values, fc.constantFrom(null))

// A learned entity declares nothing: all that is known of its updates is identifier and timestamp.
const learnedSpecs = ({ identifier, timestamp }: Definition): PropertySpecs =>
  Object.fromEntries(
    [...identifier.map((name) => [name, 'String'] as const), [timestamp, 'DateTime'] as const].map(
      ([name, type]) => [name, { type, mode: 'required' }],
    ),
  )

const written = (fc: FastCheck, definition: Definition, given: Given): Some<Written> => {
  const { name: entity, identifier, timestamp, updates, properties } = definition
  const refuse: Refuse = (path) => {
    throw invalidDefinition(
      entity,
      path,
      'has a codec, and values that it accepts cannot be made up: give its arbitrary',
    )
  }
  const specs = Object.entries(properties ?? learnedSpecs(definition)).filter(
    ([, spec]) => spec.mode !== 'enriched',
  )
  const model = specs.map(([name, spec]) => {
    if (Object.hasOwn(given, name)) return [name, given[name]]
    return [
      name,
      name === timestamp
        ? instants(fc, spec.type === 'DateTime')
        : nullable(fc, spec, valuesOf(fc, spec, name, refuse)),
    ]
  })
  const must = specs.filter(
    ([name, spec]) =>
      identifier.includes(name) || name === timestamp || (updates === 'full' && spec.mode === 'required'),
  )
  const values = fc.record(Object.fromEntries(model), { requiredKeys: must.map(([name]) => name) })
  return properties === undefined
    ? values.map((plain) => mapToWire(learnedSpecs(definition), plain, '', []))
    : values
}

/**
 * Values that `toUpdate` takes: every declared type in all the notations it may be written in, optional
 * properties present, null and missing.
 */
export const valuesFor = <L extends AnyEntity>(
  fc: FastCheck,
  entity: L,
  given: Given = {},
): Arbitrary<Upsert<L['shape']>> =>
  written(fc, entity.definition, given) as unknown as Arbitrary<Upsert<L['shape']>>

/** Valid updates of an entity: upserts, and a delete now and then. */
export const updatesFor = <L extends AnyEntity>(
  fc: FastCheck,
  entity: L,
  given: Given = {},
): Arbitrary<Update<L['name']>> => {
  const { definition } = entity
  const upserts = written(fc, definition, given).map((values) => toUpdate(definition, values, meta))
  const keys = [...definition.identifier, definition.timestamp]
  const deletes = written(fc, definition, given).map((values) =>
    toDelete(definition, Object.fromEntries(keys.map((name) => [name, values[name]])), meta),
  )
  return fc.oneof(upserts, upserts, upserts, deletes) as unknown as Arbitrary<Update<L['name']>>
}

const meta = { source: 'fast-check' }
