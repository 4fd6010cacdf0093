// Definitions that are good, and the paths at which others are refused.
import { expect } from 'vitest'
import { y } from '../../src/model/property.ts'
import { entity } from '../../src/model/entity.ts'
import { isDreampipeError } from '../../src/model/errors.ts'

export const properties = {
  id: y.string(),
  at: y.dateTime(),
  n: y.integer(),
  o: y.optional(y.string()),
  list: y.list(y.string()),
  blob: y.bytes(),
  json: y.json(),
  object: y.object({ a: y.string() }),
  e: y.enriched(y.string()),
}
export const good = { properties, identifier: ['id'], timestamp: 'at' }
export const learned = { identifier: ['id'], timestamp: 'at' }

/** The path at which a definition is refused; undefined where it is not. */
export const refusedAt = (definition: unknown, name: unknown = 'Lead'): string | undefined => {
  try {
    entity(name as never, definition as never)
    return undefined
  } catch (thrown) {
    if (!isDreampipeError(thrown, 'InvalidDefinition')) throw thrown
    expect(thrown.message).toMatch(new RegExp(`^entity ${String(name)}: `))
    expect(thrown.retry).toBe(false)
    return thrown.path
  }
}
export const refusals = (...cases: readonly (readonly [definition: unknown, path: string])[]): void => {
  for (const [definition, path] of cases)
    expect([definition, refusedAt(definition)]).toEqual([definition, path])
}
