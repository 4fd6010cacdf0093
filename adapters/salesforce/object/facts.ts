// What a record in quarantine keeps of its fields, so that it can be read again once its definition is
// mended: a few words a field, not all of describe.
import { t } from 'dreampipe/fp'
import type { Described, DescribedField } from '../org/describe.ts'
import { readableAs } from './types.ts'

/** A field's type alone, or with its digits after the point and the compound that it is a part of. */
const FactCodec = t.union([t.string, t.tuple([t.string, t.number, t.union([t.string, t.null])])])
export const FactsCodec = t.type({ object: t.string, fields: t.record(t.string, FactCodec) })
/** By column: `Name`, `Owner.Name`. */
export type Facts = t.TypeOf<typeof FactsCodec>

const factOf = ({ type, scale = 0, compoundFieldName = null }: DescribedField): t.TypeOf<typeof FactCodec> =>
  scale === 0 && compoundFieldName === null ? type : [type, scale, compoundFieldName]

/**
 * The facts of columns; `fieldOf` finds the field of a path of relationships. Compounds come with their
 * parts.
 */
export const factsOf = (
  described: Described,
  columns: readonly string[],
  fieldOf: (column: string) => DescribedField | undefined,
): Facts => {
  const fields: { [column: string]: t.TypeOf<typeof FactCodec> } = {}
  for (const column of columns) {
    const field = fieldOf(column)
    if (field === undefined) continue
    fields[column] = factOf(field)
    const { compoundFieldName: name } = field
    const compound = described.fields.get(name ?? '')
    const [path] = split(column)
    if (typeof name !== 'string') continue
    if (path !== '') fields[`${path}.${name}`] ??= 'address'
    else if (compound !== undefined && readableAs(compound)[0] === 'EmbeddedObject')
      fields[name] = factOf(compound)
  }
  return { object: described.name, fields }
}

/** The object that these facts tell of, and its parents, each under the name of its relationship. */
export const describedBy = ({
  object,
  fields,
}: Facts): { readonly described: Described; readonly parents: readonly Described[] } => {
  const objects = new Map<string, Map<string, DescribedField>>([['', new Map()]])
  const of = (path: string): Map<string, DescribedField> => {
    const found = objects.get(path)
    if (found !== undefined) return found
    const made = new Map<string, DescribedField>()
    objects.set(path, made)
    const [above, name] = split(path)
    of(above).set(`${name}Id`, {
      name: `${name}Id`,
      type: 'reference',
      relationshipName: name,
      referenceTo: [path],
    })
    return made
  }
  for (const [column, fact] of Object.entries(fields)) {
    const [path, name] = split(column)
    const [type, scale, compoundFieldName] = typeof fact === 'string' ? [fact, 0, null] : fact
    of(path).set(name, { name, type, scale, compoundFieldName })
  }
  const all = [...objects].map(([path, own]): Described => ({
    name: path === '' ? object : path,
    keyPrefix: undefined,
    replicateable: false,
    queryable: true,
    fields: own,
  }))
  return { described: all[0] as Described, parents: all.slice(1) }
}

const split = (column: string): readonly [string, string] => {
  const at = column.lastIndexOf('.')
  return [column.slice(0, Math.max(at, 0)), column.slice(at + 1)]
}
