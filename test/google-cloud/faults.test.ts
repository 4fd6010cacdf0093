// Faults on Google's emulators, each ending with views compared with the events: processes at once, a kill
// before publishing, a flaky driver, servers that go away.
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y, type Counts, type Driver, type Role } from 'dreampipe'
import { flaky } from 'dreampipe/testing'
import type { Definition } from '../../src/model/definition.ts'
import { verifyViews } from '../../src/flow/prove/verify-views.ts'
import { tableOf } from '../../src/flow/project/view.ts'
import { right } from '../../src/testing/check.ts'
import { persist } from '../faults/kit.ts'
import { closing, collect, until } from '../flow/kit.ts'
import { child } from '../processes.ts'
import { isThorough } from '../thorough.ts'
import { newProject, onEmulators, servers, type Hosts } from './kit.ts'

const found = await servers('faults on Google Cloud', 'firestore', 'pubsub', 'datastore')
const hosts: Hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }
const withoutSql: readonly Role[] = ['receiver', 'relay', 'views', 'subscriptions']

const Item = entity('Item', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const item = (i: number, entities: number) =>
  Item.toUpdate(
    { id: `${i % entities}`, n: i, at: new Date(Date.UTC(2024, 0, 1) + i * 1000) },
    { source: 'test' },
  )

// Waits until the views hold every event, then compares them with the store.
const proven = async (driver: Driver, events: number): Promise<void> => {
  const ports = await right(driver.open())
  try {
    const { definition } = Item as unknown as { readonly definition: Definition }
    const verified = async () =>
      right(
        verifyViews(
          ports,
          definition,
          tableOf(definition, (await right(ports.viewStore.generations.of('Item'))).active),
          {},
        ),
      )
    await until(async () => {
      const { pending, missing } = await verified()
      return pending + missing === 0
    }, 60_000)
    expect(await verified()).toMatchObject({
      events,
      pending: 0,
      missing: 0,
      surplus: 0,
      different: 0,
      findings: [],
    })
    // What an answer was lost of is published once more by the sweeper, and cleared.
    await until(async () => (await right(ports.eventStore.pending('Item', 10))).length === 0, 60_000)
  } finally {
    await ports.close()
  }
}

const pipelineOn = (driver: Driver) => closing(createPipeline([Item], { driver, observe: () => undefined }))

describe.runIf(found && isThorough('faults on Google Cloud'))('faults', () => {
  test(
    'eight processes submit the same 1,000 updates at once: each is stored once, without a ' + 'gap',
    async () => {
      const project = newProject()
      const children = Array.from({ length: 8 }, () =>
        child('test/google-cloud/submitter.child.ts', [hosts.datastore, hosts.pubsub, project, '1000', '50']),
      )
      for (const each of children) expect(await each.line()).toBe('ready')
      for (const each of children) each.send('go')
      const counts = await Promise.all(children.map(async (each) => JSON.parse(await each.line()) as Counts))
      expect([
        counts.reduce((n, { stored }) => n + stored, 0),
        counts.reduce((n, { duplicate }) => n + duplicate, 0),
      ]).toEqual([1000, 7000])
      const pipeline = pipelineOn(onEmulators(hosts, project))
      await pipeline.start({ roles: withoutSql })
      for (const id of ['0', '49'])
        expect((await collect(pipeline.history(Item, { id }))).map(({ sequence }) => sequence)).toEqual(
          Array.from({ length: 20 }, (_, i) => i + 1),
        )
      await proven(onEmulators(hosts, project, { sweepAfter: 0 }), 1000)
    },
    180_000,
  )

  test('a process that dies between commit and publish: the sweeper of another publishes', async () => {
    const project = newProject()
    const dying = child('test/google-cloud/submitter.child.ts', [
      hosts.datastore,
      hosts.pubsub,
      project,
      '100',
      '10',
      'die',
    ])
    expect(await dying.line()).toBe('ready')
    dying.send('go')
    expect(await dying.ended).toBe('SIGKILL')
    const looking = await right(onEmulators(hosts, project, { sweepAfter: 0 }).open())
    const unpublished = await right(looking.eventStore.pending('Item', 1000))
    expect(unpublished.length).toBeGreaterThan(0)
    await looking.close()
    // Events that nobody published reach the views by their topic: the subscription is there, and no replay
    // is needed.
    const pipeline = pipelineOn(onEmulators(hosts, project, { sweepAfter: 0 }))
    await pipeline.start({ roles: withoutSql })
    const seen = new Set<string>()
    pipeline.subscribe(Item, {
      name: 'witness',
      from: 'now',
      handle: ({ eventId }) => void seen.add(eventId),
    })
    await proven(onEmulators(hosts, project, { sweepAfter: 0 }), unpublished.length)
  }, 90_000)

  test('calls that fail before and after, deliveries that repeat, mix and gap: nothing is lost', async () => {
    const project = newProject()
    const driver = flaky(onEmulators(hosts, project, { sweepAfter: 200 }), {
      seed: 11,
      longest: 5,
      calls: { before: 0.1, after: 0.1, delay: 0.1 },
      deliveries: { duplicate: 0.5, reorder: 0.5, withhold: 0.5, redeliver: 0.3 },
    })
    const pipeline = pipelineOn(driver)
    await persist(() => pipeline.start({ roles: withoutSql }))
    const receipts = new Set<string>()
    await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let i = 0; i < 40; i++)
          receipts.add((await persist(() => pipeline.submit(item(writer * 40 + i, 25)))).eventId)
      }),
    )
    driver.calm()
    expect(receipts.size).toBe(240)
    expect(Object.keys(driver.injected()).length).toBeGreaterThan(5)
    await proven(onEmulators(hosts, project, { sweepAfter: 0 }), 240)
  }, 120_000)

  test('servers that hang and come back: what was acknowledged is there, the rest is told', async () => {
    const project = newProject()
    const pipeline = pipelineOn(onEmulators(hosts, project))
    await pipeline.start({ roles: withoutSql })
    let acknowledged = 0
    const submitting = (async () => {
      for (let i = 0; i < 400; i += 20) {
        await Promise.all(
          Array.from({ length: 20 }, (_, j) => persist(() => pipeline.submit(item(i + j, 30)))),
        )
        acknowledged += 20
      }
    })()
    await until(() => acknowledged >= 60)
    const held = (): Promise<void> =>
      new Promise((resolve) => {
        setTimeout(resolve, 1_500)
      })
    await found?.pubsub.suspend(held)
    await found?.firestore.suspend(held)
    await submitting
    await proven(onEmulators(hosts, project, { sweepAfter: 0 }), 400)
  }, 120_000)

  test('a store that is killed and started again: every update is stored once', async () => {
    const project = newProject()
    const other: Hosts = { ...hosts, datastore: found?.datastore.host ?? '' }
    const pipeline = pipelineOn(onEmulators(other, project))
    await pipeline.start({ roles: withoutSql })
    let acknowledged = 0
    let failures = 0
    const submitting = (async () => {
      for (let i = 0; i < 400; i += 20) {
        await Promise.all(
          Array.from({ length: 20 }, (_, j) =>
            persist(
              () => pipeline.submit(item(i + j, 30)),
              () => {
                failures++
              },
            ),
          ),
        )
        acknowledged += 20
      }
    })()
    await until(() => acknowledged >= 100)
    await found?.datastore.restart(() => until(() => failures > 0))
    await submitting
    expect(failures).toBeGreaterThan(0)
    await proven(onEmulators(other, project, { sweepAfter: 0 }), 400)
  }, 120_000)
})
