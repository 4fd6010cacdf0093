// A declared schema against the stored one: what it adds, and what contradicts.
import { isDeepStrictEqual } from 'node:util'
import { problem, type Problem } from './problem.ts'
import { ruleName, type EntitySchema, mergeAll } from './schema.ts'

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

// Sets, not orders: processes with different definitions side by side must agree on one row, not overwrite
// each other's.
const withAdded = <A>(
  all: readonly A[],
  added: readonly A[],
  same: (a: A, b: A) => boolean,
): readonly A[] => {
  const fresh = added.filter((item) => !all.some((other) => same(item, other)))
  return fresh.length === 0 ? all : [...all, ...fresh]
}

/**
 * The stored schema with a process' definition taken in: `stored` itself where that changes nothing, or the
 * problems
 * (each naming both sides) where the two contradict each other. `stored` is undefined before the first event.
 */
export const reconcile = (
  stored: EntitySchema | undefined,
  declared: EntitySchema,
): { readonly schema: EntitySchema } | { readonly problems: readonly Problem[] } => {
  if (stored === undefined) return { schema: declared }
  if (stored.unused === true)
    return {
      schema: isDeepStrictEqual(stored, { ...declared, unused: true })
        ? stored
        : { ...declared, unused: true },
    }
  const problems: Problem[] = []
  if (!sameList([...stored.identifier].sort(), [...declared.identifier].sort())) {
    problems.push(
      problem(
        'SchemaConflict',
        'identifier',
        `stored events are identified by ${stored.identifier.join(', ')}, the definition says ` +
          `${declared.identifier.join(', ')}`,
      ),
    )
  }
  if (stored.timestamp !== declared.timestamp) {
    problems.push(
      problem(
        'SchemaConflict',
        'timestamp',
        `stored events take their time from ${stored.timestamp}, the definition says ${declared.timestamp}`,
      ),
    )
  }
  const properties = mergeAll(stored.properties, declared.properties, '', problems)
  for (const name of declared.required) {
    if (!stored.required.includes(name))
      problems.push(
        problem(
          'SchemaConflict',
          name,
          'stored events may lack this property, the definition says it is required: make it optional',
        ),
      )
  }
  if (problems.length > 0) return { problems }
  const required = stored.required.filter((name) => declared.required.includes(name))
  const rules = withAdded(stored.rules, declared.rules, (a, b) => ruleName(a) === ruleName(b))
  const updates = withAdded(stored.updates, declared.updates, (a, b) => a === b)
  const same =
    properties === stored.properties &&
    required.length === stored.required.length &&
    rules === stored.rules &&
    updates === stored.updates
  return { schema: same ? stored : { ...stored, properties, required, rules, updates } }
}
