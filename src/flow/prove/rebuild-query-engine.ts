// rebuild, for the query engine: tables made anew from the event store beside those that serve, swapped in
// one transaction.
import { E, type TaskEither } from '../../fp.ts'
import type { Contention, Infra, NotStarted } from '../../model/errors.ts'
import type { Ports } from '../../ports/driver.ts'
import type { Build } from '../../ports/view-store.ts'
import { evolveStored } from '../project/query-engine.ts'
import { ticker, type Rebuilt, type RebuildOptions, incomplete, tookOver } from './rebuild.ts'
import { behind, nextEntities } from '../events/scan.ts'
import { verifyQueryEngine } from './verify-query-engine.ts'

type RebuildResult<A> = E.Either<Infra | Contention | NotStarted, A>

const fill = async (
  { eventStore, queryEngine }: Ports,
  entity: string,
  begun: Build,
  tick: (events: number) => void,
): Promise<RebuildResult<{ readonly build: Build; readonly entities: number }>> => {
  let build = begun
  let entities = 0
  for (;;) {
    const groups = await nextEntities(eventStore, entity, build.cursor)
    if (groups._tag === 'Left') return groups
    const cursor = behind(groups.right)
    if (cursor === undefined) return E.right({ build, entities })
    const events = [...groups.right.values()].flat()
    const filled = await queryEngine.fill(entity, events)()
    if (filled._tag === 'Left') return filled
    entities += groups.right.size
    build = { ...build, cursor, events: build.events + events.length }
    const kept = await queryEngine.generations.advance(entity, build)()
    if (kept._tag === 'Left') return kept
    tick(build.events)
  }
}

// A build takes over only complete: what a first look finds is mended, what a second one finds stops it.
const proven = async (ports: Ports, entity: string): Promise<RebuildResult<void>> => {
  const first = await verifyQueryEngine(ports, entity, { repair: true }, true)()
  if (first._tag === 'Left' || first.right.findings.length === 0) return voided(first)
  const second = await verifyQueryEngine(ports, entity, {}, true)()
  return second._tag === 'Left' || second.right.findings.length === 0
    ? voided(second)
    : E.left(incomplete(entity, second.right.findings))
}
const voided = (result: RebuildResult<unknown>): RebuildResult<void> =>
  result._tag === 'Left' ? result : E.right(undefined)

/**
 * Builds an entity's tables anew, in the process that projects into the query engine. Resumable, repeatable;
 * verified before the swap.
 */
export const rebuildQueryEngine =
  (
    ports: Ports,
    entity: string,
    total: number,
    options: RebuildOptions,
  ): TaskEither<Infra | Contention | NotStarted, Rebuilt> =>
  async () => {
    const { generations } = ports.queryEngine
    const begun = await generations.begin(entity, 'rows')()
    if (begun._tag === 'Left') return begun
    const evolved = await evolveStored(ports.eventStore, ports.queryEngine, entity)()
    if (evolved._tag === 'Left') return evolved
    const tick = ticker(total, begun.right.events, options)
    const filled = await fill(ports, entity, begun.right, tick)
    if (filled._tag === 'Left') return filled
    const verified = await proven(ports, entity)
    if (verified._tag === 'Left') return verified
    const swapped = tookOver(entity, await generations.swap(entity, filled.right.build.generation)())
    if (swapped._tag === 'Left') return swapped
    tick(filled.right.build.events, true)
    return E.right({
      generation: filled.right.build.generation,
      events: filled.right.build.events,
      entities: filled.right.entities,
      failed: [],
    })
  }
