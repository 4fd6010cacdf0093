// Publishing on Pub/Sub's emulator near its limits: requests are measured with their attributes, an outage
// fills no memory.
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import { eventIdOf } from '../../src/model/identity.ts'
import { pieces, type Message } from '../../src/drivers/google-cloud/pubsub/message.ts'
import { right } from '../../src/testing/check.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('publishing', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

const at = '2024-01-01T00:00:00.000000Z'
const entityId = '00000000-0000-5000-8000-000000000001'
const event = (sequence: number): StoredEvent => ({
  entity: 'Lead',
  entityId,
  eventId: eventIdOf(entityId, sequence),
  sequence,
  occurredAt: at,
  recordedAt: at,
  source: 'test',
  kind: 'full',
  payload: '{}',
})
const attributes = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => [`attribute${i}`, 'x'.repeat(1_024)]),
)

test('a request holds its attributes too: none has more than 10 MB', () => {
  const messages: readonly Message[] = Array.from({ length: 1_000 }, () => ({
    data: Buffer.alloc(100),
    attributes,
  }))
  const requests = pieces(messages)
  expect(requests.flat()).toHaveLength(1_000)
  const bytes = requests.map((some) =>
    some.reduce(
      (sum, { data, attributes: own }) => sum + data.length + Buffer.byteLength(JSON.stringify(own)),
      0,
    ),
  )
  expect(Math.max(...bytes)).toBeLessThan(10_000_000)
})

describe.runIf(found)('publish', () => {
  test('a thousand events with twenty long attributes each', async () => {
    const ports = await right(onEmulators(hosts, newProject()).open())
    await right(
      ports.topic.publish(
        Array.from({ length: 1_000 }, (_, i) => event(i + 1)),
        () => attributes,
      ),
    )
    await ports.close()
  })
})
