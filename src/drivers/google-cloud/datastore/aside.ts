// What subscriptions put aside, on Datastore: deferrals that will be tried again, and dead letters that wait
// for a person.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import { contention } from '../../../model/errors.ts'
import type { DeadLetter, DeadLetters, Deferral, Deferrals, TopicError } from '../../../ports/topic.ts'
import { keyText, type Datastore, type Found, type Key } from './client.ts'
import { deadLetterKind, deferralKind } from './keys.ts'
import { boolean, indexed, integer, numberOf, text, textOf, type Properties } from './value.ts'

/**
 * Names found at once; where there are no more than these of a subscription, one small query tells which
 * entities wait.
 */
const few = 300
const pageSize = 1_000
const tries = 20

const scopeOf = (subscription: string, entity: string): string => `${subscription}/${entity.toLowerCase()}/`
/** Behind every name that begins with a prefix. */
const end = (prefix: string): string => `${prefix}~`
const deferralKey = ({
  subscription,
  entity,
  entityId,
}: Pick<Deferral, 'subscription' | 'entity' | 'entityId'>): Key => ({
  kind: deferralKind,
  name: `${scopeOf(subscription, entity)}${entityId}`,
})
// A parked entity has one letter, its first; others have one an event.
const letterKey = ({
  subscription,
  entity,
  entityId,
  sequence,
  gated,
}: Omit<DeadLetter, 'reason' | 'parkedAt'>): Key => ({
  kind: deadLetterKind,
  name:
    `${scopeOf(subscription, entity)}${entityId}/` +
    `${gated ? 'entity' : String(sequence).padStart(12, '0')}`,
})

// One property holds whose and when, so that what is due is found by a range of it, without a composite
// index.
const dueText = (subscription: string, entity: string, at: number): string =>
  `${scopeOf(subscription, entity)}${String(Math.max(0, Math.trunc(at))).padStart(16, '0')}`

const deferralProperties = (deferral: Deferral): Properties => ({
  due: indexed(text(dueText(deferral.subscription, deferral.entity, deferral.nextAttempt))),
  deferral: text(JSON.stringify(deferral)),
})
const deferralOf = ({ properties }: Found): Deferral => JSON.parse(textOf(properties['deferral'])) as Deferral

const letterProperties = ({
  subscription,
  entity,
  entityId,
  sequence,
  gated,
  reason,
  parkedAt,
}: DeadLetter): Properties => ({
  subscription: text(subscription),
  entity: text(entity),
  entity_id: text(entityId),
  sequence: integer(sequence),
  gated: boolean(gated),
  reason: text(reason.slice(0, 100_000)),
  parked_at: text(parkedAt),
})
const letterOf = ({ properties }: Found): DeadLetter => ({
  subscription: textOf(properties['subscription']),
  entity: textOf(properties['entity']),
  entityId: textOf(properties['entity_id']),
  sequence: numberOf(properties['sequence']),
  gated: properties['gated']?.booleanValue === true,
  reason: textOf(properties['reason']),
  parkedAt: textOf(properties['parked_at']),
})

// All names of a kind that begin with a prefix.
const names =
  (
    store: Datastore,
    kind: string,
    prefix: string,
    limit = Infinity,
  ): TaskEither<TopicError, readonly string[]> =>
  async () => {
    const found: string[] = []
    for (let after = prefix; found.length < limit;) {
      const page = await store.query(kind, {
        kind,
        after,
        until: end(prefix),
        limit: Math.min(pageSize, limit - found.length),
        keysOnly: true,
      })()
      if (page._tag === 'Left') return page
      found.push(...page.right.map(({ name }) => name))
      if (page.right.length < pageSize) break
      after = found[found.length - 1] as string
    }
    return E.right(found)
  }

// Those of these keys that are there. Mostly nothing waits at all: then one query of names costs less than a
// lookup of each.
const among =
  (
    store: Datastore,
    kind: string,
    prefix: string,
    keys: readonly Key[],
  ): TaskEither<TopicError, readonly Found[]> =>
  async () => {
    if (keys.length === 0) return E.right([])
    const there = await names(store, kind, prefix, few)()
    if (there._tag === 'Left') return there
    const known = new Set(there.right)
    const wanted = there.right.length < few ? keys.filter(({ name }) => known.has(name)) : keys
    return wanted.length === 0
      ? E.right([])
      : pipe(
          store.lookup(kind, wanted),
          TE.map((found) => [...found.values()]),
        )()
  }

// A deferral changed by compare-and-set; undefined takes it out.
const change =
  <A>(
    store: Datastore,
    key: Key,
    next: (now: Deferral | undefined) => { readonly to: Deferral | undefined; readonly answer: A },
  ): TaskEither<TopicError, A> =>
  async () => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const found = await store.lookup('deferred', [key])()
      if (found._tag === 'Left') return found
      const there = found.right.get(keyText(key))
      const { to, answer } = next(there === undefined ? undefined : deferralOf(there))
      if (to === undefined && there === undefined) return E.right(answer)
      const done = await store.commit('deferred', [
        to === undefined
          ? { remove: key, ...(there === undefined ? {} : { base: there.version }) }
          : there === undefined
            ? { insert: key, properties: deferralProperties(to) }
            : { upsert: key, properties: deferralProperties(to), base: there.version },
      ])()
      if (done._tag === 'Right') return E.right(answer)
      if (done.left._tag !== 'conflict') return E.left(done.left.error)
    }
    return E.left(contention('deferred', 'other processes keep changing it'))
  }

