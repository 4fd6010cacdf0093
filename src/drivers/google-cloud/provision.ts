// What a pipeline needs on Google Cloud beforehand: topics, subscriptions and the dataset; looked for, or
// made. Nothing is ever deleted.
import { E, type TaskEither } from '../../fp.ts'
import type { Contention, Infra } from '../../model/errors.ts'
import type { Ports, ProvisionStep, Wanted } from '../../ports/driver.ts'
import { ackDeadline, filterText, type TopicOptions } from './pubsub/provisioning.ts'
import { named } from './names.ts'
import { begin } from './pubsub/replay.ts'
import type { Registry } from './datastore/registry.ts'
import type { Subscription } from '../../ports/topic.ts'
import type { PubSub } from './pubsub/client.ts'

/** Looks for the dataset, and makes it where it may: true where it was there. */
export interface Dataset {
  readonly name: string
  readonly exists: TaskEither<Infra | Contention, boolean>
  readonly create: TaskEither<Infra | Contention, void>
}

interface WantedSubscription {
  readonly name: string
  readonly topic: string
  readonly filter?: string | undefined
  readonly subscription?: Subscription
}

const topicsOf = ({ names, updates }: TopicOptions, { entities, results }: Wanted): readonly string[] => [
  ...entities.flatMap((entity) => [
    names.persisted(entity),
    ...(updates ? [names.updates(entity), names.broken(entity)] : []),
  ]),
  ...(results === undefined ? [] : [names.results]),
]

const subscriptionsOf = (
  { names, updates }: TopicOptions,
  { entities, subscriptions, results }: Wanted,
): readonly WantedSubscription[] => [
  ...subscriptions.map((subscription) => ({
    name: names.subscription(subscription.entity, subscription.name),
    topic: names.persisted(subscription.entity),
    filter: filterText(subscription.filter),
    subscription,
  })),
  ...(updates
    ? entities.map((entity) => ({ name: names.receiver(entity), topic: names.updates(entity) }))
    : []),
  ...(results ?? []).map((name) => ({ name: names.resultSubscription(name), topic: names.results })),
]

/** Composite indexes and permissions, which are nobody's to make here. */
export const provisionNotes: readonly string[] = [
  'index.yaml: indexes: []  (no composite index is needed)',
  'permissions: nothing is granted here; the README lists the least roles per component under Google Cloud',
]

type ProvisionResult<A> = E.Either<Infra | Contention, A>

const topicStep = async (
  pubsub: PubSub,
  name: string,
  apply: boolean,
): Promise<ProvisionResult<ProvisionStep>> => {
  const there = await pubsub.hasTopic(name)()
  if (there._tag === 'Left') return there
  if (there.right || !apply) return E.right({ kind: 'topic', name, state: there.right ? 'there' : 'missing' })
  const made = await pubsub.createTopic(name)()
  return made._tag === 'Left' ? made : E.right({ kind: 'topic', name, state: made.right ? 'made' : 'there' })
}

const subscriptionStep = async (
  pubsub: PubSub,
  registry: Registry,
  { name, topic, filter, subscription }: WantedSubscription,
  apply: boolean,
): Promise<ProvisionResult<ProvisionStep>> => {
  const found = await pubsub.subscription(name)()
  if (found._tag === 'Left') return found
  const step = { kind: 'subscription', name } as const
  if (found.right !== undefined) {
    if (found.right.topic !== topic)
      return E.right({
        ...step,
        state: 'differs',
        note: `reads topic ${found.right.topic} instead of ${topic}`,
      })
    // A filter cannot be changed after the creation. Consumers filter too: none at all only costs, another
    // one keeps events back.
    return found.right.filter === (filter ?? '')
      ? E.right({ ...step, state: 'there' })
      : E.right({
          ...step,
          state: 'differs',
          note:
            `filters by ${found.right.filter === '' ? 'nothing' : found.right.filter} instead of ` +
            `${filter ?? 'nothing'}`,
        })
  }
  if (!apply)
    return E.right({
      ...step,
      state: 'missing',
      note: `of topic ${topic}${filter === undefined ? '' : `, filter ${filter}`}`,
    })
  const made = await pubsub.createSubscription(name, {
    topic,
    ackDeadline,
    ...(filter === undefined ? {} : { filter }),
  })()
  if (made._tag === 'Left') return made
  const begun =
    subscription === undefined ? E.right(undefined) : await begin(registry, subscription, made.right)()
  return begun._tag === 'Left' ? begun : E.right({ ...step, state: made.right ? 'made' : 'there' })
}

const datasetStep = async (
  { name, exists, create }: Dataset,
  apply: boolean,
): Promise<ProvisionResult<ProvisionStep>> => {
  const there = await exists()
  if (there._tag === 'Left') return there
  if (there.right || !apply)
    return E.right({ kind: 'dataset', name, state: there.right ? 'there' : 'missing' })
  const made = await create()
  return made._tag === 'Left' ? made : E.right({ kind: 'dataset', name, state: 'made' })
}

export const provision =
  (
    pubsub: PubSub,
    registry: Registry,
    dataset: Dataset | undefined,
    options: TopicOptions,
  ): NonNullable<Ports['provision']> =>
  (wanted, apply) =>
    named(() => async () => {
      const work = [
        ...topicsOf(options, wanted).map((name) => () => topicStep(pubsub, name, apply)),
        ...subscriptionsOf(options, wanted).map(
          (each) => () => subscriptionStep(pubsub, registry, each, apply),
        ),
        ...(dataset === undefined ? [] : [() => datasetStep(dataset, apply)]),
      ]
      const steps: ProvisionStep[] = []
      for (const step of work) {
        const done = await step()
        if (done._tag === 'Left') return done
        steps.push(done.right)
      }
      return E.right(steps)
    })
