// The typed builder: values in, updates out as plain data; it never throws, what is wrong travels inside the update.
import type { Definition } from './definition.ts'
import { problem, type Problem } from './problem.ts'
import type { Meta, Update } from './update.ts'
import { mapToWire } from './wire.ts'
import { isMetadataName, type EntityPropertyValue, type Yadto } from './yadto.ts'

type Values = { readonly [name: string]: unknown }

const text = (value: string): EntityPropertyValue => ({ propertyType: 'String', value })

const metadataOf = (operation: 'upsert' | 'delete', meta: Meta | undefined): Yadto => ({
  ...(meta?.source === undefined ? {} : { eventSource: text(meta.source) }),
  ...(meta?.version === undefined ? {} : { eventVersion: text(meta.version) }),
  ...(meta?.correlationId === undefined ? {} : { correlationId: text(meta.correlationId) }),
  ...(operation === 'delete' ? { eventOperation: text('delete') } : {}),
})

// A learned entity's values are wire values already: decoding checks them.
const asWire = (values: Values, problems: Problem[]): Yadto => {
  const yadto: { [name: string]: EntityPropertyValue } = {}
  for (const name of Object.keys(values)) {
    if (isMetadataName(name)) problems.push(problem('BadName', name, 'this name carries metadata: give it beside the values'))
    else if (values[name] !== undefined) yadto[name] = values[name] as EntityPropertyValue
  }
  return yadto
}

const build = (definition: Definition, operation: 'upsert' | 'delete', values: Values, meta: Meta): Update => {
  const problems: Problem[] = []
  const given = typeof values === 'object' && values !== null ? values : {}
  const wire = definition.properties === undefined ? asWire(given, problems) : mapToWire(definition.properties, given, '', problems)
  const update = { entity: definition.name, operation, yadto: { ...wire, ...metadataOf(operation, meta) } }
  return problems.length === 0 ? update : { ...update, problems }
}

export const toUpdate = (definition: Definition, values: Values, meta: Meta): Update<never> => build(definition, 'upsert', values, meta) as Update<never>
export const toDelete = (definition: Definition, keys: Values, meta: Meta): Update<never> => build(definition, 'delete', keys, meta) as Update<never>
