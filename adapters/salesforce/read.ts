// One row as it comes, from JSON or from CSV cells, and the record that it becomes.
import type { Cells } from './csv.ts'
import { isGroup, type Leaf, type Node, type Plan } from './plan.ts'
import { isWrong } from './types.ts'

/** A row that was read: its record, and what the extractor needs to know of it. */
export interface Row {
  readonly id: string
  /** Its stamp as SOQL writes instants: `2024-01-02T03:04:05Z`; undefined where the object has none. */
  readonly stamp: string | undefined
  readonly deleted: boolean
  /** The record it was merged into. */
  readonly master: string | undefined
  readonly record: { readonly [name: string]: unknown }
  /** Why the record cannot be read; it then holds what came, as it came. */
  readonly wrong: string | undefined
}

/** Columns that are read whatever is declared. */
export interface Meta { readonly stamp: string | undefined; readonly deleted: boolean; readonly master: boolean }

export const selectOf = ({ columns }: Plan, meta: Meta): readonly string[] =>
  [...new Set(['Id', ...(meta.stamp === undefined ? [] : [meta.stamp]), ...(meta.deleted ? ['IsDeleted'] : []), ...(meta.master ? ['MasterRecordId'] : []), ...columns])]

type Raw = { readonly [name: string]: unknown }
interface Reading { wrong: string | undefined; empty: boolean }

// The record of a row; `cell` gives what a leaf's column holds. `empty` stays true while all of it is null.
const recordOf = (nodes: readonly Node[], cell: (leaf: Leaf) => unknown, reading: Reading): { [name: string]: unknown } => {
  const record: { [name: string]: unknown } = {}
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node
    if (isGroup(node)) {
      const inside: Reading = { wrong: undefined, empty: true }
      const group = recordOf(node.nodes, cell, inside)
      if (inside.empty) {
        if (node.required) reading.wrong ??= `${node.name}: a required object is empty`
        record[node.name] = node.wire ? { propertyType: 'EmbeddedObject', value: null } : null
      } else {
        reading.wrong ??= inside.wrong
        reading.empty = false
        record[node.name] = node.wire ? { propertyType: 'EmbeddedObject', embeddedEntity: group } : group
      }
      continue
    }
    const value = cell(node)
    if (value === null || value === undefined || value === '') {
      if (node.empty === undefined) reading.wrong ??= `${node.column}: a required value is empty`
      record[node.name] = node.empty
    } else {
      const converted = node.convert(value)
      if (isWrong(converted)) reading.wrong ??= `${node.column}: ${converted.wrong}`
      reading.empty = false
      record[node.name] = converted
    }
  }
  return record
}

const within = (raw: unknown, path: readonly string[]): unknown => {
  let at = raw
  for (const step of path) at = typeof at === 'object' && at !== null ? (at as Raw)[step] : undefined
  return at
}

/** `2024-01-02T03:04:05.000+0000` and `….000Z` as SOQL takes them. */
const soqlInstant = (value: unknown): string | undefined => (typeof value === 'string' && value.length >= 19 ? `${value.slice(0, 19)}Z` : undefined)

/** Reads rows of REST's JSON. */
export const jsonReader = ({ nodes }: Plan, { stamp }: Meta) => (raw: Raw): Row => {
  const reading: Reading = { wrong: undefined, empty: true }
  const record = recordOf(nodes, (leaf) => (leaf.path.length === 1 ? raw[leaf.column] : within(raw, leaf.path)), reading)
  const { attributes: _, ...came } = reading.wrong === undefined ? {} as Raw : raw
  return {
    id: String(raw['Id']), stamp: stamp === undefined ? undefined : soqlInstant(raw[stamp]), deleted: raw['IsDeleted'] === true,
    master: typeof raw['MasterRecordId'] === 'string' ? raw['MasterRecordId'] : undefined, record: reading.wrong === undefined ? record : came, wrong: reading.wrong,
  }
}

/** Reads rows of Bulk's CSV, whose columns are named by this header. */
export const csvRowReader = ({ nodes }: Plan, { stamp }: Meta, header: Cells) => {
  const places = new Map(header.map((name, i) => [(name ?? '').toLowerCase(), i]))
  const placeOf = (column: string): number => places.get(column.toLowerCase()) ?? -1
  const leaves = new Map<Leaf, number>()
  const note = (node: Node): void => { if (isGroup(node)) node.nodes.forEach(note); else leaves.set(node, placeOf(node.column)) }
  nodes.forEach(note)
  const [id, at, deleted, master] = [placeOf('Id'), stamp === undefined ? -1 : placeOf(stamp), placeOf('IsDeleted'), placeOf('MasterRecordId')]
  return (cells: Cells): Row => {
    const reading: Reading = { wrong: undefined, empty: true }
    const record = recordOf(nodes, (leaf) => cells[leaves.get(leaf) as number], reading)
    return {
      id: cells[id] ?? '', stamp: soqlInstant(cells[at]), deleted: cells[deleted] === 'true', master: cells[master] ?? undefined,
      record: reading.wrong === undefined ? record : Object.fromEntries(header.map((name, i) => [name ?? '', cells[i] ?? null])), wrong: reading.wrong,
    }
  }
}

// A number of more than 15 digits, which JSON.parse would round: its digits are made a text. A quote before a colon ends a name, or is escaped.
const longNumber = /(?<!\\)":\s*(-?\d[\d.]{15,}(?:[eE][+-]?\d+)?)(?=\s*[,}\]])/g
const anyLong = /\d[\d.]{15}/

/** Parses JSON without losing digits: numbers that JavaScript would round come as texts. */
export const exactJson = (text: string): unknown => JSON.parse(anyLong.test(text) ? text.replace(longNumber, '":"$1"') : text)
