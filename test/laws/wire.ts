// Wire values in pairs: as they are stored, and as a producer might send them.
import fc from 'fast-check'
import type { EntityPropertyValue, ScalarType, Yadto } from '../../src/model/yadto.ts'
import { scalarPairs, scalarTypes, type Pair } from './wire-scalars.ts'

// What a type does not use may be there as null, and the type may come last.
const dressed = (wire: { readonly propertyType: string }, how: number): unknown =>
  how === 0
    ? wire
    : how === 1
      ? Object.fromEntries(Object.entries(wire).toReversed())
      : { values: null, value: null, embeddedEntity: null, ...wire }

const scalarOf = (type: ScalarType): fc.Arbitrary<Pair> =>
  fc.tuple(scalarPairs[type], fc.nat(2), fc.boolean()).map(([{ canonical, sent }, how, alias]) => ({
    canonical: { propertyType: type, value: canonical },
    sent: dressed({ propertyType: type === 'Integer' && alias ? 'Long' : type, value: sent } as never, how),
  }))

const names: fc.Arbitrary<string> = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/),
    fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'valueOf', '_', '_x', 'a'.repeat(300)),
  )
  .filter((name) => !['eventSource', 'eventVersion', 'eventOperation', 'correlationId'].includes(name))

const nullOf = (type: string): fc.Arbitrary<Pair> =>
  fc.constantFrom<Pair>(
    ...[{ propertyType: type, value: null }, { propertyType: type }].map((sent) => ({
      canonical: { propertyType: type, value: null } as EntityPropertyValue,
      sent,
    })),
  )

/** Any property value, of at most this depth below it. */
const valuePairs = (depth: number): fc.Arbitrary<Pair> => {
  const scalars = fc.constantFrom(...scalarTypes).chain(scalarOf)
  const nulls = fc.constantFrom(...scalarTypes, 'List', 'EmbeddedObject').chain(nullOf)
  if (depth === 0) return fc.oneof({ arbitrary: scalars, weight: 5 }, nulls)
  const objects = mapPairs(depth - 1).map(({ canonical, sent }): Pair => ({
    canonical: { propertyType: 'EmbeddedObject', embeddedEntity: canonical },
    sent: { propertyType: 'EmbeddedObject', embeddedEntity: sent },
  }))
  const elements = fc
    .oneof(fc.constantFrom(...scalarTypes).map(scalarOf), fc.constant(objects))
    .chain((of) => fc.array(of, { maxLength: 4 }))
  const lists = elements.map((items): Pair => ({
    canonical: { propertyType: 'List', values: items.map(({ canonical }) => canonical) },
    sent: { propertyType: 'List', values: items.map(({ sent }) => sent) },
  }))
  return fc.oneof({ arbitrary: scalars, weight: 5 }, nulls, objects, lists)
}

/** Any map of properties: sorted, and in any order and notation. */
export const mapPairs = (depth: number): fc.Arbitrary<Pair<Yadto>> =>
  fc
    .uniqueArray(fc.tuple(names, valuePairs(depth)), { selector: ([name]) => name, maxLength: 5 })
    .map((pairs) => ({
      canonical: Object.fromEntries(
        pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { canonical }]) => [name, canonical]),
      ),
      sent: Object.fromEntries(pairs.map(([name, { sent }]) => [name, sent])),
    }))

/** The shortest valid metadata. */
export const source: Yadto = { eventSource: { propertyType: 'String', value: 'law' } }
