// Update topics on Google's emulators: one message that cannot be taken holds up no other, and only what is
// wrong with an update itself makes it a broken one.
import { PubSub } from '@google-cloud/pubsub'
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y, type Driver } from 'dreampipe'
import { notProvisioned } from '../../src/model/errors.ts'
import { pipe, TE } from '../../src/fp.ts'
import { closing, day, until, wire } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('update topics on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

const seen: string[] = []
const Order = entity('Order', {
  properties: { id: y.string(), at: y.dateTime(), region: y.enriched(y.string()) },
  identifier: ['id'],
  timestamp: 'at',
  transform: [
    ({ id }) => {
      seen.push(id)
      if (id === 'poison') throw new Error('the service behind does not know it yet')
      return { region: 'north' }
    },
  ],
})
const yadto = (id: string) =>
  JSON.stringify({ id: wire.string(id), at: wire.dateTime(day(1)), ...wire.source })

// Appends are refused for want of a role until it is granted.
const withoutRole = (driver: Driver, isGranted: () => boolean, onRefused: () => void): Driver => ({
  ...driver,
  open: () =>
    pipe(
      driver.open(),
      TE.map((ports) => ({
        ...ports,
        eventStore: {
          ...ports.eventStore,
          append: (batch: Parameters<typeof ports.eventStore.append>[0]) => {
            if (isGranted()) return ports.eventStore.append(batch)
            onRefused()
            return TE.left(notProvisioned('append', 'access is denied', 'grant the role'))
          },
        },
      })),
    ),
})

describe.runIf(found)('update topics', () => {
  test(
    'an update whose transformer keeps failing is tried again, the others are acknowledged and go ' + 'on',
    async () => {
      const project = newProject()
      const pipeline = closing(
        createPipeline([Order], {
          driver: onEmulators(hosts, project, { updates: true }),
          observe: () => undefined,
        }),
      )
      await pipeline.start({ roles: ['receiver', 'views', 'relay'] })
      const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
      const updates = client.topic('dreampipe-Order-updates')
      await updates.publishMessage({ data: Buffer.from(yadto('poison')) })
      await until(() => seen.includes('poison'))
      await updates.publishMessage({ data: Buffer.from(yadto('good')) })
      await until(async () => (await pipeline.current(Order, { id: 'good' })) !== undefined, 40_000)
      await until(() => seen.filter((id) => id === 'poison').length > 6, 40_000)
      await client.close()
    },
    100_000,
  )

  test(
    'a missing role sends no update to the broken ones: it is stored once the role is ' + 'granted',
    async () => {
      const project = newProject()
      let [isGranted, refused] = [false, 0]
      const driver = withoutRole(
        onEmulators(hosts, project, { updates: true }),
        () => isGranted,
        () => {
          refused++
        },
      )
      const pipeline = closing(createPipeline([Order], { driver, observe: () => undefined }))
      await pipeline.start({ roles: ['receiver', 'views', 'relay'] })
      const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
      const [broken] = await client.topic('dreampipe-Order-broken').createSubscription('broken')
      const aside: string[] = []
      broken.on('message', (message) => {
        aside.push(message.data.toString())
        message.ack()
      })
      await client.topic('dreampipe-Order-updates').publishMessage({ data: Buffer.from(yadto('good')) })
      await until(() => refused > 0)
      isGranted = true
      await until(
        async () => aside.length > 0 || (await pipeline.current(Order, { id: 'good' })) !== undefined,
        40_000,
      )
      expect(aside).toEqual([])
      await broken.close()
      await client.close()
    },
    60_000,
  )

  test(
    "a broken message with as many attributes as there may be is moved, and Google's own are left " + 'out',
    async () => {
      const project = newProject()
      const pipeline = closing(
        createPipeline([Order], {
          driver: onEmulators(hosts, project, { updates: true }),
          observe: () => undefined,
        }),
      )
      await pipeline.start({ roles: ['receiver'] })
      const client = new PubSub({ projectId: project, apiEndpoint: hosts.pubsub })
      const [broken] = await client.topic('dreampipe-Order-broken').createSubscription('broken')
      const aside: { readonly [name: string]: string }[] = []
      broken.on('message', (message) => {
        aside.push(message.attributes)
        message.ack()
      })
      const attributes = {
        googclient_schemaencoding: 'JSON',
        ...Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`a${i}`, 'x'])),
      }
      await client.topic('dreampipe-Order-updates').publishMessage({ data: Buffer.from('{'), attributes })
      await until(() => aside.length > 0)
      expect(Object.keys(aside[0] as object).length).toBeLessThanOrEqual(100)
      expect(aside[0]).not.toHaveProperty('googclient_schemaencoding')
      expect(aside[0]).toHaveProperty('_reason')
      await broken.close()
      await client.close()
    },
    60_000,
  )
})
