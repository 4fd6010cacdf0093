// createPipeline: the only wiring. Entities and a driver in, a pipeline with two faces of one implementation
// out.
import { embedded } from './drivers/embedded/driver.ts'
import { E, pipe, TE, type TaskEither } from './fp.ts'
import { definitionOf, verb } from './flow/context.ts'
import * as letters from './flow/consume/dead-letters.ts'
import { promised } from './flow/faces.ts'
import { rebuild, verify } from './flow/prove/prove.ts'
import { provision } from './flow/provision.ts'
import * as quarantine from './flow/produce/quarantine.ts'
import { schedule } from './flow/produce/schedule.ts'
import { current, find } from './flow/query/views.ts'
import { sql } from './flow/query/sql.ts'
import { asOf, history } from './flow/query/past.ts'
import { roles } from './flow/roles.ts'
import { builtInOf } from './flow/consume/built-in.ts'
import { submitOne } from './flow/receive/receiver.ts'
import { core, type Connected, type Core } from './flow/runtime.ts'
import type { Schemas } from './flow/schemas.ts'
import { settled } from './flow/project/settled-by-log.ts'
import { settledInStores } from './flow/project/settled-by-stores.ts'
import { warn, type Observe } from './flow/signal.ts'
import { status } from './flow/status.ts'
import { submitAll } from './flow/receive/submit-all.ts'
import type { Closable, Pipeline, ScheduleOptions, Verbs } from './flow/verbs.ts'
import type { Definition } from './model/definition.ts'
import type { AnyEntity } from './model/entity.ts'
import { invalidDefinition, type DreampipeError } from './model/errors.ts'
import type { Receipt } from './model/event.ts'
import { limits } from './model/limits.ts'
import type { Producer } from './model/producer.ts'
import type { Driver, Ports } from './ports/driver.ts'
import type { SubmitResult } from './ports/topic.ts'

/** What `createPipeline` may be told beside its entities. */
export interface PipelineOptions {
  /** Where everything is kept; by default embedded, in `./.dreampipe`. */
  readonly driver?: Driver
  /** Receives what happens behind the scenes; by default outages and dead letters are process warnings. */
  readonly observe?: Observe
  /** Whether every receipt and rejection goes to the result topic, for `subscribeResults`. */
  readonly results?: boolean
  /** Milliseconds that an update's timestamp may lie ahead of this machine's clock; a day by default. */
  readonly maxAhead?: number
}

// The types of the surface hold what runs behind it: entities are their definitions there.
type AnyVerbs = Verbs<AnyEntity, 'fp'>
type Task<A> = TaskEither<DreampipeError, A>

const definitionsOf = (entities: readonly AnyEntity[]): ReadonlyMap<string, Definition> => {
  const definitions = new Map<string, Definition>()
  const names = new Set<string>()
  for (const { definition } of entities) {
    if (names.has(definition.name.toLowerCase()))
      throw invalidDefinition(
        definition.name,
        '',
        'is in this pipeline already; names are unique without regard to case',
      )
    names.add(definition.name.toLowerCase())
    definitions.set(definition.name, definition)
  }
  return definitions
}

const verbsOf = (at: Core, driver: Driver, results: boolean): AnyVerbs => {
  const { context, connect, receiver } = at
  const definitions = [...context.definitions.values()]
  const onPorts = <A>(name: string, work: (ports: Ports, schemas: Schemas) => Task<A>): Task<A> =>
    verb(context, name, () =>
      pipe(
        connect as Task<Connected>,
        TE.flatMap(({ ports, schemas }) => work(ports, schemas)),
      ),
    )
  const reading = <A>(
    name: string,
    entity: AnyEntity,
    read: (definition: Definition, ports: Ports, schemas: Schemas) => Task<A>,
  ): Task<A> =>
    onPorts(name, (ports, schemas) =>
      pipe(
        TE.fromEither(
          definitionOf(context, name, String(entity?.name)) as E.Either<DreampipeError, Definition>,
        ),
        TE.flatMap((definition) => read(definition, ports, schemas)),
      ),
    )
  // A producer of an entity that this pipeline knows.
  const running = (
    name: string,
    producer: { readonly entity: AnyEntity },
    work: Task<unknown>,
  ): Task<unknown> =>
    verb(context, name, () =>
      pipe(
        TE.fromEither(
          definitionOf(context, name, String(producer?.entity?.name)) as E.Either<DreampipeError, Definition>,
        ),
        TE.flatMap(() => work),
      ),
    )
  const subscriptions = () => [...builtInOf(context.definitions), ...at.subscriptions.all()]
  return {
    start: (options) => verb(context, 'start', () => at.start(options?.roles ?? roles)),
    submit: (update) => verb(context, 'submit', () => submitOne(receiver, update)),
    submitAll: (updates, options = {}) =>
      verb(context, 'submitAll', () => submitAll(receiver, updates, options)),
    settled: (receipt?: Receipt, options?: { readonly timeout?: number }) =>
      onPorts('settled', (ports) =>
        ports.topic.isLog
          ? settled({ ports, definitions, isRunning: at.isRunning }, receipt, options?.timeout ?? 30_000)
          : settledInStores(ports, definitions, at.recent, receipt, options?.timeout ?? 30_000),
      ) as never,
    current: (entity, id) =>
      reading('current', entity, (definition, ports, schemas) =>
        current(ports, schemas, definition, id),
      ) as never,
    asOf: (entity, id, instant) =>
      reading('asOf', entity, (definition, ports, schemas) =>
        asOf(ports, schemas, definition, id, instant),
      ) as never,
    find: (entity, query = {}) =>
      reading('find', entity, (definition, ports, schemas) =>
        find(ports, schemas, definition, query),
      ) as never,
    history: (entity, id) => historyOf(at, entity, id as never) as never,
    sql: (text, parameters = {}, options = {}) =>
      onPorts('sql', (ports) => sql(ports, text, parameters, options)) as never,
    run: (producer, options = {}) =>
      running('run', producer, at.producers.run(producer as never, options)) as never,
    schedule: (producer, cron, options = {}) => scheduled(at, producer as never, cron, options as never),
    quarantine: {
      list: (producer) =>
        onPorts('quarantine.list', (ports) => quarantine.list(ports, producer.name)) as never,
      replay: (producer, entry) =>
        running(
          'quarantine.replay',
          producer,
          onPorts('quarantine.replay', (ports) =>
            quarantine.replay(ports, receiver, producer as never, entry),
          ),
        ) as never,
      drop: (entry) => onPorts('quarantine.drop', (ports) => quarantine.drop(ports, entry)) as never,
    },
    verify: (entity, options = {}) =>
      reading('verify', entity, (definition, ports) => verify(ports, definition, options)) as never,
    rebuild: (entity, options) =>
      reading('rebuild', entity, (definition, ports) => rebuild(ports, definition, options)) as never,
    provision: (options = {}) =>
      onPorts('provision', (ports) =>
        provision(
          ports,
          {
            entities: [...context.definitions.keys()],
            subscriptions: subscriptions(),
            results: results ? at.subscriptions.allResults() : undefined,
          },
          options,
        ),
      ) as never,
    status: () => onPorts('status', (ports) => status(driver.name, ports, subscriptions())) as never,
    deadLetters: {
      list: (entity) =>
        onPorts('deadLetters.list', (ports) =>
          letters.list(ports, entity === undefined ? {} : { entity: entity.name }),
        ) as never,
      retry: (letter) => onPorts('deadLetters.retry', (ports) => letters.retry(ports, letter)) as never,
      drop: (letter) => onPorts('deadLetters.drop', (ports) => letters.drop(ports, letter)) as never,
    },
  }
}

