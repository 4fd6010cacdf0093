// createPipeline: the only wiring. Entities and a driver in, a pipeline with two faces of one implementation
// out.
import { embedded } from './drivers/embedded/driver.ts'
import { E } from './fp.ts'
import { boundary } from './flow/boundary.ts'
import { definitionFor, verb } from './flow/context.ts'
import { builtInOf } from './flow/consume/built-in.ts'
import * as letters from './flow/consume/dead-letters.ts'
import { promised } from './flow/faces.ts'
import * as quarantine from './flow/produce/quarantine.ts'
import { schedule } from './flow/produce/schedule.ts'
import { settled } from './flow/project/settled.ts'
import { rebuild, verify } from './flow/prove/prove.ts'
import { provision } from './flow/provision.ts'
import { asOf, history } from './flow/query/past.ts'
import { sql } from './flow/query/sql.ts'
import { current, find } from './flow/query/views.ts'
import { submitAll } from './flow/receive/submit-all.ts'
import { submitOne } from './flow/receive/receiver.ts'
import { roles } from './flow/roles.ts'
import { core, type Core } from './flow/runtime.ts'
import { warn, type Observe } from './flow/signal.ts'
import { status } from './flow/status.ts'
import type { Closable, Pipeline, ScheduleOptions, Verbs } from './flow/verbs.ts'
import type { Definition } from './model/definition.ts'
import type { AnyEntity, EventOf, Identifier } from './model/entity.ts'
import { invalidDefinition, invalidOption, type Contention, type ReadError } from './model/errors.ts'
import { limits } from './model/limits.ts'
import { checkChoice, checkOptions } from './model/options.ts'
import type { Producer } from './model/producer.ts'
import type { Driver } from './ports/driver.ts'

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

