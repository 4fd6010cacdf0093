// Names on Pub/Sub: what would have two things share one subscription or topic is refused, and what reads
// otherwise than asked for is told.
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y, type Signal } from 'dreampipe'
import { TE } from '../../src/fp.ts'
import { right } from '../../src/testing/check.ts'
import { noUnhandled } from '../faults/kit.ts'
import { closing, day, errorOf, Lead, source, until } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('names on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

describe.runIf(found)('names', () => {
  test(
    'a subscription whose filter was changed is told of: the server would keep back what the new one ' +
      'asks for',
    async () => {
      const project = newProject()
      const first = createPipeline([Lead], { driver: onEmulators(hosts, project), observe: () => undefined })
      await first.subscribe(Lead, { name: 'billing', filter: { email: 'a@x.org' }, handle: () => undefined })
        .ready
      await first.close()
      const signals: Signal[] = []
      const second = closing(
        createPipeline([Lead], {
          driver: onEmulators(hosts, project),
          observe: (signal) => void signals.push(signal),
        }),
      )
      second.subscribe(Lead, { name: 'billing', filter: { email: 'b@x.org' }, handle: () => undefined })
      await until(() => signals.some((signal) => signal._tag === 'unregistered'))
      const told = signals.find((signal) => signal._tag === 'unregistered')
      expect(told).toMatchObject({
        subscription: 'billing',
        error: {
          _tag: 'NotProvisioned',
          message: expect.stringContaining('attributes.email = "a@x.org"') as string,
        },
      })
    },
  )

  test("a subscription that reads another topic is told of: its messages are another's", async () => {
    const project = newProject()
    const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
    const [topic] = await client.createTopic('another')
    await topic.createSubscription('dreampipe-Lead-billing')
    const ports = await right(onEmulators(hosts, project).open())
    const registered = await ports.topic.register({ name: 'billing', entity: 'Lead', from: 'now' })()
    expect(registered).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'NotProvisioned', message: expect.stringContaining('another') as string },
    })
    await ports.close()
    await client.close()
  })

  test('templates that give two things one name are refused when the driver opens', async () => {
    for (const names of [
      { subscription: 'psl-${entity}' },
      { updates: 'dreampipe-${entity}' },
      { receiver: 'dreampipe-${entity}-views' },
      { broken: 'dreampipe-${entity}-updates' },
      { results: 'dreampipe-Any_entity' },
    ]) {
      const opened = await onEmulators(hosts, newProject(), { names, updates: true }).open()()
      expect([names, opened._tag]).toEqual([names, 'Left'])
      if (opened._tag === 'Left')
        expect(opened.left).toMatchObject({
          _tag: 'Unavailable',
          retry: false,
          message: expect.stringContaining('names') as string,
        })
      else await opened.right.close()
    }
  })

  test('templates without the entity serve one entity, and the second one is refused', async () => {
    for (const names of [
      { persisted: 'events' },
      { subscription: 'psl-${subscription}' },
      { receiver: 'psl' },
    ]) {
      const ports = await right(onEmulators(hosts, newProject(), { names, updates: true }).open())
      expect((await ports.topic.register({ name: 'x', entity: 'A', from: 'now' })())._tag).toBe('Right')
      expect(await ports.topic.register({ name: 'x', entity: 'B', from: 'now' })()).toMatchObject({
        _tag: 'Left',
        left: { _tag: 'Unavailable', retry: false },
      })
      await ports.close()
    }
  })

  test('names given for one entity leave the others theirs', async () => {
    const project = newProject()
    const ports = await right(
      onEmulators(hosts, project, {
        names: { updates: { Lead: 'leads-in' }, subscription: { Lead: 'psl-Lead-${subscription}' } },
        updates: true,
      }).open(),
    )
    for (const entity of ['Lead', 'constructor']) {
      await right(ports.topic.register({ name: 'views', entity, from: 'now' }))
      await right(ports.topic.updates?.register(entity) ?? TE.right(undefined))
    }
    const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
    expect((await client.getTopics())[0].map(({ name }) => name.split('/').pop()).toSorted()).toEqual([
      'dreampipe-Lead',
      'dreampipe-Lead-broken',
      'dreampipe-constructor',
      'dreampipe-constructor-broken',
      'dreampipe-constructor-updates',
      'leads-in',
    ])
    await client.close()
    await ports.close()
  })

  test("an entity, or a subscription, whose name would be another's is refused", async () => {
    const ports = await right(onEmulators(hosts, newProject(), { updates: true }).open())
    expect(await ports.topic.register({ name: 'receiver', entity: 'Lead', from: 'now' })()).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'Unavailable', retry: false },
    })
    expect(await ports.topic.register({ name: 'x', entity: 'results', from: 'now' })()).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'Unavailable', retry: false },
    })
    await ports.close()
  })

  test('a name that Pub/Sub cannot take is an error, and ends no process', async () => {
    const unhandled = noUnhandled()
    const Goods = entity('googGoods', {
      properties: { id: y.string(), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
    })
    const signals: Signal[] = []
    const pipeline = closing(
      createPipeline([Goods], {
        driver: onEmulators(hosts, newProject(), { names: { persisted: '${entity}' } }),
        observe: (signal) => void signals.push(signal),
      }),
    )
    expect((await pipeline.submit(Goods.toUpdate({ id: 'a', at: day(1) }, source))).status).toBe('stored')
    await until(() => signals.some(({ _tag }) => _tag === 'unpublished'))
    expect((await errorOf(pipeline.start({ roles: ['views'] })))._tag).toBe('Unavailable')
    expect(unhandled).toEqual([])
  })
})
