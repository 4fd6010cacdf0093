// The record that becomes of a row: a template of its fields, filled value by value.
import { isGroup, type Leaf, type Node } from './nodes.ts'
import { isWrong } from './types.ts'

export type Raw = { readonly [name: string]: unknown }

export interface Reading {
  wrong: string | undefined
  empty: boolean
  rounded: boolean
}

// An object with all its names, to be copied: filling one is far quicker than growing it name by name.
const templateOf = (nodes: readonly Node[]): { [name: string]: unknown } =>
  Object.fromEntries(nodes.map(({ name }) => [name, null]))

interface Shape {
  readonly nodes: readonly Node[]
  readonly template: { [name: string]: unknown }
  readonly inside: readonly (Shape | undefined)[]
  readonly places: readonly number[]
}

export const shapeOf = (nodes: readonly Node[], placeOf: (column: string) => number): Shape => ({
  nodes,
  template: templateOf(nodes),
  inside: nodes.map((node) => (isGroup(node) ? shapeOf(node.nodes, placeOf) : undefined)),
  places: nodes.map((node) => (isGroup(node) ? -1 : placeOf(node.column))),
})

// The record of a row; `cell` gives what a leaf's column holds. `empty` stays true while all of it is null.
export const recordOf = (
  { nodes, template, inside, places }: Shape,
  cell: (leaf: Leaf, place: number) => unknown,
  reading: Reading,
): { [name: string]: unknown } => {
  const record = { ...template }
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node
    if (isGroup(node)) {
      const within: Reading = { wrong: undefined, empty: true, rounded: false }
      const group = recordOf(inside[i] as Shape, cell, within)
      reading.rounded ||= within.rounded
      if (within.empty) {
        if (node.required) reading.wrong ??= `${node.name}: a required object is empty`
        record[node.name] = node.wire ? { propertyType: 'EmbeddedObject', value: null } : null
      } else {
        reading.wrong ??= within.wrong
        reading.empty = false
        record[node.name] = node.wire ? { propertyType: 'EmbeddedObject', embeddedEntity: group } : group
      }
      continue
    }
    record[node.name] = valueOf(node, cell(node, places[i] as number), reading)
  }
  return record
}

export const valueOf = (leaf: Leaf, value: unknown, reading: Reading): unknown => {
  if (value === null || value === undefined || value === '') {
    if (leaf.empty === undefined) reading.wrong ??= `${leaf.column}: a required value is empty`
    return leaf.empty
  }
  reading.empty = false
  if (
    typeof value === 'number' &&
    leaf.exactBelow !== Infinity &&
    (value >= leaf.exactBelow || value <= -leaf.exactBelow || isLong(value))
  )
    reading.rounded = true
  const converted = leaf.convert(value)
  if (!isWrong(converted)) return converted
  reading.wrong ??= `${leaf.column}: ${converted.wrong}`
  return value
}

// Formulas have more digits than their field says; sixteen of them may have been more still. Most numbers are
// money, and known at once.
const isLong = (value: number): boolean =>
  Math.round(value * 1_000) / 1_000 !== value && String(value).length > 16
