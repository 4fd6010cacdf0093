// Random documents of every shape, fast and from a seed: hostile ones, almost valid ones, and valid ones.
import type { Random } from './kit.ts'
import { entities, names, odd, texts, types } from './oddities.ts'

const below = (random: Random, n: number): number => Math.floor(random() * n)
const oneOf = <A>(random: Random, items: readonly A[]): A => items[below(random, items.length)] as A

// A value of any shape, some of them nested.
const anything = (random: Random, depth = 0): unknown => {
  const kind = below(random, depth > 3 ? 4 : 8)
  if (kind < 2) return oneOf(random, texts)
  if (kind === 2) return oneOf(random, odd)()
  if (kind === 3) return (random() - 0.5) * 10 ** below(random, 20)
  if (kind === 4) return Array.from({ length: below(random, 4) }, () => anything(random, depth + 1))
  if (kind === 5) return value(random, oneOf(random, types), depth + 1)
  return Object.fromEntries(
    Array.from({ length: below(random, 4) }, () => [oneOf(random, names), anything(random, depth + 1)]),
  )
}

const good: { readonly [type: string]: (random: Random) => unknown } = {
  String: (random) => oneOf(random, texts.slice(0, 12)),
  Boolean: (random) => oneOf(random, ['true', 'false', true]),
  Integer: (random) => String(below(random, 1e9) - 5e8),
  Long: (random) => below(random, 1e6),
  Double: (random) => oneOf(random, ['1.5', 'NaN', '-Infinity', 2.5]),
  Decimal: (random) => `${below(random, 1e6)}.${below(random, 1e6)}`,
  DateTime: (random) => new Date(1.7e12 + below(random, 1e9)).toISOString(),
  Date: () => '2024-02-29',
  Time: () => '23:59:59.5',
  Bytes: () => 'AAECAw==',
  Json: () => '{"a":[1,2]}',
}

// A wire value of a type: as it should be, or anything.
const value = (random: Random, propertyType: string, depth = 0): unknown => {
  if (random() < 0.15) return anything(random, depth + 1)
  if (propertyType === 'List')
    return {
      propertyType,
      values: Array.from({ length: below(random, 4) }, () => value(random, oneOf(random, types), depth + 1)),
    }
  if (propertyType === 'EmbeddedObject')
    return {
      propertyType,
      embeddedEntity: Object.fromEntries(
        Array.from({ length: below(random, 3) }, () => [
          oneOf(random, names),
          value(random, oneOf(random, types), depth + 1),
        ]),
      ),
    }
  return {
    propertyType,
    value:
      random() < 0.3
        ? anything(random, depth + 1)
        : Object.hasOwn(good, propertyType)
          ? good[propertyType]?.(random)
          : oneOf(random, texts),
  }
}

// Nests deeper than any limit, without end for a reader that recurses carelessly.
const deep = (random: Random): unknown => {
  let nested: unknown = { propertyType: 'String', value: 'x' }
  for (let i = below(random, 400); i > 0; i--)
    nested =
      random() < 0.5
        ? { propertyType: 'EmbeddedObject', embeddedEntity: { a: nested } }
        : { propertyType: 'List', values: [nested] }
  return nested
}

type Properties = { [name: string]: unknown }

const scalar = (propertyType: string, text: unknown): unknown => ({ propertyType, value: text })

// A document that should be stored.
const valid = (random: Random, i: number): Properties => {
  const made: Properties = {
    id: scalar('String', `${below(random, 3_000)}`),
    at: scalar('DateTime', new Date(Date.UTC(2024, 0, 1) + below(random, 1e9)).toISOString()),
    eventSource: scalar('String', 'fuzz'),
    n: scalar('Integer', String(i)),
  }
  if (random() < 0.5) made['flag'] = scalar('Boolean', random() < 0.5)
  if (random() < 0.5) made['price'] = scalar('Decimal', good['Decimal']?.(random))
  if (random() < 0.3)
    made['tags'] = { propertyType: 'List', values: [scalar('String', oneOf(random, texts.slice(0, 40)))] }
  if (random() < 0.3)
    made['address'] = {
      propertyType: 'EmbeddedObject',
      embeddedEntity: { street: scalar('String', oneOf(random, texts.slice(0, 40))) },
    }
  if (random() < 0.05) made['eventOperation'] = scalar('String', 'delete')
  return made
}

/** Changes one thing about a document. */
export const mutantOf = (random: Random, made: Properties): unknown => {
  const name = oneOf(random, Object.keys(made))
  switch (below(random, 7)) {
    case 0:
      delete made[name]
      return made
    case 1:
      made[name] = anything(random)
      return made
    case 2:
      made[oneOf(random, names)] = value(random, oneOf(random, types))
      return made
    case 3:
      made[name] = { ...(made[name] as object), propertyType: oneOf(random, types) }
      return made
    case 4:
      made[name] = { ...(made[name] as object), value: oneOf(random, texts) }
      return made
    case 5:
      made['deep'] = deep(random)
      return made
    default:
      return Object.assign(
        Object.create(random() < 0.5 ? null : { inherited: scalar('String', 'x') }) as object,
        made,
      )
  }
}

/** What a producer might send: a third valid, a third almost, a third anything at all. */
export const document = (random: Random, i: number): unknown => {
  const kind = below(random, 9)
  const entity = oneOf(random, ['Declared', 'Declared', 'Learned'])
  if (kind < 3) return { entity, yadto: valid(random, i) }
  if (kind < 6) return { entity, yadto: mutantOf(random, valid(random, i)) }
  if (kind === 6) return { entity, yadto: anything(random) }
  if (kind === 7) return { entity: oneOf(random, entities), yadto: valid(random, i) }
  return random() < 0.5 ? anything(random) : { entity, yadto: value(random, 'EmbeddedObject') }
}
