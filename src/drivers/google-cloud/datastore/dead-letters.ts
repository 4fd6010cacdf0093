// Dead letters on Datastore: what failed for good and waits for a person.
import { E, pipe, TE } from '../../../fp.ts'
import type { DeadLetter, DeadLetters } from '../../../ports/topic.ts'
import { keyText, type Datastore, type Found, type Key } from './datastore.ts'
import { deadLetterKind } from './keys.ts'
import { boolean, integer, numberOf, text, textOf, type Properties } from './value.ts'
import { pageSize, scopeOf, end, names } from './aside.ts'

// A parked entity has one letter, its first; others have one an event.
export const letterKey = ({
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

export const letterOf = ({ properties }: Found): DeadLetter => ({
  subscription: textOf(properties['subscription']),
  entity: textOf(properties['entity']),
  entityId: textOf(properties['entity_id']),
  sequence: numberOf(properties['sequence']),
  gated: properties['gated']?.booleanValue === true,
  reason: textOf(properties['reason']),
  parkedAt: textOf(properties['parked_at']),
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
