// Updates for the benchmarks: 100 to 300 bytes of content, random keys, the same on every run.
import { entity, type EntityPropertyValue, type Yadto } from 'dreampipe'

export interface Sample {
  readonly id: string
  readonly at: string
  readonly yadto: Yadto
}

export const Bench = entity('Bench', { identifier: ['id'], timestamp: 'at' })

const text = (value: string): EntityPropertyValue => ({ propertyType: 'String', value })

// Numerical Recipes' generator: the same sequence everywhere.
export const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const words = [
  'alpine',
  'berlin',
  'cargo',
  'delta',
  'ember',
  'fjord',
  'granite',
  'harbour',
  'island',
  'juniper',
]

/** `count` new updates of `entities` entities with `properties` properties beside the keys. */
export const samples = (count: number, entities: number, properties = 5): readonly Sample[] => {
  const random = generator(7)
  return Array.from({ length: count }, (_, i) => {
    const id = `id-${Math.floor(random() * entities)}`
    const at = new Date(Date.UTC(2020, 0, 1) + i * 1000).toISOString().replace('Z', '000Z')
    const yadto: { [name: string]: EntityPropertyValue } = {
      at: { propertyType: 'DateTime', value: at },
      id: text(id),
    }
    for (let p = 0; p < properties; p++)
      yadto[`p${String(p).padStart(3, '0')}`] = text(
        `${words[Math.floor(random() * 10)]} ${Math.floor(random() * 1e6)}`,
      )
    return { id, at, yadto }
  })
}

export const columnsOf = (properties = 5): readonly string[] => [
  'at',
  'id',
  ...Array.from({ length: properties }, (_, p) => `p${String(p).padStart(3, '0')}`),
]

/** A sample as it is submitted. */
export const updateOf = ({ yadto }: Sample): { readonly entity: 'Bench'; readonly yadto: unknown } => ({
  entity: 'Bench',
  yadto: { ...yadto, eventSource: text('bench') },
})
