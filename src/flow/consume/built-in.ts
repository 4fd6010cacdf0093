// The two built-in subscriptions: what they are called, and that they have missed nothing since the first
// event.
import type { Definition } from '../../model/definition.ts'
import type { Subscription } from '../../ports/topic.ts'

/** The built-in subscriptions; no custom one may bear their names. */
export const builtIn = ['query-engine', 'views'] as const

/** The subscription of a built-in projection: it has missed nothing since the first event. */
export const builtInSubscription = (name: (typeof builtIn)[number], entity: string): Subscription => ({
  name,
  entity,
  from: 'start',
})

/** Both, for every entity. */
export const builtInOf = (definitions: ReadonlyMap<string, Definition>): readonly Subscription[] =>
  [...definitions.keys()].flatMap((entity) => builtIn.map((name) => builtInSubscription(name, entity)))
