// What rebuilds share: how they are watched, and what they answer.
import { E } from '../../fp.ts'
import { contention, unavailable, type Contention, type Unavailable } from '../../model/errors.ts'
import type { Finding } from './verify.ts'

/** How far a rebuild is. */
export interface RebuildProgress {
  /** Events read so far by this build, and events a second. */
  readonly events: number
  readonly rate: number
  /** Milliseconds left; undefined until the rate is known. */
  readonly left?: number
}

/** How a rebuild is watched. */
export interface RebuildOptions {
  readonly onProgress?: (progress: RebuildProgress) => void
}

/**
 * What a rebuild made: the generation that serves now, its events, and what this call did: entities read, and
 * those whose calculation threw; they are parked as in any projection.
 */
export interface Rebuilt {
  readonly generation: number
  readonly events: number
  readonly entities: number
  readonly failed: readonly { readonly entityId: string; readonly reason: string }[]
}

/** Tells how far a build is, at most ten times a second. */
export const ticker = (
  total: number,
  begun: number,
  { onProgress }: RebuildOptions,
): ((events: number, end?: boolean) => void) => {
  const started = performance.now()
  let told = 0
  return (events, end = false) => {
    const now = performance.now()
    if (onProgress === undefined || (!end && now - told < 100)) return
    told = now
    const rate = ((events - begun) / Math.max(1, now - started)) * 1000
    onProgress({
      events,
      rate: Math.round(rate),
      ...(rate > 0 && total > 0 ? { left: Math.round((Math.max(0, total - events) / rate) * 1000) } : {}),
    })
  }
}

/** A generation that is not complete does not take over: the first finding says what it lacks. */
export const incomplete = (entity: string, findings: readonly Finding[]): Unavailable =>
  unavailable(
    `rebuild ${entity}`,
    `the new generation is not complete and does not take over: ${findings.length} findings, the first ` +
      `is ${JSON.stringify(findings[0])}`,
  )

/** A swap that found another build in its place is no rebuild. */
export const tookOver = <Er>(
  entity: string,
  swapped: E.Either<Er, boolean>,
): E.Either<Er | Contention, void> =>
  swapped._tag === 'Left'
    ? swapped
    : swapped.right
      ? E.right(undefined)
      : E.left(contention(`rebuild ${entity}`, 'another rebuild took its place: it serves, or will'))
