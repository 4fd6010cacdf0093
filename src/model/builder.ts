// The typed builder: values in, updates out as plain data; it never throws, what is wrong travels inside the
// update.
import type { Definition } from './definition.ts'
import { problem, type Problem } from './problem.ts'
import type { Meta, Update } from './update.ts'
import { mapToWire } from './wire.ts'
import { isMetadataName, type EntityPropertyValue, type MetadataName, type Yadto } from './yadto.ts'

type Values = { readonly [name: string]: unknown }

const metadataOf = (operation: 'upsert' | 'delete', meta: Meta, problems: Problem[]): Yadto => {
  const yadto: { [name: string]: EntityPropertyValue } = {}
  const add = (name: MetadataName, value: unknown): void => {
    if (typeof value === 'string') yadto[name] = { propertyType: 'String', value }
    else if (value !== undefined && value !== null)
      problems.push(problem('WrongType', name, `is text, got ${typeof value}`))
  }
  add('eventSource', meta.source)
  add('eventVersion', meta.version)
  add('correlationId', meta.correlationId)
  if (operation === 'delete') add('eventOperation', operation)
  return yadto
}

// A learned entity's values are wire values already: decoding checks them, and their names.
const asWire = (values: Values, problems: Problem[]): Yadto => {
  const pairs: [string, EntityPropertyValue][] = []
  for (const name of Object.keys(values)) {
    const value = values[name]
    if (isMetadataName(name))
      problems.push(problem('BadName', name, 'this name carries metadata: give it beside the values'))
    else if (value !== undefined) pairs.push([name, value as EntityPropertyValue])
  }
  return Object.fromEntries(pairs)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

// A getter or proxy of the caller's may throw: then nothing of it is read.
const guarded = (problems: Problem[], what: string, read: () => Yadto): Yadto => {
  try {
    return read()
  } catch {
    problems.push(problem('WrongType', '', `the ${what} cannot be read`))
    return {}
  }
}

const build = (
  definition: Definition,
  operation: 'upsert' | 'delete',
  values: unknown,
  meta: unknown,
): Update => {
  const problems: Problem[] = []
  const given = (isObject(values) ? values : {}) as Values
  const wire = guarded(problems, 'values', () =>
    definition.properties === undefined
      ? asWire(given, problems)
      : mapToWire(definition.properties, given, '', problems),
  )
  const metadata = guarded(problems, 'metadata', () =>
    metadataOf(operation, (isObject(meta) ? meta : {}) as Meta, problems),
  )
  const update = { entity: definition.name, operation, yadto: { ...wire, ...metadata } }
  return problems.length === 0 ? update : { ...update, problems }
}

export const toUpdate = (definition: Definition, values: Values, meta: Meta): Update<never> =>
  build(definition, 'upsert', values, meta) as Update<never>
export const toDelete = (definition: Definition, keys: Values, meta: Meta): Update<never> =>
  build(definition, 'delete', keys, meta) as Update<never>
