// Custom subscriptions: a user's handler, called per entity in order, many entities at once, none in another's way.
import PQueue from 'p-queue'
import { E, type TaskEither } from '../../fp.ts'
import type { Definition } from '../../model/definition.ts'
import { invalidDefinition, isDreampipeError, reasonOf } from '../../model/errors.ts'
import { payloadOf, type StoredEvent } from '../../model/event.ts'
import { canonicalScalar } from '../../model/scalar.ts'
import type { ScalarType } from '../../model/yadto.ts'
import type { TopicError } from '../../ports/topic.ts'
import type { Failed, Work } from './consume.ts'
import { byEntity } from '../project/views.ts'
import { readEvent, type ReadEvent } from '../events/read.ts'

/** Attribute name to canonical text. */
export type Filter = { readonly [attribute: string]: string }

/** What a handler may return: a value, a promise or a TaskEither. */
export type Handle = (event: ReadEvent) => unknown

/** Entities handled at once, and how long a handler may run (ms) before its entity steps aside and the others go on. */
const concurrency = 16
const patience = 1_000

/** A filter's values as canonical texts; throws `InvalidDefinition` where one is no attribute or not of its type. */
export const filterOf = (definition: Definition, filter: { readonly [attribute: string]: unknown } | undefined): Filter | undefined => {
  if (filter === undefined) return undefined
  const texts: { [attribute: string]: string } = {}
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue
    if (!definition.attributes.includes(name)) throw invalidDefinition(definition.name, `filter.${name}`, 'is not among the entity\'s attributes')
    const type = (Object.hasOwn(definition.properties ?? {}, name) ? definition.properties?.[name]?.type : undefined) ?? 'String'
    const text = canonicalScalar(type as ScalarType, typeof value === 'bigint' ? String(value) : value)
    if (typeof text !== 'string') throw invalidDefinition(definition.name, `filter.${name}`, text.message)
    texts[name] = text
  }
  return texts
}

/** The message attributes of an event: those of the entity's attributes that it carries. */
export const attributesOf = (definition: Definition, event: StoredEvent): Filter => {
  const attributes: { [attribute: string]: string } = {}
  if (definition.attributes.length === 0 || event.kind === 'erased') return attributes
  const yadto = payloadOf(event)
  for (const name of definition.attributes) {
    const text = Object.hasOwn(yadto, name) ? yadto[name]?.value : undefined
    if (typeof text === 'string') attributes[name] = text
  }
  return attributes
}

const matches = (filter: Filter | undefined, attributes: Filter): boolean =>
  filter === undefined || Object.keys(filter).every((name) => attributes[name] === filter[name])

// What a call came to: done, or the reason why not and whether to try again.
type Called = { readonly done: true } | { readonly done: false; readonly retry: boolean; readonly reason: string }
const done: Called = { done: true }
// What dreampipe itself cannot do now says nothing about the event: an outage or a shutdown never fills the dead letters.
const passing = ['Closed', 'Unavailable', 'NotStarted', 'NotProvisioned', 'MissingDependency', 'Contention', 'TimedOut'] as const

const isPermanent = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'retry' in thrown && thrown.retry === false && !isDreampipeError(thrown, ...passing)

const failure = (thrown: unknown): Called =>
  ({ done: false, reason: reasonOf(thrown), retry: !isPermanent(thrown) })

/** Calls a user's function with a value, whatever it returns. */
export const call = async <A>(handle: (value: A) => unknown, value: A): Promise<Called> => {
  try {
    const returned = await handle(value)
    // A TaskEither is lazy: it has done nothing until it is called.
    const result: unknown = typeof returned === 'function' ? await (returned as TaskEither<unknown, unknown>)() : returned
    return typeof result === 'object' && result !== null && '_tag' in result && result._tag === 'Left' ? failure((result as E.Left<unknown>).left) : done
  } catch (thrown) {
    return failure(thrown)
  }
}

/** A call that outlasted the patience: what it handles, and what came of it once it ended. */
interface Lasting { readonly sequence: number; ended: Called | undefined }

const within = async (called: Promise<Called>): Promise<Called | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => resolve(undefined), patience) })
  const first = await Promise.race([called, late])
  clearTimeout(timer)
  return first
}

/** The work of a custom subscription. A handler's throw with `retry: false` parks the event; any other is tried again, with backoff and no limit. */
export const handling = (definition: Definition, verb: string, filter: Filter | undefined, handle: Handle): Work => {
  const lasting = new Map<string, Lasting>()
  const queue = new PQueue({ concurrency })

  const callOnce = async (event: StoredEvent, read: ReadEvent): Promise<Called | undefined> => {
    const before = lasting.get(event.entityId)
    if (before !== undefined && before.sequence === event.sequence) {
      if (before.ended !== undefined) lasting.delete(event.entityId)
      return before.ended
    }
    const called = call(handle, read)
    const first = await within(called)
    if (first !== undefined) return first
    const entry: Lasting = { sequence: event.sequence, ended: undefined }
    lasting.set(event.entityId, entry)
    void called.then((ended) => { entry.ended = ended })
    return undefined
  }

  // Events of one entity, in order, up to the first that fails.
  const handleEntity = async (events: readonly StoredEvent[]): Promise<Failed | undefined> => {
    for (const event of events) {
      if (!matches(filter, attributesOf(definition, event))) continue
      const { entityId, sequence } = event
      const read = readEvent(verb, definition, event)
      if (read._tag === 'Left') return { entityId, sequence, retry: false, reason: read.left.message }
      if (read.right === undefined) continue
      const called = await callOnce(event, read.right)
      if (called === undefined) return { entityId, sequence, retry: true, reason: `the handler has been running for more than ${patience} ms` }
      if (!called.done) return { entityId, sequence, retry: called.retry, reason: called.reason }
    }
    return undefined
  }

  return (events): TaskEither<TopicError, readonly Failed[]> => async () => {
    const failures = await queue.addAll([...byEntity(events).values()].map((group) => () => handleEntity(group)))
    return E.right(failures.filter((failed) => failed !== undefined))
  }
}
