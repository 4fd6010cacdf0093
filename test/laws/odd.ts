// Odd things: what JavaScript can put where a value is expected, throwing where it can.
import fc from 'fast-check'

class Instance {
  readonly propertyType = 'String'
  readonly value = 'x'
}
export const boom = (): never => {
  throw new Error('boom')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
export const odd: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => Symbol('s'),
  () => 5n,
  () => () => 1,
  () => new Date(),
  () => new Map([['a', 1]]),
  () => new Set([1]),
  () => /x/,
  () => new Instance(),
  () => new Error('e'),
  () => Promise.resolve(1),
  () => new Uint8Array(3),
  () => [],
  () => [[[]]],
  () => Object.assign([], { length: 10 }),
  () => Object('x'),
  () => ({
    get propertyType() {
      return boom()
    },
  }),
  () => ({
    propertyType: 'String',
    get value() {
      return boom()
    },
  }),
  () => new Proxy({}, { ownKeys: boom }),
  () =>
    new Proxy(
      {},
      {
        get: boom,
        ownKeys: () => ['a'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    ),
  () => new Proxy({}, { getPrototypeOf: boom }),
  () => new Proxy([], { get: boom }),
  revoked,
  () => Object.create(null),
  () => Object.create({ propertyType: 'String', value: 'x' }),
  () => ({ propertyType: 'String', value: { toString: boom } }),
  () => ({ propertyType: { toString: boom }, value: 'x' }),
  () => ({ [Symbol('k')]: 1 }),
  () => ({ propertyType: 'constructor', value: 'x' }),
  () => ({ propertyType: '__proto__', value: 'x' }),
  () => ({ propertyType: ['String'], value: 'x' }),
]

// Made when they are used: fast-check itself looks into the values that it holds.
const strange: fc.Arbitrary<() => unknown> = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withObjectString: true,
  })
  .map((value) => () => value)

/** For readers: anything, and odd wires. */
export const anything: fc.Arbitrary<() => unknown> = fc.oneof(strange, fc.constantFrom(...odd))

/** A list that holds itself. */
export const cyclic: unknown[] = []
cyclic.push(cyclic)

/** For the builder: anything, and what throws or lies when it is looked at. */
export const thunks: fc.Arbitrary<() => unknown> = fc.oneof(
  strange,
  fc.constantFrom<(() => unknown)[]>(
    revoked,
    () => Symbol('s'),
    () => boom,
    () => cyclic,
    () => new Date(NaN),
    () => Object.assign([], { length: 2 ** 32 - 1 }),
    () => ({ toJSON: boom }),
    () => ({ [Symbol.toStringTag]: 'Date' }),
    () => ({
      get [Symbol.toStringTag]() {
        return boom()
      },
    }),
    () => new Proxy({}, { get: boom }),
    () => new Proxy([], { get: boom }),
    () => new Proxy({}, { ownKeys: boom }),
    () => ({
      get id() {
        return boom()
      },
    }),
    () => JSON.parse('{"__proto__":{"propertyType":"String","value":"x"}}'),
    () => '\ud800',
    () => NaN,
    () => 2 ** 53,
    () => 10n ** 40n,
  ),
)
