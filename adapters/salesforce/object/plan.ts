// What is read of an object: declared fields checked against what Salesforce describes, or every field there
// is.
import { schemaConflict, type AnyEntity, type Properties } from 'dreampipe'
import type { Described } from '../org/describe.ts'
import { factsOf } from './facts.ts'
import { type Plan, leavesOf, kinds } from './nodes.ts'
import { type Checking, declaredNodes } from './declared.ts'
import { learnedNodes } from './learned.ts'

/**
 * The objects whose fields are named through a relationship: they are described too, of many kinds only the
 * first.
 */
export const parentsOf = (described: Described, fields: Properties | undefined): readonly string[] =>
  Object.entries(fields ?? {}).flatMap(([name, { spec }]) => {
    if (described.fields.has(name) || spec.type !== 'EmbeddedObject') return []
    return [...described.fields.values()]
      .filter(({ relationshipName }) => relationshipName === name)
      .flatMap(({ referenceTo }) => (referenceTo ?? []).slice(0, kinds))
  })

// A learned entity's fields as they were and as they are.
const drift = (
  { problems, warnings }: Checking,
  now: { readonly [name: string]: string },
  before: { readonly [name: string]: string },
): void => {
  for (const [name, type] of Object.entries(before)) {
    const next = now[name]
    if (next === undefined) warnings.push(`${name} is gone, or this user may no longer see it`)
    else if (next !== type)
      problems.push({
        code: 'WrongType',
        path: name,
        message: `it was read as ${type} and would be as ${next} now: what is stored cannot hold it`,
      })
  }
}

/**
 * Plans what to read. Throws `SchemaConflict` where declared fields are not what Salesforce has, before
 * anything is read.
 */
export const planOf = (
  entity: AnyEntity,
  described: Described,
  parents: readonly Described[],
  fields: Properties | undefined,
  before: { readonly [name: string]: string },
): Plan => {
  const checking: Checking = {
    objects: new Map([described, ...parents].map((each) => [each.name, each])),
    problems: [],
    warnings: [],
    unstamped: new Set(),
    found: new Map(),
    bulk: true,
  }
  const nodes =
    fields === undefined
      ? learnedNodes(checking, described)
      : declaredNodes(
          checking,
          described,
          Object.fromEntries(Object.entries(fields).map(([name, { spec }]) => [name, spec])),
          [],
        )
  const leaves = leavesOf(nodes)
  const read = Object.fromEntries(leaves.map(({ column, as }) => [column, as]))
  if (fields === undefined) drift(checking, read, before)
  if (fields === undefined) {
    for (const name of [...entity.definition.identifier, entity.definition.timestamp]) {
      if (!nodes.some((node) => node.name === name))
        checking.problems.push({
          code: 'Missing',
          path: name,
          message: `the entity is known or dated by it, and ${described.name} has no such field`,
        })
    }
  }
  if (checking.problems.length > 0)
    throw schemaConflict(
      entity.name,
      checking.problems,
      `what is read of Salesforce's ${described.name} is not what it has`,
    )
  const columns = [...new Set(leaves.map(({ column }) => column))]
  return {
    nodes,
    columns,
    bulk: checking.bulk,
    unstamped: [...checking.unstamped],
    fields: read,
    warnings: checking.warnings,
    grown: Object.keys(before).length === 0 ? [] : columns.filter((column) => before[column] === undefined),
    facts: factsOf(described, columns, (column) => checking.found.get(column)),
  }
}
