// A pipeline at run time: connected on first use, its roles running, its verbs as TaskEithers.
import { E, pipe, TE, type TaskEither } from '../fp.ts'
import type { Definition } from '../model/definition.ts'
import type { Contention, Infra, SchemaConflict } from '../model/errors.ts'
import type { Driver } from '../ports/driver.ts'
import { verb, type Context } from './context.ts'
import { watchLag, type Watching } from './lagging.ts'
import { recent, type Recent } from './project/recent.ts'
import { receiver, type Receiver } from './receive/receiver.ts'
import { relay, type Relay } from './receive/relay.ts'
import { reporting } from './receive/results.ts'
import { roles as allRoles, startProjection, type Role } from './roles.ts'
import type { Stoppable, Runtime } from './consume/running.ts'
import { builtInOf } from './consume/built-in.ts'
import { runner } from './produce/runner.ts'
import { schemas } from './schemas.ts'
import { harmless, type Observe } from './signal.ts'
import { subscriptions, type Subscriptions } from './consume/subscriptions.ts'
import { startUpdates } from './receive/updates.ts'
import { once, within } from '../waiting.ts'

export interface Connected extends Runtime {
  readonly relay: Relay
}

export interface Core {
  readonly context: Context
  readonly connect: TaskEither<Infra, Connected>
  readonly receiver: Receiver
  readonly subscriptions: Subscriptions
  readonly start: (roles: readonly Role[]) => TaskEither<Infra | Contention | SchemaConflict, void>
  readonly isRunning: (role: Role) => boolean
  readonly producers: ReturnType<typeof runner>
  /** What this process had stored of late; empty where the topic is a log. */
  readonly recent: Recent
  /** Runs when the pipeline closes, before anything else ends. */
  readonly onClose: (stop: () => Promise<void>) => void
  /** Ends everything; what is in flight is finished first, for at most `timeout` ms. */
  readonly close: (timeout: number) => Promise<void>
}

export const core = (
  definitions: ReadonlyMap<string, Definition>,
  driver: Driver,
  watch: Observe,
  maxAhead: number,
  results = false,
): Core => {
  const observe = harmless(watch)
  let closing: Promise<void> | undefined
  const opened = once(driver.open())
  const connected = once<Infra, Connected>(
    pipe(
      opened.get,
      TE.map((ports) => ({
        ports,
        schemas: schemas(ports.eventStore),
        observe,
        relay: relay(ports, definitions, observe),
      })),
    ),
  )
  const context: Context = {
    definitions,
    observe,
    maxAhead,
    isClosed: () => closing !== undefined,
  }
  const connect: TaskEither<Infra, Connected> = verb(context, 'connect', () => connected.get)
  const subscribed = subscriptions(connect, observe)
  const stored = recent()
  const plain = receiver(
    context,
    async () => {
      const ready = await connected.get()
      if (ready._tag === 'Left') return ready
      const {
        relay: { publish },
        ports,
      } = ready.right
      return E.right({
        ...ready.right,
        relay: ports.topic.isLog
          ? publish
          : (events) => {
              stored.note(events)
              publish(events)
            },
      })
    },
    subscribed.registering,
  )
  const receiving = results ? reporting(plain, connected.get, observe) : plain

  const ending = new AbortController()
  const producers = runner(async () => {
    const at = await connect()
    return at._tag === 'Left'
      ? at
      : E.right({ ports: at.right.ports, receiver: receiving, observe, closing: ending.signal })
  }, observe)

  const running = new Map<
    Role,
    Promise<E.Either<Infra | Contention | SchemaConflict, readonly Stoppable[]>>
  >()
  let watching: Watching | undefined
  const startRole = (
    role: Role,
    at: Connected,
  ): Promise<E.Either<Infra | Contention | SchemaConflict, readonly Stoppable[]>> => {
    if (role === 'views' || role === 'query-engine') return startProjection(role, at, definitions.values())()
    if (role === 'receiver') return startUpdates(at.ports, plain, definitions.values(), results, observe)()
    if (role === 'relay') at.relay.sweep()
    if (role === 'subscriptions') subscribed.start()
    return Promise.resolve(E.right([]))
  }
  const start: Core['start'] = (wanted) => async () => {
    const at = await connect()
    if (at._tag === 'Left') return at
    watching ??= watchLag(at.right.ports, () => [...builtInOf(definitions), ...subscribed.all()], observe)
    for (const role of allRoles.filter((each) => wanted.includes(each))) {
      const starting = running.get(role) ?? startRole(role, at.right)
      running.set(role, starting)
      const started = await starting
      if (started._tag === 'Right') continue
      running.delete(role)
      return started
    }
    return E.right(undefined)
  }

  const stops: (() => Promise<void>)[] = []
  const finish = async (): Promise<void> => {
    await Promise.all([...stops.map((stop) => stop()), watching?.stop()])
    await producers.idle()
    await receiving.idle()
    await subscribed.stop()
    for (const starting of running.values()) {
      const started = await starting
      if (started._tag === 'Right') await Promise.all(started.right.map(({ stop }) => stop()))
    }
    const at = await connected.peek()
    if (at?._tag === 'Right') await at.right.relay.stop()
  }
  const close = async (timeout: number): Promise<void> => {
    ending.abort()
    await within(timeout, finish())
    const ports = await opened.peek()
    if (ports?._tag === 'Right') await ports.right.close()
  }
  return {
    context,
    connect,
    receiver: receiving,
    subscriptions: subscribed,
    start,
    producers,
    recent: stored,
    isRunning: (role) => running.has(role),
    onClose: (stop) => void stops.push(stop),
    close: (timeout) => (closing ??= close(timeout)),
  }
}
