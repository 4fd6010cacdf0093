// Checks an update's content against what its entity declares.
import { checkSize } from './decode-value.ts'
import type { Definition } from './definition.ts'
import type { PropertySpecs } from './spec.ts'
import { exactJson } from './json-exact.ts'
import { limits } from './limits.ts'
import { child, element, pathAndAround, problem, type Problem } from './problem.ts'
import { readBy, type PropertySpec } from './spec.ts'
import { isNull, type EntityPropertyValue, type Yadto } from './yadto.ts'

// What reads as a number must be one exactly, or its readers could read neither it nor its page.
const isNarrowInteger = (spec: PropertySpec): boolean => spec.type === 'Integer' && spec.bigint !== true
const isExact = (text: string): boolean => text.length < 16 || Number.isSafeInteger(Number(text))

// Whether a value can break its declaration in more ways than by its type; remembered per declaration.
const demands = new WeakMap<PropertySpec, boolean>()

const isDemanding = (spec: PropertySpec): boolean => {
  const found = demands.get(spec)
  if (found !== undefined) return found
  const demanding =
    isNarrowInteger(spec) ||
    spec.values !== undefined ||
    spec.codec !== undefined ||
    spec.fields !== undefined ||
    (spec.element !== undefined && isDemanding(spec.element))
  demands.set(spec, demanding)
  return demanding
}

const accepts = (spec: PropertySpec, text: string): boolean => {
  if (isNarrowInteger(spec)) return isExact(text)
  if (spec.values !== undefined && !spec.values.includes(text)) return false
  return (
    spec.codec === undefined ||
    readBy(spec.codec, spec.type === 'Json' ? exactJson(text) : text)._tag === 'Right'
  )
}

const checkValue = (
  spec: PropertySpec,
  value: EntityPropertyValue,
  path: string,
  reject: boolean,
  problems: Problem[],
): void => {
  if (isNull(value)) {
    if (spec.mode === 'required') problems.push(problem('Missing', path, 'a required property is null'))
    return
  }
  if (!isDemanding(spec) || value.propertyType !== spec.type) return
  if (spec.element !== undefined)
    (value.values ?? []).forEach((item, i) =>
      checkValue(spec.element as PropertySpec, item, element(path, i), reject, problems),
    )
  else if (spec.fields !== undefined)
    checkProperties(spec.fields, value.embeddedEntity ?? {}, path, true, reject, problems)
  else if (!accepts(spec, value.value as string)) {
    problems.push(
      problem(
        'WrongType',
        path,
        isNarrowInteger(spec)
          ? 'is beyond 2^53, which y.integer() cannot read exactly: declare it with y.bigint()'
          : spec.values === undefined
            ? `${spec.codec?.name ?? 'its codec'} does not accept this value`
            : `is one of ${spec.values.join(', ')}`,
      ),
    )
  }
}

const checkProperties = (
  specs: PropertySpecs,
  content: Yadto,
  path: string,
  complete: boolean,
  reject: boolean,
  problems: Problem[],
): void => {
  for (const name in specs) {
    const spec = specs[name] as PropertySpec
    const value = Object.hasOwn(content, name) ? content[name] : undefined
    const at = path === '' ? name : child(path, name)
    if (value === undefined) {
      if (complete && spec.mode === 'required')
        problems.push(problem('Missing', at, 'a required property is missing'))
    } else if (spec.mode === 'enriched')
      problems.push(problem('UnknownProperty', at, 'is filled by a transformer, not by a producer'))
    else checkValue(spec, value, at, reject, problems)
  }
  if (!reject) return
  for (const name in content)
    if (!Object.hasOwn(specs, name))
      problems.push(
        problem(
          'UnknownProperty',
          child(path, name),
          'this property is not declared, and the entity rejects others',
        ),
      )
}

const checkText = (
  content: Yadto,
  names: readonly string[],
  most: number,
  what: string,
  problems: Problem[],
): void => {
  for (const name of names) {
    const value = content[name]?.value
    if (typeof value === 'string') checkSize(value, most, name, what, problems)
  }
}

/**
 * Adds what is wrong with values that were filled in beside the producer's: transformed or calculated ones.
 */
export const checkFilled = (
  specs: PropertySpecs,
  filled: Yadto,
  { attributes, view }: Pick<Definition, 'attributes' | 'view'>,
  problems: Problem[],
): void => {
  for (const name in filled)
    if (Object.hasOwn(specs, name))
      checkValue(
        { ...(specs[name] as PropertySpec), mode: 'optional' },
        filled[name] as EntityPropertyValue,
        name,
        false,
        problems,
      )
  checkText(filled, attributes, limits.attributeBytes, 'a message attribute', problems)
  checkText(filled, view.index, limits.indexedBytes, 'an indexed value', problems)
}

/**
 * Adds what the definition finds wrong with an update's content. Types are the schema's matter, keys and time
 * the caller's.
 */
export const checkDeclared = (
  definition: Definition,
  content: Yadto,
  operation: 'upsert' | 'delete',
  problems: Problem[],
): void => {
  const { properties, additionalProperties, updates, attributes, view } = definition
  if (properties !== undefined) {
    const own: Problem[] = []
    checkProperties(
      properties,
      content,
      '',
      operation === 'upsert' && updates === 'full',
      additionalProperties === 'reject',
      own,
    )
    // The keys and the timestamp were looked at before, and what could not be read is not missing.
    const said = new Set(problems.flatMap(({ path }) => pathAndAround(path)))
    for (const each of own) if (!said.has(each.path)) problems.push(each)
  }
  for (const name in content) {
    if (Object.hasOwn(view.calculated, name))
      problems.push(problem('BadName', name, 'is the name of a value that the view calculates'))
  }
  checkText(content, attributes, limits.attributeBytes, 'a message attribute', problems)
  checkText(content, view.index, limits.indexedBytes, 'an indexed value', problems)
}
