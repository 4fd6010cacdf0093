// A dry run: pages are pulled, normalised and checked, nothing is stored and no cursor moves.
import { E } from '../../fp.ts'
import { admit } from '../../model/admit.ts'
import { isDreampipeError, sourceFailed, type RunError } from '../../model/errors.ts'
import { problem } from '../../model/problem.ts'
import { liveOf } from './live.ts'
import type { Checkpointed } from './checkpoint.ts'
import { changeOf, updatesOf, type AnyDefinition } from './page.ts'
import type { RunReport } from '../../model/run.ts'
import type { Producing } from './producing.ts'

type Checked = NonNullable<RunReport['updates']>[number]

// What submit would say of a record's updates.
const checked = (definition: AnyDefinition, record: unknown): readonly Checked[] => {
  const updates = updatesOf(definition, changeOf(definition), record)
  if (updates._tag === 'Left')
    return [
      {
        update: { entity: definition.entity.name, operation: 'upsert', yadto: {} },
        problems: [problem('WrongType', '', updates.left)],
      },
    ]
  return updates.right.map((update) => {
    const admitted = admit(definition.entity.definition, update, undefined, Number.MAX_SAFE_INTEGER)
    return {
      update,
      problems: admitted._tag === 'Left' && 'problems' in admitted.left ? admitted.left.problems : [],
    }
  })
}

export const dryRun = async (
  { ports, observe }: Producing,
  definition: AnyDefinition,
  { cursor, budget }: Checkpointed,
  signal: AbortSignal,
  most: number,
): Promise<E.Either<RunError, RunReport>> => {
  const started = performance.now()
  const decoded = definition.cursor.decode(cursor)
  if (decoded._tag === 'Left')
    return E.left(
      sourceFailed(
        `run ${definition.name}`,
        'the stored cursor does not fit its codec',
        JSON.stringify(cursor),
      ),
    )
  const updates: Checked[] = []
  let [pages, records, reached] = [0, 0, cursor]
  try {
    const context = {
      signal,
      budget,
      live: () => liveOf(ports, definition.entity),
      warn: (message: string) => observe({ _tag: 'producer', producer: definition.name, message }),
    }
    for await (const page of definition.pages(decoded.right, context)) {
      pages++
      records += page.records.length
      for (const record of page.records)
        if (updates.length < most) updates.push(...checked(definition, record))
      reached = definition.cursor.encode(page.cursor)
      if (updates.length >= most || signal.aborted || budget.left() <= 0) break
    }
  } catch (thrown) {
    return E.left(
      isDreampipeError(thrown)
        ? (thrown as RunError)
        : sourceFailed(`run ${definition.name}`, 'its source failed', thrown),
    )
  }
  const rejected = updates.filter(({ problems }) => problems.length > 0).length
  return E.right({
    producer: definition.name,
    ended: 'dry run',
    pages,
    records,
    stored: 0,
    duplicate: 0,
    outdated: 0,
    rejected,
    calls: budget.spent(),
    cursor: reached,
    milliseconds: Math.round(performance.now() - started),
    updates: updates.slice(0, most),
  })
}
