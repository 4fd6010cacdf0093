// Names of topics and subscriptions: templates with `${entity}` and `${subscription}`, or one by one. https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
import { brokenDown } from '../../model/errors.ts'

/** A template (`psl-${entity}-${subscription}`), or names by entity (a template for each) with `*` for all others. */
export type Template = string | { readonly [entity: string]: string }

export interface NameTemplates {
  /** An entity's persisted topic. */
  readonly persisted?: Template
  /** A subscription of a persisted topic; `${subscription}` is `query-engine`, `views`, or the name given to `subscribe`. */
  readonly subscription?: Template
  /** An entity's update topic, where producers in other languages publish YADTO. */
  readonly updates?: Template
  /** The receiver's subscription of an update topic. */
  readonly receiver?: Template
  /** Where messages of an update topic go that can never be an event. */
  readonly broken?: Template
  /** The result topic, and a subscription of it. */
  readonly results?: string
  readonly resultSubscription?: string
}

export interface Names {
  readonly persisted: (entity: string) => string
  readonly subscription: (entity: string, subscription: string) => string
  readonly updates: (entity: string) => string
  readonly receiver: (entity: string) => string
  readonly broken: (entity: string) => string
  readonly results: string
  readonly resultSubscription: (subscription: string) => string
}

// 3 to 255 characters, a letter first, never `goog`.
const valid = /^(?!goog)[A-Za-z][\w.~+%-]{2,254}$/

const filled = (template: Template, values: { readonly [name: string]: string }): string => {
  const chosen = typeof template === 'string' ? template : template[values['entity'] ?? ''] ?? template['*'] ?? 'dreampipe-${entity}'
  const name = chosen.replace(/\$\{(\w+)\}/g, (_, key: string) => values[key] ?? '')
  if (!valid.test(name)) throw brokenDown('google-cloud', `${JSON.stringify(name)} (from ${JSON.stringify(chosen)}) cannot name a topic or a subscription: 3 to 255 letters, digits and -_.~+%, a letter first, not goog`)
  return name
}

export const namesOf = ({
  persisted = 'dreampipe-${entity}', subscription = 'dreampipe-${entity}-${subscription}', updates = 'dreampipe-${entity}-updates', receiver = 'dreampipe-${entity}-receiver',
  broken = 'dreampipe-${entity}-broken', results = 'dreampipe-results', resultSubscription = 'dreampipe-results-${subscription}',
}: NameTemplates = {}): Names => ({
  persisted: (entity) => filled(persisted, { entity }),
  subscription: (entity, name) => filled(subscription, { entity, subscription: name }),
  updates: (entity) => filled(updates, { entity }),
  receiver: (entity) => filled(receiver, { entity }),
  broken: (entity) => filled(broken, { entity }),
  results: filled(results, {}),
  resultSubscription: (name) => filled(resultSubscription, { subscription: name }),
})
