// Names of topics and subscriptions: templates with `${entity}` and `${subscription}`, or one by one.
// https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
import { E, type TaskEither } from '../../fp.ts'
import { brokenDown, isDreampipeError, unavailable, type Contention, type Infra } from '../../model/errors.ts'

/**
 * A template (`psl-${entity}-${subscription}`), or names by entity (a template for each) with `*` for all
 * others.
 */
export type Template = string | { readonly [entity: string]: string }

/** How topics and subscriptions are named: templates with `${entity}` and `${subscription}`. */
export interface NameTemplates {
  /** An entity's persisted topic. */
  readonly persisted?: Template
  /**
   * A subscription of a persisted topic; `${subscription}` is `query-engine`, `views`, or the name given to
   * `subscribe`.
   */
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

const defaults = {
  persisted: 'dreampipe-${entity}',
  subscription: 'dreampipe-${entity}-${subscription}',
  updates: 'dreampipe-${entity}-updates',
  receiver: 'dreampipe-${entity}-receiver',
  broken: 'dreampipe-${entity}-broken',
  results: 'dreampipe-results',
  resultSubscription: 'dreampipe-results-${subscription}',
} as const

const filled = (
  kind: keyof typeof defaults,
  template: Template | undefined,
  values: { readonly [name: string]: string },
): string => {
  const chosenFor = (key: string): string | undefined =>
    typeof template === 'object' && Object.hasOwn(template, key) ? template[key] : undefined
  const chosen =
    typeof template === 'string'
      ? template
      : (chosenFor(values['entity'] ?? '') ?? chosenFor('*') ?? defaults[kind])
  const name = chosen.replace(/\$\{(\w+)\}/g, (_, key: string) =>
    Object.hasOwn(values, key) ? (values[key] as string) : '',
  )
  if (!valid.test(name))
    throw brokenDown(
      'google-cloud',
      `${JSON.stringify(name)} (from ${JSON.stringify(chosen)}) cannot name a topic or a subscription: 3 ` +
        `to 255 letters, digits and -_.~+%, a letter first, not goog`,
    )
  return name
}

// Two things under one name would take each other's messages: the second one is refused.
const claims = (what: string): ((name: string, holder: string) => string) => {
  const holders = new Map<string, string>()
  return (name, holder) => {
    const other = holders.get(name) ?? holder
    if (other !== holder)
      throw brokenDown(
        'google-cloud',
        `${other} and ${holder} would share the ${what} ${name}: give them different ones with \`names\``,
      )
    holders.set(name, holder)
    return name
  }
}

/**
 * `updates`: whether update topics are used. What a function answers is refused with a throw where it is
 * another's already.
 */
export const namesOf = (templates: NameTemplates = {}, hasUpdates = true): Names => {
  const name = (kind: keyof NameTemplates, values: { readonly [name: string]: string }): string =>
    filled(kind, templates[kind], values)
  const [topic, subscribed] = [claims('topic'), claims('subscription')]
  const raw = {
    persisted: (entity: string) => topic(name('persisted', { entity }), `the persisted topic of ${entity}`),
    subscription: (entity: string, of: string) =>
      subscribed(name('subscription', { entity, subscription: of }), `the subscription ${of} of ${entity}`),
    updates: (entity: string) => topic(name('updates', { entity }), `the update topic of ${entity}`),
    receiver: (entity: string) =>
      subscribed(name('receiver', { entity }), `the receiver's subscription of ${entity}`),
    broken: (entity: string) => topic(name('broken', { entity }), `the topic of broken updates of ${entity}`),
  }
  // All that belongs to an entity has its name before anything else of it is named: which process asks for
  // what first does not matter.
  const claimed = new Set<string>()
  const claim = (entity: string): void => {
    if (claimed.has(entity)) return
    raw.persisted(entity)
    for (const projection of ['query-engine', 'views']) raw.subscription(entity, projection)
    if (hasUpdates) for (const naming of [raw.updates, raw.receiver, raw.broken]) naming(entity)
    claimed.add(entity)
  }
  const first =
    <A extends readonly unknown[]>(naming: (entity: string, ...rest: A) => string) =>
    (entity: string, ...rest: A): string => {
      claim(entity)
      return naming(entity, ...rest)
    }
  return {
    persisted: first(raw.persisted),
    subscription: first(raw.subscription),
    updates: first(raw.updates),
    receiver: first(raw.receiver),
    broken: first(raw.broken),
    results: topic(name('results', {}), 'the result topic'),
    resultSubscription: (of) =>
      subscribed(name('resultSubscription', { subscription: of }), `the subscription ${of} of the results`),
  }
}

/** Throws where templates give what every entity has one name. */
export const checkTemplates = (templates: NameTemplates | undefined, hasUpdates: boolean): void =>
  void namesOf(templates, hasUpdates).persisted('Any_entity')

/** Names are found out when the task runs: one that is refused is its error. */
export const named =
  <A>(work: () => TaskEither<Infra | Contention, A>): TaskEither<Infra | Contention, A> =>
  async () => {
    try {
      return await work()()
    } catch (thrown) {
      return E.left(
        isDreampipeError(thrown, 'Unavailable')
          ? thrown
          : unavailable('google-cloud', 'an unforeseen failure', thrown),
      )
    }
  }