// The schedule of the fp face; the other face is told values and errors instead of Eithers.
const scheduled = (
  at: Core,
  producer: Producer<AnyEntity, never, never>,
  cron: string,
  { onRun, ...options }: ScheduleOptions<'fp'>,
): Closable => {
  const known = definitionOf(at.context, 'schedule', String(producer?.entity?.name))
  if (known._tag === 'Left') throw known.left
  const job = schedule(producer, cron, options, {
    run: (settings) => at.producers.run(producer as never, settings)(),
    store: async () => {
      const connected = await at.connect()
      return connected._tag === 'Left' ? connected : E.right(connected.right.ports.checkpointStore)
    },
    onResult: (result) => onRun?.(result),
  })
  at.onClose(job.stop)
  return closable(job.stop)
}

// A generator of Eithers; the first left is the last.
const historyOf = async function* (
  at: Core,
  entity: AnyEntity,
  id: { readonly [name: string]: unknown },
): AsyncGenerator<E.Either<DreampipeError, unknown>> {
  const definition = definitionOf(at.context, 'history', String(entity?.name))
  if (definition._tag === 'Left') return yield definition
  const connected = await at.connect()
  if (connected._tag === 'Left') return yield connected
  yield* history(connected.right.ports, connected.right.schemas, definition.right, id)
}

const closable = (close: (timeout: number) => Promise<void>): Closable => {
  const end: Closable['close'] = (options) => close(options?.timeout ?? 30_000)
  return { close: end, [Symbol.asyncDispose]: () => end() }
}

/**
 * A pipeline over these entities. It connects on first use and never blocks; `InvalidDefinition` is thrown at
 * once.
 */
export const createPipeline = <const L extends readonly AnyEntity[]>(
  entities: L,
  options: PipelineOptions = {},
): Pipeline<L[number]> => {
  const definitions = definitionsOf(entities)
  const driver = options.driver ?? embedded({ folder: './.dreampipe' })
  const at = core(
    definitions,
    driver,
    options.observe ?? warn,
    options.maxAhead ?? limits.maxAhead,
    options.results,
  )
  const fp = verbsOf(at, driver, options.results === true)
  const subscribe = (entity: AnyEntity, subscription: { readonly name: string }) => {
    const definition = definitionOf(at.context, 'subscribe', String(entity?.name))
    if (definition._tag === 'Left') throw definition.left
    const registered = at.subscriptions.add(definition.right, subscription as never)
    return { ready: registered.ready, ...closable(registered.stop) }
  }
  const subscribeResults = ({
    name,
    handle,
  }: {
    readonly name: string
    readonly handle: (result: SubmitResult) => unknown
  }) => {
    if (options.results !== true)
      throw invalidDefinition(
        'results',
        `subscription ${name}`,
        'this pipeline publishes no results: createPipeline(entities, { results: true })',
      )
    const registered = at.subscriptions.addResults(name, handle)
    return { ready: registered.ready, ...closable(registered.stop) }
  }
  const pipeline = { ...promised(fp), fp, subscribe, subscribeResults, ...closable(at.close) }
  return pipeline as unknown as Pipeline<L[number]>
}
