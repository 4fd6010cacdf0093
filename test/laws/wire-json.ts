// Random JSON values, with their keys in order and in reverse.
import fc from 'fast-check'

// Keys sorted, no white space; written here without a look at how json.ts does it.
export const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value !== 'object' || value === null
      ? value
      : Object.assign(
          Object.create(null),
          Object.fromEntries(
            Object.entries(value)
              .map(([key, item]) => [key, sorted(item)] as const)
              .toSorted(([a], [b]) => (a < b ? -1 : 1)),
          ),
        )

export const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : typeof value !== 'object' || value === null
      ? value
      : Object.assign(
          Object.create(null),
          Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, item]) => [key, reversed(item)] as const),
          ),
        )

// JavaScript puts keys that are array indices first, whatever their order: no sorted reference can be written
// for them this way.
const keys = fc
  .string({ unit: 'grapheme', maxLength: 6 })
  .filter((key) => key !== '__proto__' && !/^\d+$/.test(key))
export const { tree: jsonTrees } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  ),
  tree: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
  ),
}))
