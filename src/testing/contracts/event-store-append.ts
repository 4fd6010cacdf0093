// Contract of the event store's append: numbering, idempotence, and content that comes back exactly.
import assert from 'node:assert/strict'
import { infoOf, payloadOf } from '../../model/event.ts'
import { eventIdOf } from '../../model/identity.ts'
import { canonicalInstant } from '../../model/instant.ts'
import { limits } from '../../model/limits.ts'
import { at, awkwardSource, awkwardText, candidate, idOf, integer, string } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { range } from '../check.ts'
import { append, historyOf, scanAll, short } from '../steps.ts'

export const version = (n: number, more: { readonly id?: string; readonly entity?: string } = {}) =>
  candidate({ id: 'a', at: n, content: { n: integer(n) }, ...more })

export const eventStoreAppend: readonly ContractCase[] = [
  {
    name: 'numbers the events of an entity 1, 2, 3 in commit order, within a batch and across batches',
    run: async ({ ports: { eventStore } }) => {
      assert.deepEqual(short(await append(eventStore, [version(1), version(2), version(3)])), [
        'stored 1',
        'stored 2',
        'stored 3',
      ])
      assert.deepEqual(short(await append(eventStore, [version(4), version(1, { id: 'b' }), version(5)])), [
        'stored 4',
        'stored 1',
        'stored 5',
      ])
      const events = await historyOf(eventStore, idOf('a'))
      assert.deepEqual(
        events.map(({ sequence, payload }) => [sequence, payloadOf({ payload })['n']?.value]),
        range(1, 5).map((n) => [n, String(n)]),
      )
    },
  },
  {
    name: 'an outcome names the event as the history holds it, in the order of the candidates',
    run: async ({ ports: { eventStore } }) => {
      const before = new Date().toISOString()
      const outcomes = await append(eventStore, [
        version(1, { id: 'b' }),
        version(1),
        version(1, { id: 'b' }),
        version(2),
      ])
      assert.deepEqual(short(outcomes), ['stored 1', 'stored 1', 'duplicate 1', 'stored 2'])
      const [a, b] = [await historyOf(eventStore, idOf('a')), await historyOf(eventStore, idOf('b'))]
      assert.deepEqual(
        outcomes.map(({ event }) => event),
        [b[0], a[0], b[0], a[1]].map((event) => infoOf(event as never)),
      )
      const [first] = a
      assert.equal(first?.eventId, eventIdOf(idOf('a'), 1))
      assert.equal(canonicalInstant(first?.recordedAt ?? ''), first?.recordedAt)
      assert.ok((first?.recordedAt ?? '') >= before.slice(0, 23), `${first?.recordedAt} is before ${before}`)
    },
  },
  {
    name:
      'keeps kind, time, source, version and correlation id of an event, and leaves out what was not ' +
      'given',
    run: async ({ ports: { eventStore } }) => {
      const given = {
        source: awkwardSource,
        version: `v ${awkwardSource}`,
        correlationId: `c ${awkwardSource}`,
      }
      const outcomes = await append(eventStore, [
        candidate({ id: 'a', at: 1, kind: 'full', ...given }),
        candidate({ id: 'a', at: '0001-01-01T00:00:00.000001Z', kind: 'partial' }),
        candidate({ id: 'a', at: '9999-12-31T23:59:59.999999Z', kind: 'delete' }),
      ])
      const [first, second, third] = await historyOf(eventStore, idOf('a'))
      assert.deepEqual(
        { ...first, recordedAt: '' },
        {
          entity: 'Lead',
          kind: 'full',
          payload: first?.payload,
          entityId: idOf('a'),
          eventId: eventIdOf(idOf('a'), 1),
          sequence: 1,
          occurredAt: at(1),
          recordedAt: '',
          ...given,
        },
      )
      assert.deepEqual(
        [second?.kind, second?.occurredAt, third?.kind, third?.occurredAt],
        ['partial', '0001-01-01T00:00:00.000001Z', 'delete', '9999-12-31T23:59:59.999999Z'],
      )
      assert.deepEqual(['version' in (second ?? {}), 'correlationId' in (second ?? {})], [false, false])
      assert.deepEqual(outcomes[0]?.event, infoOf(first as never))
    },
  },
  {
    name: 'gives payloads back byte for byte: all of Unicode, NUL, the largest event',
    run: async ({ ports: { eventStore } }) => {
      const bare = candidate({ id: 'c', at: 1, content: { text: string('') } }).payload.length
      const candidates = [
        candidate({
          id: 'a',
          at: 1,
          content: { text: string(awkwardText), [`_${'n'.repeat(299)}`]: string('') },
        }),
        candidate({
          id: 'b',
          at: 1,
          content: {
            text: string(
              range(0, 0xffff)
                .filter((c) => c < 0xd800 || c > 0xdfff)
                .map((c) => String.fromCharCode(c))
                .join(''),
            ),
          },
        }),
        candidate({ id: 'c', at: 1, content: { text: string('x'.repeat(limits.eventBytes - bare)) } }),
      ]
      assert.equal(candidates[2]?.payload.length, limits.eventBytes)
      await append(eventStore, candidates)
      for (const { entityId, payload } of candidates) {
        const [event] = await historyOf(eventStore, entityId)
        assert.ok(event?.payload === payload, 'the payload has changed')
      }
    },
  },
  {
    name: 'appending a batch again stores nothing and names the same events',
    run: async ({ ports: { eventStore } }) => {
      const batch = [version(1), version(2), version(1, { id: 'b' })]
      const first = await append(eventStore, batch)
      const again = await append(eventStore, batch)
      assert.deepEqual(
        again,
        first.map(({ event }) => ({ status: 'duplicate', event })),
      )
      assert.equal((await scanAll(eventStore)).length, 3)
    },
  },
  {
    name: 'stores an identical candidate once, however often a batch holds it',
    run: async ({ ports: { eventStore } }) => {
      assert.deepEqual(short(await append(eventStore, [version(1), version(1), version(2), version(1)])), [
        'stored 1',
        'duplicate 1',
        'stored 2',
        'duplicate 1',
      ])
      assert.equal((await historyOf(eventStore, idOf('a'))).length, 2)
    },
  },
  {
    name: 'takes a batch of many entities and kinds of entity, also of names that SQL reserves',
    run: async ({ ports: { eventStore } }) => {
      const kinds = [
        'Lead',
        'Lead_by_entity',
        'Lead_by_mark',
        'Order',
        'Select',
        'table',
        'A',
        'A_1',
        'sqlite_x',
        'L'.repeat(100),
      ]
      const batch = range(1, 200).map((n) =>
        candidate({ id: String(n), at: n, entity: kinds[n % kinds.length] as string }),
      )
      assert.deepEqual(new Set(short(await append(eventStore, batch))), new Set(['stored 1']))
      for (const entity of kinds) assert.equal((await scanAll(eventStore, entity)).length, 20, entity)
    },
  },
  {
    name: 'an id in two kinds of entity is two entities',
    run: async ({ ports: { eventStore } }) => {
      const twins = ['Lead', 'Account'].map((entity) => ({ ...version(1, { entity }), entityId: idOf('a') }))
      assert.deepEqual(short(await append(eventStore, twins)), ['stored 1', 'stored 1'])
      assert.deepEqual(
        await Promise.all(
          ['Lead', 'Account'].map(async (entity) =>
            (await historyOf(eventStore, idOf('a'), entity)).map((event) => event.entity),
          ),
        ),
        [['Lead'], ['Account']],
      )
    },
  },
  {
    name: 'equal content of two entities is no duplicate',
    run: async ({ ports: { eventStore } }) => {
      const one = version(1)
      assert.deepEqual(short(await append(eventStore, [one, { ...one, entityId: idOf('b') }])), [
        'stored 1',
        'stored 1',
      ])
    },
  },
]
