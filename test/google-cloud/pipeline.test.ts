// The whole pipeline on Google's emulators: submit, views, history, subscriptions, update topics with broken
// messages, results, provisioning, roles apart.
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, test } from 'vitest'
import {
  createPipeline,
  type Pipeline,
  type PipelineOptions,
  type Receipt,
  type Role,
  type SubmitResult,
} from 'dreampipe'
import type { GoogleCloudOptions } from 'dreampipe/google-cloud'
import { closing, collect, day, Lead, source, until, wire } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('the pipeline on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

const withoutSql: readonly Role[] = ['receiver', 'relay', 'views', 'subscriptions']

const open = (
  projectId: string,
  driver: Partial<GoogleCloudOptions> = {},
  more: Partial<PipelineOptions> = {},
): Pipeline<typeof Lead> =>
  closing(createPipeline([Lead], { driver: onEmulators(hosts, projectId, driver), ...more }))

const clientOf = (projectId: string): PubSub => new PubSub({ projectId, apiEndpoint: hosts.pubsub })

const lead = (id: string, n: number, more: { readonly email?: string; readonly score?: number } = {}) =>
  Lead.toUpdate({ id, at: day(n), ...more }, source)

describe.runIf(found)('the pipeline', () => {
  test('stores, recognises duplicates, projects views, reads history and past states', async () => {
    const pipeline = open(newProject())
    await pipeline.start({ roles: withoutSql })
    const first = await pipeline.submit(lead('a', 1, { email: 'a@x.org' }))
    const again = await pipeline.submit(lead('a', 1, { email: 'a@x.org' }))
    const second = await pipeline.submit(lead('a', 3, { email: 'a@y.org', score: 9_007_199_254_740_991 }))
    const late = await pipeline.submit(lead('a', 2, { email: 'late@x.org' }))
    expect([
      first.status,
      again.status,
      again.eventId === first.eventId,
      second.sequence,
      late.sequence,
    ]).toEqual(['stored', 'duplicate', true, 2, 3])
    await until(async () => (await pipeline.current(Lead, { id: 'a' }))?.email === 'a@y.org')
    expect(await pipeline.current(Lead, { id: 'a' })).toMatchObject({
      id: 'a',
      email: 'a@y.org',
      domain: 'y.org',
      score: 9_007_199_254_740_991,
    })
    expect((await pipeline.asOf(Lead, { id: 'a' }, day(2)))?.email).toBe('late@x.org')
    expect(
      (await collect(pipeline.history(Lead, { id: 'a' }))).map(({ sequence, occurredAt }) => [
        sequence,
        occurredAt.slice(8, 10),
      ]),
    ).toEqual([
      [1, '01'],
      [2, '03'],
      [3, '02'],
    ])
    await pipeline.submit(Lead.toDelete({ id: 'a', at: day(4) }, source))
    await until(async () => (await pipeline.current(Lead, { id: 'a' })) === undefined)
  })

  test('find pages by an indexed property', async () => {
    const pipeline = open(newProject())
    await pipeline.start({ roles: withoutSql })
    await pipeline.submitAll(
      Array.from({ length: 45 }, (_, i) =>
        lead(`${i}`, 1, { email: i % 3 === 0 ? 'third@x.org' : 'other@x.org' }),
      ),
    )
    await until(
      async () =>
        (await pipeline.find(Lead, { where: { email: 'third@x.org' }, limit: 100 })).items.length === 15,
    )
    const pages: string[] = []
    for (let cursor: string | undefined; ;) {
      const { items, next } = await pipeline.find(Lead, {
        where: { email: 'third@x.org' },
        limit: 4,
        ...(cursor === undefined ? {} : { cursor }),
      })
      pages.push(...items.map(({ id }) => id))
      if (next === undefined) break
      cursor = next
    }
    expect(pages.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 15 }, (_, i) => `${i * 3}`),
    )
  })

  test(
    'a subscription gets what its filter lets through, failures wait and are tried again, permanent ' +
      'ones become dead letters',
    async () => {
      const pipeline = open(newProject())
      const seen: string[] = []
      let tries = 0
      const mail = pipeline.subscribe(Lead, {
        name: 'mail',
        filter: { email: 'a@x.org' },
        handle: (event) => {
          const { eventId } = event
          const id = event.operation === 'upsert' ? event.properties.id : ''
          if (id === 'stubborn' && ++tries < 3) throw new Error('not yet')
          if (id === 'poison') throw Object.assign(new Error('never'), { retry: false })
          seen.push(eventId)
        },
      })
      await mail.ready
      await pipeline.start({ roles: withoutSql })
      const receipts: Receipt[] = []
      for (const [id, email] of [
        ['a', 'a@x.org'],
        ['b', 'b@x.org'],
        ['stubborn', 'a@x.org'],
        ['poison', 'a@x.org'],
        ['c', 'a@x.org'],
      ] as const)
        receipts.push(await pipeline.submit(lead(id, 1, { email })))
      const wanted = [0, 2, 4].map((i) => receipts[i]?.eventId as string)
      await until(() => wanted.every((id) => seen.includes(id)), 25_000)
      await until(async () => (await pipeline.deadLetters.list(Lead)).length === 1)
      expect(seen.filter((id) => !wanted.includes(id))).toEqual([])
      const [letter] = await pipeline.deadLetters.list(Lead)
      expect(letter).toMatchObject({
        subscription: 'mail',
        entityId: receipts[3]?.entityId,
        sequence: 1,
        reason: 'never',
      })
      expect((await pipeline.status()).subscriptions.find(({ name }) => name === 'mail')).toMatchObject({
        deadLetters: 1,
      })
      expect(await pipeline.deadLetters.drop(letter as never)).toBe(true)
      expect(await pipeline.deadLetters.list(Lead)).toEqual([])
    },
    60_000,
  )

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

  test(
    'roles run apart and scale out: one process receives, two project views, another ' + 'handles',
    async () => {
      const project = newProject()
      const receiving = open(project, { sweepAfter: 0 })
      const [projecting, replica, handling] = [open(project), open(project), open(project)]
      const seen = new Set<string>()
      const audit = handling.subscribe(Lead, {
        name: 'audit',
        from: 'start',
        handle: ({ eventId }) => void seen.add(eventId),
      })
      await audit.ready
      for (const pipeline of [projecting, replica]) await pipeline.start({ roles: ['views'] })
      await handling.start({ roles: ['subscriptions'] })
      const counts = await receiving.submitAll(
        Array.from({ length: 600 }, (_, i) => lead(`${i % 60}`, 1 + Math.floor(i / 60), { score: i })),
      )
      expect(counts).toEqual({ stored: 600, duplicate: 0, outdated: 0, rejected: 0 })
      await until(() => seen.size === 600, 30_000)
      await until(
        async () =>
          (
            await Promise.all(Array.from({ length: 60 }, (_, i) => handling.current(Lead, { id: `${i}` })))
          ).every((view, i) => view?.score === 540 + i),
        30_000,
      )
    },
    90_000,
  )
})
