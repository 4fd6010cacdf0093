// What a plan is made of: columns that are read into properties, and groups of them.
import type { Facts } from './facts.ts'
import type { Convert } from './types.ts'
import type { Property } from 'dreampipe'

/** A field that is read: where it lies, and how its value comes out. */
export interface Leaf {
  readonly name: string
  /** Its place in a record of REST: `['Owner', 'Name']`; joined by points, its column. */
  readonly path: readonly string[]
  readonly column: string
  readonly as: Spec['type']
  readonly convert: Convert
  /** What an empty cell is; undefined where there must be a value. */
  readonly empty: unknown
  /** A JSON number from here on may have more digits than a JavaScript number holds. */
  readonly exactBelow: number
  /** JSON's value stays as it comes, null included. */
  readonly asIs: boolean
}

/**
 * Fields that make one value: an address from its parts, a parent's fields. It is null where all of them are
 * empty.
 */
export interface Group {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly required: boolean
  readonly wire: boolean
}

export type Node = Leaf | Group

export const isGroup = (node: Node): node is Group => 'nodes' in node

export interface Plan {
  readonly nodes: readonly Node[]
  readonly columns: readonly string[]
  /** Whether Bulk can read these columns. */
  readonly bulk: boolean
  /** Those whose changes do not touch the record: formulas, and fields of parents. */
  readonly unstamped: readonly string[]
  /**
   * Every field read by itself, and what it is read as: kept in the cursor, so that the next run sees what
   * changed.
   */
  readonly fields: { readonly [name: string]: string }
  /** Columns that the last run did not read. */
  readonly grown: readonly string[]
  /** What a record that cannot be read keeps of its fields. */
  readonly facts: Facts
  readonly warnings: readonly string[]
}

export const leavesOf = (nodes: readonly Node[]): readonly Leaf[] =>
  nodes.flatMap((node) => (isGroup(node) ? leavesOf(node.nodes) : [node]))

export type Spec = Property['spec']

// Kinds of a polymorphic parent that are described: each costs a call of every run, and a task's parent may
// be of a hundred kinds.
export const kinds = 5
