// State: what a fold keeps equals what a plain replay in order of time makes of the same events, whatever
// their order of arrival.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventKind, StoredEvent } from '../../src/model/event.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { apply, isAlive, nothingYet, type Folded } from '../../src/model/state.ts'

const entityId = '2ef26628-aff6-5afa-8c05-e90418c07e42'
interface Drawn {
  readonly kind: EventKind
  readonly hour: number
  readonly values: { readonly [name: string]: number }
}

const drawn = (kinds: readonly EventKind[]): fc.Arbitrary<readonly Drawn[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      hour: fc.integer({ min: 0, max: 5 }),
      values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 9 })),
    }),
    { maxLength: 9 },
  )

const eventOf = ({ kind, hour, values }: Drawn, i: number): StoredEvent => ({
  entity: 'E',
  entityId,
  eventId: eventIdOf(entityId, i + 1),
  sequence: i + 1,
  kind,
  source: 's',
  recordedAt: '2024-02-01T00:00:00.000000Z',
  occurredAt: `2024-01-01T0${hour}:00:00.000000Z`,
  payload:
    kind === 'delete'
      ? '{}'
      : JSON.stringify(
          Object.fromEntries(
            Object.entries(values).map(([name, value]) => [
              name,
              { propertyType: 'Integer', value: String(value) },
            ]),
          ),
        ),
})

// The plain replay: sort by time and sequence, then replace, merge or end.
const replayed = (events: readonly StoredEvent[]): { readonly alive: boolean; readonly state: object } => {
  let state: object | undefined
  for (const { kind, payload } of [...events].sort((x, y) =>
    x.occurredAt === y.occurredAt ? x.sequence - y.sequence : x.occurredAt < y.occurredAt ? -1 : 1,
  )) {
    const values = JSON.parse(payload) as object
    if (kind === 'full') state = values
    else if (kind === 'partial') state = { ...state, ...values }
    else if (kind === 'delete') state = undefined
  }
  return { alive: state !== undefined, state: state ?? {} }
}

const folded = (events: readonly StoredEvent[]): Folded => events.reduce(apply, nothingYet)
const shown = (fold: Folded) => ({ alive: isAlive(fold), state: isAlive(fold) ? fold.state : {} })

describe.each([
  ['full', ['full', 'delete']],
  ['partial', ['partial', 'delete']],
  ['changed modes', ['full', 'partial', 'delete', 'erased']],
] as const)('%s', (_, kinds) => {
  test('law: the fold equals the replay in order of time', () => {
    fc.assert(
      fc.property(drawn(kinds), (each) => {
        const events = each.map(eventOf)
        expect(shown(folded(events))).toEqual(replayed(events))
      }),
      { numRuns: 1000 },
    )
  })

  test('law: the order of arrival does not matter', () => {
    fc.assert(
      fc.property(
        drawn(kinds).chain((each) =>
          fc.tuple(fc.constant(each), fc.shuffledSubarray([...each.keys()], { minLength: each.length })),
        ),
        ([each, order]) => {
          const events = each.map(eventOf)
          expect(shown(folded(order.map((i) => events[i] as StoredEvent)))).toEqual(shown(folded(events)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('law: the last upsert is the newest one that shows', () => {
    fc.assert(
      fc.property(drawn(kinds), (each) => {
        const events = each.map(eventOf)
        const { fold } = folded(events)
        if (fold.last === undefined) return
        const upserts = events
          .filter(({ kind }) => kind === 'full' || kind === 'partial')
          .sort((x, y) =>
            x.occurredAt === y.occurredAt ? x.sequence - y.sequence : x.occurredAt < y.occurredAt ? -1 : 1,
          )
        expect(fold.last.sequence).toBe(upserts[upserts.length - 1]?.sequence)
      }),
    )
  })
})
