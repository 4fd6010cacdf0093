// One row as it comes, from JSON or from CSV cells, and the record that it becomes.
import type { Cells } from '../csv.ts'
import { isGroup, type Leaf, type Plan } from './nodes.ts'
import { instantOf, moneyOf, quickOf } from './types.ts'
import { type Raw, type Reading, shapeOf, recordOf, valueOf } from './record.ts'

/** A row that was read: its record, and what the extractor needs to know of it. */
export interface Row {
  readonly id: string
  /** Its stamp as it came, whose first 19 characters count; undefined where the object has none. */
  readonly stamp: string | undefined
  readonly deleted: boolean
  /** The record it was merged into. */
  readonly master: string | undefined
  readonly record: { readonly [name: string]: unknown }
  /** Why the record cannot be read; it then holds what came, as it came. */
  readonly wrong: string | undefined
}

/** Columns that are read whatever is declared. */
export interface Meta {
  readonly stamp: string | undefined
  readonly deleted: boolean
  readonly master: boolean
}

/** The columns to select: what is declared, and behind it what only the extractor needs. */
export const selectOf = ({ columns }: Plan, meta: Meta): readonly string[] => [
  ...columns,
  ...extrasOf(columns, meta),
]

const extrasOf = (columns: readonly string[], meta: Meta): readonly string[] =>
  [
    'Id',
    ...(meta.stamp === undefined ? [] : [meta.stamp]),
    ...(meta.deleted ? ['IsDeleted'] : []),
    ...(meta.master ? ['MasterRecordId'] : []),
  ].filter((name) => !columns.includes(name))

const within = (raw: unknown, path: readonly string[]): unknown => {
  let at = raw
  for (const step of path) at = typeof at === 'object' && at !== null ? (at as Raw)[step] : undefined
  return at
}

/** A stamp as SOQL takes it: `2024-01-02T03:04:05Z`. */
export const soqlInstant = (stamp: string): string => `${stamp.slice(0, 19)}Z`

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

type Record = { [name: string]: unknown }

/**
 * Reads the rows of a REST page; undefined where a number may have been rounded, and the page is to be parsed
 * exactly. Takes the objects it is given.
 */
export const jsonReader = (plan: Plan, meta: Meta) => {
  const { nodes, columns } = plan
  const extras = extrasOf(columns, meta).toReversed()
  // Records whose names are their columns' are kept as they were parsed, and only what needs it is replaced.
  const inPlace = nodes.every((node) => !isGroup(node) && node.path.length === 1 && node.name === node.column)
  const leaves = nodes.filter((node): node is Leaf => !isGroup(node))
  const changing = leaves.filter(({ asIs }) => !asIs)
  // Most of what changes is instants and money: read without a call through the leaf, which is what takes the
  // time.
  const quick = (kind: 'instant' | 'money'): readonly Leaf[] =>
    changing.filter(({ convert }) => quickOf(convert) === kind)
  const [instants, money, others] = [
    quick('instant'),
    quick('money'),
    changing.filter(({ convert }) => quickOf(convert) === undefined),
  ]
  const [instantNames, moneyNames] = [instants.map(({ name }) => name), money.map(({ name }) => name)]
  const mostMoney = Math.min(...money.map(({ exactBelow }) => exactBelow))
  const change = (raw: Record, leaf: Leaf, reading: Reading): void => {
    const value = raw[leaf.name]
    const next = valueOf(leaf, value, reading)
    if (next !== value) raw[leaf.name] = next
  }
  const texts = leaves.filter(({ asIs, as }) => asIs && as === 'String').map(({ name }) => name)
  const shape = shapeOf(nodes, () => -1)
  // `exact`: these were parsed exactly; what is a number still has no more digits.
  // `again` parses the page once more: what cannot be read is kept as it came.
  return (
    records: readonly Record[],
    { exact, again }: { readonly exact: boolean; readonly again: () => readonly Record[] },
  ): readonly Row[] | undefined => {
    const rows: Row[] = []
    const reading: Reading = { wrong: undefined, empty: true, rounded: false }
    let came: readonly Record[] | undefined
    for (let n = 0; n < records.length; n++) {
      const raw = records[n] as Record
      reading.wrong = undefined
      const id = String(raw['Id'])
      const stamp = meta.stamp === undefined ? undefined : textOr(raw[meta.stamp])
      const deleted = meta.deleted && raw['IsDeleted'] === true
      const master = textOr(raw['MasterRecordId'])
      let record = raw
      if (inPlace) {
        for (let i = 0; i < instants.length; i++) {
          const name = instantNames[i] as string
          const value = raw[name]
          const instant = typeof value === 'string' ? instantOf(value) : undefined
          if (instant === undefined) change(raw, instants[i] as Leaf, reading)
          else raw[name] = instant
        }
        for (let i = 0; i < money.length; i++) {
          const name = moneyNames[i] as string
          const value = raw[name]
          const digits = typeof value === 'number' && value < mostMoney ? moneyOf(value) : undefined
          if (digits === undefined) change(raw, money[i] as Leaf, reading)
          else raw[name] = digits
        }
        for (let i = 0; i < others.length; i++) change(raw, others[i] as Leaf, reading)
        // An empty text is no value, as in Bulk. (To look for one in the page's text takes longer.)
        for (let i = 0; i < texts.length; i++)
          if (raw[texts[i] as string] === '') raw[texts[i] as string] = null
        if ('attributes' in raw) raw['attributes'] = undefined
        // The last ones first: taken from the end, an object keeps its shape.
        for (const name of extras) delete raw[name]
      } else {
        record = recordOf(
          shape,
          (leaf) => (leaf.path.length === 1 ? raw[leaf.column] : within(raw, leaf.path)),
          reading,
        )
      }
      if (reading.rounded && !exact) return undefined
      if (reading.wrong !== undefined) {
        came ??= again()
        record = { ...came[n], attributes: undefined }
      }
      rows.push({ id, stamp, deleted, master, record, wrong: reading.wrong })
    }
    return rows
  }
}