export const deferrals = (store: Datastore): Deferrals => ({
  // Each look is a query that is billed; what this process defers itself it need not look for.
  lookEach: 5_000,
  of: (subscription, entity, entityIds) => async () => {
    const prefix = scopeOf(subscription, entity)
    const waiting = await among(
      store,
      deferralKind,
      prefix,
      entityIds.map((entityId) => deferralKey({ subscription, entity, entityId })),
    )()
    if (waiting._tag === 'Left') return waiting
    const parked = await among(
      store,
      deadLetterKind,
      prefix,
      entityIds.map((entityId) => letterKey({ subscription, entity, entityId, sequence: 0, gated: true })),
    )()
    return parked._tag === 'Left'
      ? parked
      : E.right({ deferrals: waiting.right.map(deferralOf), parked: parked.right.map(letterOf) })
  },
  put: (deferral) =>
    change(store, deferralKey(deferral), (now) => ({
      to:
        now === undefined
          ? deferral
          : {
              ...deferral,
              from: Math.min(now.from, deferral.from),
              through: Math.max(now.through, deferral.through),
            },
      answer: undefined,
    })),
  due: (subscription, entity, now, limit) =>
    pipe(
      store.query('deferred', {
        kind: deferralKind,
        limit,
        orderBy: 'due',
        where: [
          ['due', 'GREATER_THAN_OR_EQUAL', indexed(text(scopeOf(subscription, entity)))],
          ['due', 'LESS_THAN_OR_EQUAL', indexed(text(dueText(subscription, entity, now)))],
        ],
      }),
      TE.map((found) => found.map(deferralOf)),
    ),
  done: (deferral, through) =>
    change(store, deferralKey(deferral), (now) => {
      // An earlier event, which came late, failed meanwhile: it waits on.
      if (now !== undefined && now.from < deferral.from)
        return {
          to: { ...now, through: now.through <= through ? deferral.from - 1 : now.through },
          answer: false,
        }
      return now === undefined || now.through <= through
        ? { to: undefined, answer: now !== undefined }
        : { to: { ...now, from: Math.max(now.from, through + 1) }, answer: false }
    }),
  count: (subscription, entity) =>
    pipe(
      names(store, deferralKind, scopeOf(subscription, entity)),
      TE.map(({ length }) => length),
    ),
})

export const deadLetters = (store: Datastore): DeadLetters => ({
  put: (letter) => async () => {
    const done = await store.commit('park', [
      { insert: letterKey(letter), properties: letterProperties(letter) },
    ])()
    return done._tag === 'Right' || done.left._tag === 'conflict'
      ? E.right(undefined)
      : E.left(done.left.error)
  },
  list:
    ({ entity, subscription, entityId }, limit) =>
    async () => {
      const prefix = entity !== undefined && subscription !== undefined ? scopeOf(subscription, entity) : ''
      const letters: DeadLetter[] = []
      for (let after = prefix === '' ? undefined : prefix; ;) {
        const page = await store.query('dead letters', {
          kind: deadLetterKind,
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
          ...(prefix === '' ? {} : { until: end(prefix) }),
        })()
        if (page._tag === 'Left') return page
        letters.push(...page.right.map(letterOf))
        if (page.right.length < pageSize) break
        after = page.right[page.right.length - 1]?.name
      }
      return E.right(
        letters
          .filter(
            (letter) =>
              (entity === undefined || letter.entity === entity) &&
              (subscription === undefined || letter.subscription === subscription) &&
              (entityId === undefined || letter.entityId === entityId),
          )
          .sort((a, b) =>
            a.parkedAt < b.parkedAt
              ? -1
              : a.parkedAt > b.parkedAt
                ? 1
                : a.entityId < b.entityId
                  ? -1
                  : a.entityId > b.entityId
                    ? 1
                    : a.sequence - b.sequence,
          )
          .slice(0, limit),
      )
    },
  remove: (letter) => async () => {
    const found = await store.lookup('dead letters', [letterKey(letter)])()
    if (found._tag === 'Left') return found
    const there = found.right.get(keyText(letterKey(letter)))
    if (there === undefined || letterOf(there).sequence !== letter.sequence) return E.right(false)
    const done = await store.commit('dead letters', [{ remove: letterKey(letter), base: there.version }])()
    return done._tag === 'Right'
      ? E.right(true)
      : done.left._tag === 'conflict'
        ? E.right(false)
        : E.left(done.left.error)
  },
  count: (subscription, entity) =>
    pipe(
      names(store, deadLetterKind, scopeOf(subscription, entity)),
      TE.map(({ length }) => length),
    ),
})
