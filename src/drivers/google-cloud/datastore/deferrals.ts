// Deferrals on Datastore: entities whose events wait to be tried again.
import { E, pipe, TE, type TaskEither } from '../../../fp.ts'
import type { Deferral, Deferrals, TopicError } from '../../../ports/topic.ts'
import { type Datastore, type Found, type Key, keyText } from './datastore.ts'
import { deadLetterKind, deferralKind } from './keys.ts'
import { indexed, text, textOf, type Properties } from './value.ts'
import { scopeOf, names, among } from './aside.ts'
import { letterKey, letterOf } from './dead-letters.ts'
import { contention } from '../../../model/errors.ts'

const deferralKey = ({
  subscription,
  entity,
  entityId,
}: Pick<Deferral, 'subscription' | 'entity' | 'entityId'>): Key => ({
  kind: deferralKind,
  name: `${scopeOf(subscription, entity)}${entityId}`,
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

const tries = 20