/** The record of a row that came before, from JSON or from CSV: read again. */
export const readAgain = (
  { nodes }: Plan,
  raw: { readonly [name: string]: unknown },
): Pick<Row, 'record' | 'wrong'> => {
  const reading: Reading = { wrong: undefined, empty: true, rounded: false }
  const record = recordOf(
    shapeOf(nodes, () => -1),
    ({ column, path }) => (column in raw ? raw[column] : within(raw, path)),
    reading,
  )
  return { record, wrong: reading.wrong }
}

/** Reads rows of Bulk's CSV, whose columns are named by this header. */
export const csvRowReader = (plan: Plan, meta: Meta, header: Cells) => {
  const { nodes } = plan
  const { stamp } = meta
  const named = new Map(selectOf(plan, meta).map((column) => [column.toLowerCase(), column]))
  const byName = new Map(header.map((name, i) => [(name ?? '').toLowerCase(), i]))
  const placeOf = (column: string): number => byName.get(column.toLowerCase()) ?? -1
  const shape = shapeOf(nodes, placeOf)
  const [id, at, deleted, master] = [
    placeOf('Id'),
    stamp === undefined ? -1 : placeOf(stamp),
    placeOf('IsDeleted'),
    placeOf('MasterRecordId'),
  ]
  return (cells: Cells): Row => {
    const reading: Reading = { wrong: undefined, empty: true, rounded: false }
    const record = recordOf(shape, (_, place) => cells[place], reading)
    return {
      id: cells[id] ?? '',
      stamp: cells[at] ?? undefined,
      deleted: meta.deleted && cells[deleted] === 'true',
      master: cells[master] ?? undefined,
      record:
        reading.wrong === undefined
          ? record
          : Object.fromEntries(
              header.map((name, i) => [
                named.get((name ?? '').toLowerCase()) ?? name ?? '',
                cells[i] ?? null,
              ]),
            ),
      wrong: reading.wrong,
    }
  }
}

// A number of more than 15 digits, which JSON.parse would round: its digits are made a text. A quote before a
// colon ends a name, or is escaped.
const longNumber = /(?<!\\)":\s*(-?\d[\d.]{15,}(?:[eE][+-]?\d+)?)(?=\s*[,}\]])/g

/** Parses a page of records. `exact`: numbers that JavaScript would round come as texts. */
export const parsePage = (text: string, exact: boolean): unknown =>
  JSON.parse(exact ? text.replace(longNumber, '":"$1"') : text)
