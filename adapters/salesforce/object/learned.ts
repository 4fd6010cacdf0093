// Every field that there is, where none is declared: each as its wire type.
import type { Described, DescribedField } from '../org/describe.ts'
import { converterOf, isWrong, readableAs, type Convert } from './types.ts'
import type { Leaf, Node } from './nodes.ts'
import { partsOf, type Checking, exactBelow, note } from './declared.ts'

const wired = (type: string, as: ReturnType<typeof readableAs>[number]): Convert => {
  const convert = converterOf(type, as)
  const textOf = (value: unknown): unknown =>
    as === 'Json' ? JSON.stringify(value) : typeof value === 'string' ? value : String(value)
  if (as === 'List')
    return (value) => {
      const list = convert(value)
      return isWrong(list)
        ? list
        : {
            propertyType: 'List',
            values: (list as readonly string[]).map((text) => ({ propertyType: 'String', value: text })),
          }
    }
  return (value) => {
    const converted = convert(value)
    return isWrong(converted) ? converted : { propertyType: as, value: textOf(converted) }
  }
}

// Every field under its own name, as wire values; an address or a location from its parts.
export const learnedNodes = (checking: Checking, described: Described): readonly Node[] => {
  const leaf = (name: string, field: DescribedField): Leaf => {
    note(checking, field.name, field)
    const as = readableAs(field)[0] ?? 'String'
    return {
      name,
      path: [field.name],
      column: field.name,
      as,
      convert: wired(field.type, as),
      empty: { propertyType: as, value: null },
      exactBelow: exactBelow(field, as),
      asIs: false,
    }
  }
  return [...described.fields.values()].flatMap((field): readonly Node[] => {
    const [as] = readableAs(field)
    if (as === 'EmbeddedObject')
      return [
        {
          name: field.name,
          required: false,
          wire: true,
          nodes: [...partsOf(described, field.name)].map(([part, of]) => leaf(part, of)),
        },
      ]
    if (as !== undefined) return [leaf(field.name, field)]
    checking.warnings.push(`${field.name} holds files (${field.type}): it is left out`)
    return []
  })
}
