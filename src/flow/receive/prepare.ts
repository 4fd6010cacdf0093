// What of a batch may be appended: checked against the schemas in use, which grow update by update.
import { E } from '../../fp.ts'
import { candidateOf } from '../../model/admit.ts'
import type { Candidate } from '../../model/candidate.ts'
import { invalidUpdate, type SubmitError } from '../../model/errors.ts'
import type { Problem } from '../../model/problem.ts'
import { growAll, type EntitySchema } from '../../model/schema.ts'
import type { SchemaGuard } from '../../ports/event-store.ts'
import type { Pending, Receiving } from './pending.ts'

// The updates of a batch that may be appended, and the schemas that they need in place.
export interface Prepared {
  readonly pending: readonly Pending[]
  readonly candidates: readonly Candidate[]
  readonly guards: readonly SchemaGuard[]
}

interface Growing {
  readonly version: number
  readonly stored: EntitySchema | undefined
  schema: EntitySchema
}

// What is declared becomes what is promised with the first event.
const inUseOf = (schema: EntitySchema): EntitySchema => {
  if (schema.unused !== true) return schema
  const { unused: _, ...used } = schema
  return used
}

// Checks the batch against the schemas in use, growing them update by update; what does not fit has its
// answer here.
export const prepare = async ({ schemas }: Receiving, batch: readonly Pending[]): Promise<Prepared> => {
  const growing = new Map<string, Growing | SubmitError>()
  const pending: Pending[] = []
  const candidates: Candidate[] = []
  for (const each of batch) {
    const { definition } = each.admitted
    const content = each.enriched ?? each.admitted.content
    let inUse = growing.get(definition.name)
    if (inUse === undefined) {
      const loaded = await schemas.load(definition)()
      inUse = loaded._tag === 'Left' ? loaded.left : { ...loaded.right, schema: inUseOf(loaded.right.schema) }
      growing.set(definition.name, inUse)
    }
    if ('_tag' in inUse) {
      each.done(E.left(inUse))
      continue
    }
    const problems: Problem[] = []
    const properties = growAll(inUse.schema.properties, content, '', problems)
    const candidate =
      problems.length > 0
        ? E.left(invalidUpdate(definition.name, problems))
        : candidateOf(each.admitted, inUse.schema, each.enriched)
    if (candidate._tag === 'Left') {
      each.done(candidate)
      continue
    }
    if (properties !== inUse.schema.properties) inUse.schema = { ...inUse.schema, properties }
    pending.push(each)
    candidates.push(
      each.untransformed === true ? { ...candidate.right, untransformed: true } : candidate.right,
    )
  }
  const guards: SchemaGuard[] = []
  for (const [entity, inUse] of growing) {
    if ('_tag' in inUse || !candidates.some((candidate) => candidate.entity === entity)) continue
    guards.push({
      entity,
      version: inUse.version,
      ...(inUse.schema === inUse.stored ? {} : { next: inUse.schema }),
    })
  }
  return { pending, candidates, guards }
}
