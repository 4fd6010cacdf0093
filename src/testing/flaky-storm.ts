// The storm of a flaky driver: a seeded fate for every call, so that a run can be repeated.
import type { TaskEither } from '../fp.ts'
import { unavailable, type Unavailable } from '../model/errors.ts'
import { pause } from '../waiting.ts'

/** What can happen to a call; probabilities from 0 to 1. */
export interface CallFaults {
  /** The call fails with `Unavailable`, and nothing has happened. */
  readonly before: number
  /** The call happens, and its caller sees `Unavailable` all the same: a lost acknowledgement. */
  readonly after: number
  /** The call waits first. */
  readonly delay: number
}

/** One fault that was injected; `call` counts the calls of its verb from 1. */
export interface Injected {
  readonly verb: string
  readonly call: number
  readonly fault: 'before' | 'after' | 'delay' | 'duplicate' | 'reorder' | 'withhold' | 'redeliver'
}

/** Random numbers from 0 to 1; the same seed gives the same ones. */
export type Random = () => number

// https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32
const mulberry32 = (seed: number): Random => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

// FNV-1a: each verb has numbers of its own, so that its fates do not hang on what runs beside it.
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** The random numbers of one verb. */
export const randomOf = (seed: number, verb: string): Random => mulberry32(hashOf(`${seed}/${verb}`))

export interface Storm {
  /** The numbers of a verb; each asked for once. */
  readonly random: (verb: string) => Random
  readonly isOver: () => boolean
  /** Tells of a fault. */
  readonly tell: (verb: string, call: number, fault: Injected['fault']) => void
  /** Milliseconds that a delay lasts at most. */
  readonly longest: number
  readonly faultsOf: (verb: string) => CallFaults
}

/** The same function with faults. Each call draws its numbers when it begins, whatever then becomes of it. */
export const faulty =
  (storm: Storm) =>
  <A extends readonly unknown[], E, R>(
    verb: string,
    work: (...args: A) => TaskEither<E, R>,
  ): ((...args: A) => TaskEither<E | Unavailable, R>) => {
    const random = storm.random(verb)
    const { before, after, delay } = storm.faultsOf(verb)
    let calls = 0
    return (...args) =>
      async () => {
        const call = ++calls
        const [ofFailure, ofDelay, ofLength] = [random(), random(), random()]
        if (storm.isOver()) return work(...args)()
        if (ofDelay < delay) {
          storm.tell(verb, call, 'delay')
          await pause(ofLength * storm.longest)
        }
        if (ofFailure < before) {
          storm.tell(verb, call, 'before')
          return { _tag: 'Left', left: unavailable(verb, `flaky: call ${call} failed before it began`) }
        }
        const done = await work(...args)()
        if (done._tag === 'Left' || ofFailure >= before + after) return done
        storm.tell(verb, call, 'after')
        return { _tag: 'Left', left: unavailable(verb, `flaky: call ${call} was done, and its answer lost`) }
      }
  }