const definitionsOf = (entities: readonly AnyEntity[]): ReadonlyMap<string, Definition> => {
  const definitions = new Map<string, Definition>()
  const names = new Set<string>()
  if (!Array.isArray(entities))
    throw invalidOption('createPipeline', '', `expects a list of entities: createPipeline([Lead])`)
  for (const { definition } of entities as readonly Partial<AnyEntity>[]) {
    if (definition === undefined)
      throw invalidOption(
        'createPipeline',
        '',
        'has something in its list that is no entity: make it with entity()',
      )
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

const verbsOf = (at: Core, driver: Driver, results: boolean): Verbs<AnyEntity, 'fp'> => {
  const { context, connect, receiver, producers } = at
  const { onPorts, onEntity, known } = boundary(context, connect)
  const definitions = [...context.definitions.values()]
  const subscriptions = () => [...builtInOf(context.definitions), ...at.subscriptions.all()]
  const settling = { definitions, isRunning: at.isRunning, recent: at.recent }
  return {
    start: (options) =>
      verb(context, 'start', () => {
        checkOptions('start', options)
        for (const role of options?.roles ?? []) checkChoice('start', 'roles', role, roles)
        return at.start(options?.roles ?? roles)
      }),
    submit: (update) => verb(context, 'submit', () => submitOne(receiver, update)),
    submitAll: (updates, options = {}) =>
      verb(context, 'submitAll', () => {
        checkOptions('submitAll', options)
        return submitAll(receiver, updates, options)
      }),
    settled: (receipt, options) =>
      onPorts('settled', (ports, schemas) => settled(ports, schemas, settling, receipt, options), options),
    current: (entity, id) =>
      onEntity('current', entity, (definition, ports, schemas) => current(ports, schemas, definition, id)),
    asOf: (entity, id, instant) =>
      onEntity('asOf', entity, (definition, ports, schemas) => asOf(ports, schemas, definition, id, instant)),
    find: (entity, query = {}) =>
      onEntity(
        'find',
        entity,
        (definition, ports, schemas) => find(ports, schemas, definition, query),
        query,
      ),
    history: (entity, id) => historyOf(at, entity, id),
    sql: (text, parameters = {}, options = {}) =>
      onPorts('sql', (ports) => sql(ports, text, parameters, options), options),
    run: (producer, options = {}) =>
      known('run', producer?.entity, producers.run(producer, options), options),
    schedule: (producer, cron, options = {}) => scheduled(at, producer, cron, options),
    quarantine: {
      list: (producer) => onPorts('quarantine.list', (ports) => quarantine.list(ports, producer.name)),
      replay: (producer, entry) =>
        onEntity('quarantine.replay', producer?.entity, (_, ports) =>
          quarantine.replay(ports, receiver, producer, entry),
        ),
      drop: (entry) => onPorts('quarantine.drop', (ports) => quarantine.drop(ports, entry)),
    },
    verify: (entity, options = {}) =>
      onEntity('verify', entity, (definition, ports) => verify(ports, definition, options), options),
    rebuild: (entity, options) =>
      onEntity('rebuild', entity, (definition, ports) => rebuild(ports, definition, options), options),
    provision: (options = {}) =>
      onPorts(
        'provision',
        (ports) =>
          provision(
            ports,
            {
              entities: [...context.definitions.keys()],
              subscriptions: subscriptions(),
              results: results ? at.subscriptions.allResults() : undefined,
            },
            options,
          ),
        options,
      ),
    status: () => onPorts('status', (ports) => status(driver.name, ports, subscriptions())),
    deadLetters: {
      list: (entity) =>
        onPorts('deadLetters.list', (ports) =>
          letters.listIdentified(
            ports,
            context.definitions,
            entity === undefined ? {} : { entity: entity.name },
          ),
        ),
      retry: (letter) => onPorts('deadLetters.retry', (ports) => letters.retry(ports, letter)),
      drop: (letter) => onPorts('deadLetters.drop', (ports) => letters.drop(ports, letter)),
    },
  }
}

// The schedule of the fp face; the other face is told values and errors instead of Eithers.
const scheduled = <L extends AnyEntity, R, C>(
  at: Core,
  producer: Producer<L, R, C>,
  cron: string,
  { onRun, ...options }: ScheduleOptions<'fp'>,
): Closable => {
  checkOptions('schedule', { onRun, ...options })
  const known = definitionFor(at.context, 'schedule', producer?.entity)
  if (known._tag === 'Left') throw known.left
  const job = schedule(producer.name, cron, options, {
    run: (settings) => at.producers.run(producer, settings)(),
    store: async () => {
      const connected = await at.connect()
      return connected._tag === 'Left' ? connected : E.right(connected.right.ports.checkpointStore)
    },
    onResult: (result) => onRun?.(result),
    onWarning: (message) => at.context.observe({ _tag: 'producer', producer: producer.name, message }),
  })
  at.onClose(job.stop)
  return closable(job.stop)
}

// A generator of Eithers; the first left is the last.
const historyOf = async function* <L extends AnyEntity>(
  at: Core,
  entity: L,
  id: Identifier<L>,
): AsyncGenerator<E.Either<ReadError | Contention, EventOf<L>>> {
  const definition = definitionFor(at.context, 'history', entity)
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
 * @example
 * import { createPipeline, entity, y } from 'dreampipe'
 *
 * const Lead = entity('Lead', {
 *   properties: { id: y.string(), city: y.string(), at: y.dateTime() },
 *   identifier: ['id'],
 *   timestamp: 'at',
 * })
 * const pipeline = createPipeline([Lead]) // embedded, in ./.dreampipe
 * await pipeline.start()
 * await pipeline.submit(Lead.toUpdate({ id: '1', city: 'Graz', at: new Date() }, { source: 'crm' }))
 * await pipeline.settled()
 * await pipeline.current(Lead, { id: '1' }) // { id: '1', city: 'Graz', at: '…' }
 * await pipeline.close()
 */
export const createPipeline = <const L extends readonly AnyEntity[]>(
  entities: L,
  options: PipelineOptions = {},
): Pipeline<L[number]> => {
  checkOptions('createPipeline', options)
  const definitions = definitionsOf(entities)
  if (options.driver !== undefined && typeof options.driver.open !== 'function')
    throw invalidOption('createPipeline', 'driver', "is no driver: embedded({ folder: './data' }) makes one")
  const driver = options.driver ?? embedded({ folder: './.dreampipe' })
  const at = core(
    definitions,
    driver,
    options.observe ?? warn,
    options.maxAhead ?? limits.maxAhead,
    options.results,
  )
  const fp = verbsOf(at, driver, options.results === true)
  const subscribe: Pipeline<AnyEntity>['subscribe'] = (entity, subscription) => {
    checkOptions('subscribe', subscription)
    const definition = definitionFor(at.context, 'subscribe', entity)
    if (definition._tag === 'Left') throw definition.left
    const registered = at.subscriptions.add(definition.right, subscription)
    return { ready: registered.ready, ...closable(registered.stop) }
  }
  const subscribeResults: Pipeline<AnyEntity>['subscribeResults'] = ({ name, handle }) => {
    if (options.results !== true)
      throw invalidDefinition(
        'results',
        `subscription ${name}`,
        'this pipeline publishes no results: createPipeline(entities, { results: true })',
      )
    const registered = at.subscriptions.addResults(name, handle)
    return { ready: registered.ready, ...closable(registered.stop) }
  }
  return { ...promised(fp), fp, subscribe, subscribeResults, ...closable(at.close) }
}
