// The relay in an outage: what waits to be published is bounded, and what was left out is published from the
// outbox.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { relay } from '../../src/flow/receive/relay.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import type { StoredEvent } from '../../src/model/event.ts'
import { E, TE } from '../../src/fp.ts'
import { right } from '../../src/testing/check.ts'
import { errorOf, Lead, temporaryFolder, until } from './kit.ts'

const at = '2024-01-01T00:00:00.000000Z'
const entityId = '00000000-0000-5000-8000-000000000001'
const events = (from: number): readonly StoredEvent[] =>
  Array.from({ length: 500 }, (_, i) => ({
    entity: 'Lead',
    entityId,
    eventId: eventIdOf(entityId, from + i),
    sequence: from + i,
    occurredAt: at,
    recordedAt: at,
    source: 'test',
    kind: 'full',
    payload: '{}',
  }))

test(
  'while a topic hangs, no more than so many events wait in memory; the outbox is asked for the ' + 'rest',
  async () => {
    const ports = await right(embedded({ folder: temporaryFolder() }).open())
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    let [published, asked] = [0, 0]
    const hanging = relay(
      {
        ...ports,
        topic: {
          ...ports.topic,
          publish: (some) => async () => {
            published += some.length
            await gate
            return E.right(undefined)
          },
        },
        eventStore: {
          ...ports.eventStore,
          published: () => TE.right(undefined),
          pending: () => {
            asked++
            return TE.right([])
          },
        },
      },
      new Map([['Lead', (Lead as unknown as { readonly definition: never }).definition]]),
      () => undefined,
    )
    for (let i = 0; i < 100; i++) hanging.publish(events(1 + i * 500))
    await until(() => published > 0)
    expect(published).toBe(20_000)
    open()
    await until(() => asked > 0)
    await hanging.stop()
    await ports.close()
  },
)

test('attributes that Pub/Sub would refuse for ever are refused at once', async () => {
  const of = (attributes: readonly string[]) => async () =>
    entity('A', {
      properties: {
        id: y.string(),
        at: y.dateTime(),
        ...Object.fromEntries(attributes.map((name) => [name, y.string()])),
      },
      identifier: ['id'],
      timestamp: 'at',
      attributes,
    } as never)
  for (const attributes of [['google_id'], ['a'.repeat(257)], Array.from({ length: 91 }, (_, i) => `a${i}`)])
    expect(await errorOf(of(attributes)())).toMatchObject({ _tag: 'InvalidDefinition', path: 'attributes' })
})
