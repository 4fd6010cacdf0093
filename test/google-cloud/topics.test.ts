// The pipeline's topics on Google's emulators: what others read from them and write to them, broken
// messages too.
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, test } from 'vitest'
import type { SubmitResult } from 'dreampipe'
import { day, Lead, until, wire } from '../flow/kit.ts'
import { newProject, servers } from './kit.ts'
import { lead, openOn, withoutSql } from './leads.ts'

const found = await servers('topics on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }
const open = openOn(hosts)

const clientOf = (projectId: string): PubSub => new PubSub({ projectId, apiEndpoint: hosts.pubsub })

describe.runIf(found)('the pipeline', () => {
  test(
    'a message on a persisted topic says what it is in attributes, and is JSON that others ' + 'read',
    async () => {
      const project = newProject()
      const pipeline = open(project)
      const client = clientOf(project)
      const [topic] = await client.createTopic('dreampipe-Lead')
      const [subscription] = await topic.createSubscription('others')
      const messages: { readonly attributes: object; readonly body: object }[] = []
      subscription.on('message', (message) => {
        messages.push({ attributes: message.attributes, body: JSON.parse(message.data.toString()) as object })
        message.ack()
      })
      const { entityId, eventId } = await pipeline.submit(lead('a', 1, { email: 'a@x.org', score: 5 }))
      await until(() => messages.length > 0)
      await subscription.close()
      await client.close()
      expect(messages[0]?.attributes).toEqual({
        _entity: 'Lead',
        _entity_id: entityId,
        _event_id: eventId,
        _sequence: '1',
        _operation: 'full',
        email: 'a@x.org',
      })
      expect(messages[0]?.body).toMatchObject({
        entity: 'Lead',
        entityId,
        eventId,
        sequence: 1,
        operation: 'full',
        source: 'test',
        yadto: { score: { propertyType: 'Integer', value: '5' } },
      })
    },
  )

  test('update topics: updates in, results out, broken ones aside with the reason', async () => {
    const project = newProject()
    const pipeline = open(project, { updates: true }, { results: true })
    const results: SubmitResult[] = []
    const told = pipeline.subscribeResults({ name: 'told', handle: (result) => void results.push(result) })
    await told.ready
    await pipeline.start({ roles: withoutSql })
    const client = clientOf(project)
    const [broken] = await client.topic('dreampipe-Lead-broken').createSubscription('broken')
    const aside: { readonly text: string; readonly reason: string | undefined }[] = []
    broken.on('message', (message) => {
      aside.push({ text: message.data.toString(), reason: message.attributes['_reason'] })
      message.ack()
    })
    const updates = client.topic('dreampipe-Lead-updates')
    const good = {
      id: wire.string('a'),
      at: wire.dateTime(day(1)),
      correlationId: wire.string('order-7'),
      ...wire.source,
    }
    for (const data of [
      JSON.stringify(good),
      '{"id":',
      JSON.stringify({ ...good, at: wire.dateTime('yesterday'), correlationId: wire.string('order-8') }),
    ])
      await updates.publishMessage({ data: Buffer.from(data) })
    await until(async () => (await pipeline.current(Lead, { id: 'a' })) !== undefined)
    await until(() => aside.length === 2 && results.length >= 3)
    expect(aside.map(({ text }) => text).toSorted()[0]).toBe('{"id":')
    expect(aside.find(({ text }) => text !== '{"id":')?.reason).toContain(
      'at: DateTime expects an ISO 8601 instant',
    )
    expect(results.find(({ correlationId }) => correlationId === 'order-7')?.receipt?.status).toBe('stored')
    expect(results.find(({ correlationId }) => correlationId === 'order-8')?.error?._tag).toBe(
      'InvalidUpdate',
    )
    await broken.close()
    await client.close()
  }, 60_000)
})
