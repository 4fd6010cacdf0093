// Custom subscriptions of a pipeline: registered at once, consumed while the pipeline runs that role.
import type { AnyEntity, DefinitionOf, EventOf } from '../../model/entity.ts'
import { invalidDefinition, type DreampipeError } from '../../model/errors.ts'
import type { Subscription, SubmitResult } from '../../ports/topic.ts'
import type { TaskEither } from '../../fp.ts'
import { handling } from './handle.ts'
import { filterOf } from '../../model/attributes.ts'
import { backoff, pause } from '../../waiting.ts'
import { handleResults } from './handle-results.ts'
import { run, type Stoppable, type Runtime } from './running.ts'
import { builtIn } from './built-in.ts'
import type { Observe } from '../signal.ts'

/** A custom subscription. */
export interface SubscriptionOptions<L extends AnyEntity> {
  /** Unique among the entity's subscriptions; letters, digits, `_`, `-` and `.`. */
  readonly name: string
  /** Only events whose attributes have these values; a delete carries no attributes but its keys. */
  readonly filter?: { readonly [K in L['shape']['attributes']]?: string | number | boolean }
  /** Where a new subscription begins: with the next event, or with the first there ever was. */
  readonly from?: 'now' | 'start'
  /**
   * Called per entity in order. A failure is tried again with backoff and no limit; an error with `retry:
   * false` makes the event a dead letter. At least once: the event's id tells a repetition. One that runs
   * longer than a second steps aside, and other entities go on.
   */
  readonly handle: (event: EventOf<L>) => void | PromiseLike<unknown> | TaskEither<unknown, unknown>
}

export interface Subscriptions {
  readonly add: <L extends AnyEntity>(
    definition: DefinitionOf<L>,
    options: SubscriptionOptions<L>,
  ) => Registered
  /** A durable subscription to the results of submitted updates. */
  readonly addResults: (name: string, handle: (result: SubmitResult) => unknown) => Registered
  /** Consumes every registered subscription from now on, and those added later. */
  readonly start: () => void
  /**
   * What the receiver waits for: an update submitted after `subscribe` is not committed before the
   * subscription is registered.
   */
  readonly registering: () => Promise<unknown> | undefined
  readonly all: () => readonly Subscription[]
  /** Names of the subscriptions to results. */
  readonly allResults: () => readonly string[]
  readonly stop: () => Promise<void>
}

interface Registered {
  readonly ready: Promise<void>
  readonly stop: () => Promise<void>
}

interface Entry {
  readonly subscription: Subscription
  readonly stopping: AbortController
  running: Stoppable | undefined
  consume: (() => void) | undefined
}

/** Stands for the entity in the name of a subscription to results. */
const ofResults = '(results)'

const keyOf = ({ name, entity }: Subscription): string => `${entity.toLowerCase()}/${name}`

const checkName = (entity: string, name: string, handle: unknown): void => {
  const refuse = (why: string): never => {
    throw invalidDefinition(entity, `subscription ${JSON.stringify(name)}`, why)
  }
  if (typeof name !== 'string' || !/^[A-Za-z][\w.-]{0,99}$/.test(name))
    refuse('a name starts with a letter and has letters, digits, _, - and ., at most 100')
  if (builtIn.some((each) => each === name)) refuse('this name belongs to a built-in projection')
  if (typeof handle !== 'function') refuse('handle is a function')
}

export const subscriptions = (
  runtime: TaskEither<DreampipeError, Runtime>,
  observe: Observe,
): Subscriptions => {
  const entries = new Map<string, Entry>()
  const registrations = new Set<Promise<unknown>>()
  let started = false

  // Tries until it is registered or given up: an outage at start loses no event that comes after it.
  // What must be provisioned first holds up no update meanwhile: `onRefused`.
  const register = async (
    { subscription, stopping: { signal } }: Entry,
    onRefused: () => void,
  ): Promise<Runtime | undefined> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const connected = await runtime()
      const registered =
        connected._tag === 'Left'
          ? connected
          : await (
              subscription.entity === ofResults
                ? connected.right.ports.topic.results.register(subscription.name)
                : connected.right.ports.topic.register(subscription)
            )()
      if (registered._tag === 'Right' && connected._tag === 'Right') return connected.right
      if (registered._tag === 'Left') {
        if (registered.left._tag === 'Closed') return undefined
        if (!registered.left.retry) onRefused()
        observe({
          _tag: 'unregistered',
          subscription: subscription.name,
          entity: subscription.entity,
          error: registered.left,
        })
      }
      await pause(backoff(attempt + 1, 100, 5_000), signal)
    }
    return undefined
  }

  const stopOne = async (entry: Entry): Promise<void> => {
    entry.stopping.abort()
    entries.delete(keyOf(entry.subscription))
    await entry.running?.stop()
  }

  // Registers now, consumes once started.
  const enter = (subscription: Subscription, start: (runtime: Runtime) => Stoppable): Registered => {
    if (entries.has(keyOf(subscription)))
      throw invalidDefinition(
        subscription.entity,
        `subscription ${subscription.name}`,
        'is subscribed in this pipeline already',
      )
    const entry: Entry = {
      subscription,
      stopping: new AbortController(),
      running: undefined,
      consume: undefined,
    }
    entries.set(keyOf(subscription), entry)
    const { promise: decided, resolve: decide } = Promise.withResolvers<void>()
    const ready = register(entry, decide).then((connected) => {
      if (connected === undefined || entry.stopping.signal.aborted) return
      entry.consume = () => {
        entry.running ??= start(connected)
      }
      if (started) entry.consume()
    })
    registrations.add(decided)
    void ready.finally(decide)
    void decided.finally(() => registrations.delete(decided))
    return { ready, stop: () => stopOne(entry) }
  }

  const add = <L extends AnyEntity>(
    definition: DefinitionOf<L>,
    { name, filter, from = 'now', handle }: SubscriptionOptions<L>,
  ): Registered => {
    checkName(definition.name, name, handle)
    const texts = filterOf(definition, filter)
    const subscription: Subscription = {
      name,
      entity: definition.name,
      from,
      ...(texts === undefined ? {} : { filter: texts }),
    }
    return enter(subscription, (connected) =>
      run(connected, {
        subscription,
        gated: false,
        work: handling(definition, `subscription ${name}`, texts, handle),
      }),
    )
  }

  const addResults: Subscriptions['addResults'] = (name, handle) => {
    checkName('results', name, handle)
    return enter({ name, entity: ofResults, from: 'now' }, ({ ports: { topic } }) =>
      topic.results.subscribe(name, handleResults(handle), {
        onFailure: (error, attempt) =>
          observe({ _tag: 'retrying', subscription: name, entity: ofResults, attempt, error }),
      }),
    )
  }

  return {
    add,
    addResults,
    start: () => {
      started = true
      for (const entry of entries.values()) entry.consume?.()
    },
    registering: () => (registrations.size === 0 ? undefined : Promise.all(registrations)),
    all: () =>
      [...entries.values()]
        .map(({ subscription }) => subscription)
        .filter(({ entity }) => entity !== ofResults),
    allResults: () =>
      [...entries.values()]
        .map(({ subscription }) => subscription)
        .filter(({ entity }) => entity === ofResults)
        .map(({ name }) => name),
    stop: async () => void (await Promise.all([...entries.values()].map(stopOne))),
  }
}
