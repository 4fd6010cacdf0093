// What is checked of a definition before it is one: names, property types, lists of names, functions.
import { limits } from './limits.ts'
import { badName } from './name.ts'
import type { PropertySpec } from './spec.ts'
import { isPropertyType } from './yadto.ts'
import type { PropertySpecs } from './spec.ts'

export type Refuse = (path: string, why: string) => never

const isSpec = (u: unknown): u is PropertySpec =>
  typeof u === 'object' && u !== null && 'type' in u && isPropertyType(u.type)

export const specs = (properties: unknown, path: string, refuse: Refuse): PropertySpecs => {
  if (typeof properties !== 'object' || properties === null)
    return refuse(path, 'expects an object of properties')
  return Object.fromEntries(
    Object.entries(properties).map(
      ([name, property]: [string, { readonly spec?: unknown } | null | undefined]) => [
        name,
        isSpec(property?.spec) ? property.spec : refuse(`${path}.${name}`, 'is no property: make it with y'),
      ],
    ),
  )
}

export const checkNames = (
  properties: PropertySpecs,
  path: string,
  refuse: Refuse,
  bad: (name: string) => string | undefined,
  depth: number,
): void => {
  const seen = new Map<string, string>()
  for (const [name, spec] of Object.entries(properties)) {
    const at = `${path}.${name}`
    const why = bad(name)
    if (why !== undefined) refuse(at, why)
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) refuse(at, `differs only in case from ${other}`)
    seen.set(name.toLowerCase(), name)
    checkSpec(spec, at, refuse, depth)
  }
}

const checkSpec = (spec: PropertySpec, path: string, refuse: Refuse, depth: number): void => {
  if (depth > limits.depth) refuse(path, `is nested deeper than ${limits.depth} levels`)
  if (spec.values !== undefined && spec.values.length === 0) refuse(path, 'y.enum needs at least one value')
  if (spec.fields !== undefined) {
    checkNames(spec.fields, path, refuse, badName, depth + 1)
    for (const [name, field] of Object.entries(spec.fields))
      if (field.mode === 'enriched')
        refuse(`${path}.${name}`, 'only a property of the entity itself can be enriched')
  }
  if (spec.element === undefined) return
  if (spec.element.type === 'List') refuse(path, 'a List cannot hold Lists: no engine stores them')
  if (spec.element.mode !== 'required')
    refuse(path, 'a List has no null elements: its element cannot be optional')
  checkSpec(spec.element, `${path}[]`, refuse, depth + 1)
}

export const distinct = (names: readonly string[], path: string, refuse: Refuse): readonly string[] => {
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    return refuse(path, 'expects a list of property names')
  const folded = names.map((name) => name.toLowerCase())
  const twice = names.find((_, i) => folded.indexOf(folded[i] as string) !== i)
  return twice === undefined ? names : refuse(path, `names ${twice} twice`)
}

export const one = <A extends string>(
  value: A | undefined,
  choices: readonly A[],
  path: string,
  refuse: Refuse,
): A =>
  value === undefined
    ? (choices[0] as A)
    : choices.includes(value)
      ? value
      : refuse(path, `expects ${choices.join(' or ')}`)
