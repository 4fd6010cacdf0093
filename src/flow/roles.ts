// What runs after start: the relay, the two built-in projections, and custom subscriptions.
import { E, type TaskEither } from '../fp.ts'
import type { Definition } from '../model/definition.ts'
import { isDreampipeError, type Contention, type Infra, type SchemaConflict } from '../model/errors.ts'
import type { Subscription } from '../ports/topic.ts'
import { evolveStored, positionOf, projectQueryEngine } from './project/query-engine.ts'
import { projectGenerations } from './project/views.ts'
import { tableOf } from './project/view.ts'
import { builtIn, builtInSubscription } from './consume/built-in.ts'
import { type Stoppable, type Runtime, run } from './consume/running.ts'

/** What a process does; all of it unless told otherwise. Submitting needs none of them. */
export type Role = 'receiver' | 'relay' | 'query-engine' | 'views' | 'subscriptions'

export const roles: readonly Role[] = ['receiver', 'relay', 'query-engine', 'views', 'subscriptions']

type RoleError = Infra | Contention | SchemaConflict

const startViews =
  (runtime: Runtime, definition: Definition): TaskEither<RoleError, Stoppable> =>
  async () => {
    const { viewStore, topic, eventStore } = runtime.ports
    const generations = await viewStore.generations.of(definition.name)()
    if (generations._tag === 'Left') return generations
    const subscription = builtInSubscription('views', definition.name)
    for (const step of [
      viewStore.prepare(tableOf(definition, generations.right.active)),
      topic.register(subscription),
    ]) {
      const done = await step()
      if (done._tag === 'Left') return done
    }
    return E.right(
      run(runtime, {
        subscription,
        gated: true,
        work: projectGenerations({ definition, store: eventStore, views: viewStore }),
      }),
    )
  }

const startQueryEngine =
  (runtime: Runtime, definition: Definition): TaskEither<RoleError, Stoppable> =>
  async () => {
    const { queryEngine, topic, eventStore } = runtime.ports
    const entity = definition.name
    const readPosition = positionOf(queryEngine, entity)
    let evolved = false
    const subscription: Subscription = {
      ...builtInSubscription('query-engine', entity),
      // Asked for once the subscription is held: only then may this process open the engine. Its SQL objects
      // are there from then on.
      position: () => async () => {
        const made = evolved ? E.right(undefined) : await evolveStored(eventStore, queryEngine, entity)()
        if (made._tag === 'Left') return made
        evolved = true
        return readPosition()()
      },
    }
    const registered = await topic.register(subscription)()
    if (registered._tag === 'Left') return registered
    return E.right(
      run(runtime, { subscription, gated: false, work: projectQueryEngine(eventStore, queryEngine, entity) }),
    )
  }

/**
 * Starts a built-in projection of every entity; on a failure, what was started is stopped again. An entity
 * whose definition contradicts the stored one is told and left out, and the others go on; where all do, it is
 * a failure.
 */
export const startProjection =
  (
    name: (typeof builtIn)[number],
    runtime: Runtime,
    definitions: Iterable<Definition>,
  ): TaskEither<RoleError, readonly Stoppable[]> =>
  async () => {
    const running: Stoppable[] = []
    let conflict: SchemaConflict | undefined
    for (const definition of definitions) {
      const declared = await runtime.schemas.declare(definition)()
      const started =
        declared._tag === 'Left'
          ? declared
          : await (name === 'views' ? startViews : startQueryEngine)(runtime, definition)()
      if (started._tag === 'Right') running.push(started.right)
      else if (isDreampipeError(started.left, 'SchemaConflict')) {
        runtime.observe({ _tag: 'conflict', entity: definition.name, projection: name, error: started.left })
        conflict ??= started.left
      } else {
        await Promise.all(running.map(({ stop }) => stop()))
        return started
      }
    }
    if (running.length === 0 && conflict !== undefined) return E.left(conflict)
    await Promise.all(running.map(({ ready }) => ready))
    return E.right(running)
  }
