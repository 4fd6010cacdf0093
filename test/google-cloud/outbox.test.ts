// The outbox on Datastore's emulator: what is published is cleared, what is not is found, whatever the
// process forgot and whatever fails between.
import { describe, expect, test } from 'vitest'
import { Datastore as Client } from '@google-cloud/datastore'
import { unavailable } from '../../src/model/errors.ts'
import type { StoredEvent } from '../../src/model/event.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { datastoreClient } from '../../src/drivers/google-cloud/clients.ts'
import { datastore } from '../../src/drivers/google-cloud/datastore/client.ts'
import type { Datastore } from '../../src/drivers/google-cloud/datastore/datastore.ts'
import { eventKey } from '../../src/drivers/google-cloud/datastore/keys.ts'
import { outbox, type Outbox } from '../../src/drivers/google-cloud/datastore/outbox.ts'
import { instant, integer, text } from '../../src/drivers/google-cloud/datastore/value.ts'
import { E } from '../../src/fp.ts'
import { right } from '../../src/testing/check.ts'
import { newProject, servers } from './kit.ts'

const found = await servers('outbox', 'firestore')

const newStore = async (): Promise<Datastore> => {
  const projectId = newProject()
  return datastore(
    await right(
      datastoreClient(projectId, new Client({ projectId, apiEndpoint: found?.firestore.host ?? '' })),
    ),
    { projectId, databaseId: '', namespace: 'test' },
  )
}

const id = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`
const at = '2024-01-01T00:00:00.000000Z'
const event = (n: number): StoredEvent => ({
  entity: 'Lead',
  entityId: id(n),
  eventId: eventIdOf(id(n), 1),
  sequence: 1,
  occurredAt: at,
  recordedAt: at,
  source: 'test',
  kind: 'full',
  payload: '{}',
})

const append = async (store: Datastore, box: Outbox, events: readonly StoredEvent[]): Promise<void> => {
  const row = box.row(
    'Lead',
    events.map(({ eventId }) => eventId),
  )
  await right(
    store.commit('test', [
      ...events.map(({ entityId }) => ({
        insert: eventKey('Lead', entityId, 1),
        properties: {
          _sequence: integer(1),
          _occurred_at: instant(at),
          _recorded_at: instant(at),
          _source: text('test'),
          _operation: text('full'),
          _payload: text('{}'),
        },
      })),
      row.mutation,
    ]),
  )
  row.committed()
}

const idsOf = (events: readonly StoredEvent[]): readonly string[] =>
  events.map(({ entityId }) => entityId).sort()

describe.runIf(found)('outbox', () => {
  test('a row of which this process forgot some events is cleared once it is published', async () => {
    const store = await newStore()
    const box = outbox(store, 0)
    await append(store, box, [event(1), event(2), event(3)])
    // So many events were committed since that the first ones are forgotten.
    for (let i = 0; i < 100; i++)
      box
        .row(
          'Other',
          Array.from({ length: 200 }, (_, j) => eventIdOf(id(1_000 + i * 200 + j), 1)).slice(i === 0 ? 2 : 0),
        )
        .committed()
    for (let look = 0; look < 3; look++) {
      const pending = await right(box.pending('Lead', 10))
      if (pending.length === 0) break
      expect(idsOf(pending)).toEqual([id(1), id(2), id(3)])
      await right(box.published(pending))
    }
    expect(await right(box.pending('Lead', 10))).toEqual([])
    expect(await right(store.query('test', { kind: 'Lead.outbox', limit: 10 }))).toEqual([])
  })

  test('rows that could not be cleared after their events were published do not hide others', async () => {
    const store = await newStore()
    let isAway = true
    const box = outbox(
      {
        ...store,
        write: (verb, mutations) =>
          isAway ? async () => E.left(unavailable(verb, 'away')) : store.write(verb, mutations),
      },
      0,
    )
    const events = Array.from({ length: 230 }, (_, i) => event(i))
    for (const each of events) {
      await append(store, box, [each])
      expect((await box.published([each])())._tag).toBe('Left')
    }
    isAway = false
    // As much as one look sees, with the key of the last row behind all others: nobody published it.
    const late = outbox(store, 0)
    const row = late.row('Lead', [eventIdOf(id(500), 1)])
    await right(
      store.commit('test', [
        {
          insert: eventKey('Lead', id(500), 1),
          properties: {
            _sequence: integer(1),
            _occurred_at: instant(at),
            _recorded_at: instant(at),
            _source: text('test'),
            _operation: text('full'),
            _payload: text('{}'),
          },
        },
        {
          insert: { kind: 'Lead.outbox', name: '~' },
          properties: 'properties' in row.mutation ? row.mutation.properties : {},
        },
      ]),
    )
    const pending = await right(box.pending('Lead', 10))
    expect(idsOf(pending)).toEqual([id(500)])
    await right(box.published(pending))
    expect(await right(store.query('test', { kind: 'Lead.outbox', limit: 10 }))).toEqual([])
  })

  test('rows that their writers still publish do not hide those that a crash left', async () => {
    const store = await newStore()
    const fresh = { events: { arrayValue: { values: [text(eventIdOf(id(1), 1))] } } }
    const inserts = Array.from({ length: 250 }, (_, i) => ({
      insert: { kind: 'Lead.outbox', name: `0${String(i).padStart(3, '0')}` },
      properties: { at: instant(new Date().toISOString().replace('Z', '000Z')), ...fresh },
    }))
    await right(
      store.commit('test', [
        ...inserts,
        {
          insert: { kind: 'Lead.outbox', name: '9' },
          properties: { at: instant(at), events: { arrayValue: { values: [text(eventIdOf(id(2), 1))] } } },
        },
        {
          insert: eventKey('Lead', id(2), 1),
          properties: {
            _sequence: integer(1),
            _occurred_at: instant(at),
            _recorded_at: instant(at),
            _source: text('test'),
            _operation: text('full'),
            _payload: text('{}'),
          },
        },
      ]),
    )
    expect(idsOf(await right(outbox(store, 60_000).pending('Lead', 10)))).toEqual([id(2)])
  })
})
