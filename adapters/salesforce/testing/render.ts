// Writes records as Salesforce does: JSON with attributes and nested parents, and Bulk 2.0's CSV.
import { isNumber, type Field, type SObject, type Value, type Values } from './objects.ts'
import { parentOf, valueOf, type Found, type Selected } from './select.ts'
import type { Store } from './store.ts'

// Numbers are kept as texts where their digits count, and come out digit by digit.
const jsonOf = (field: Field, value: ReturnType<typeof valueOf>): string => {
  if (value === null) return 'null'
  if (typeof value === 'object') return JSON.stringify(value)
  if (isNumber(field))
    return field.type === 'int' || field.type === 'long'
      ? String(value)
      : /[.e]/i.test(String(value))
        ? String(value)
        : `${String(value)}.0`
  return field.type === 'json' ? String(value) : JSON.stringify(value)
}

type Tree = Map<string, Selected | Tree>
const treeOf = (selected: readonly Selected[]): Tree => {
  const tree: Tree = new Map()
  for (const each of selected) {
    let at = tree
    for (const step of each.path.slice(0, -1)) {
      const inside = at.get(step)
      const next: Tree = inside !== undefined && isTree(inside) ? inside : new Map()
      at.set(step, next)
      at = next
    }
    at.set(each.path.at(-1) as string, each)
  }
  return tree
}

const recordOf = (store: Store, object: SObject, tree: Tree, values: Values, base: string): string => {
  const id = String(values['Id'])
  let text = `{"attributes":{"type":"${object.name}","url":"${base}/sobjects/${object.name}/${id}"}`
  for (const [name, part] of tree) {
    if (isTree(part)) {
      const parent = parentOf(store, object, name, values)
      const record =
        parent === undefined ? 'null' : recordOf(store, parent.table.object, part, parent.values, base)
      text += `,"${name}":${record}`
    } else text += `,"${name}":${jsonOf(part.field, valueOf(store, object, part.field, values))}`
  }
  return `${text}}`
}
const isTree = (part: Selected | Tree): part is Tree => 'entries' in part

/** The records of a page as a JSON array; those that are gone by now are left out. */
export const jsonRecords = (
  store: Store,
  { table, selected }: Found,
  ids: readonly string[],
  base: string,
): string => {
  const tree = treeOf(selected)
  const records: string[] = []
  for (const id of ids) {
    const values = table.rows.get(id)
    if (values !== undefined) records.push(recordOf(store, table.object, tree, values, base))
  }
  return `[${records.join(',')}]`
}

// As Java writes a double: plain below ten million, `9.5E8` from there on; what a double cannot hold stays as
// it is.
const javaDouble = (value: Value): string => {
  const text = String(value)
  const number = Number(text)
  if (Math.abs(number) < 1e7 || String(number) !== text) return /[.eE]/.test(text) ? text : `${text}.0`
  const [mantissa = '0', exponent = '0'] = number.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

const csvOf = (field: Field, value: ReturnType<typeof valueOf>): string => {
  if (value === null || typeof value === 'object') return ''
  if (field.type === 'datetime') return String(value).replace('+0000', 'Z')
  // An integer that Salesforce holds as a double comes as 0.0.
  if (field.type === 'int' && Number(value) === 0) return '0.0'
  return isNumber(field) && field.type !== 'int' && field.type !== 'long' ? javaDouble(value) : String(value)
}

const cell = (text: string): string => `"${text.includes('"') ? text.replaceAll('"', '""') : text}"`

const along = (
  store: Store,
  object: SObject,
  path: readonly string[],
  field: Field,
  values: Values,
): string => {
  const [head = '', ...rest] = path
  if (rest.length === 0) return csvOf(field, valueOf(store, object, field, values))
  const parent = parentOf(store, object, head, values)
  return parent === undefined ? '' : along(store, parent.table.object, rest, field, parent.values)
}

/** A result page of Bulk 2.0: a header row, every cell quoted, an empty cell for null. */
export const csvPage = (store: Store, { table, selected }: Found, rows: readonly Values[]): string => {
  const lines = [selected.map(({ name }) => cell(name)).join(',')]
  for (const values of rows) {
    lines.push(
      selected.map(({ path, field }) => cell(along(store, table.object, path, field, values))).join(','),
    )
  }
  return `${lines.join('\n')}\n`
}
