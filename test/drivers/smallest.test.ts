// Runs the contract suites on the smallest driver, and whole pipelines on it: end to end, two on one driver,
// and through faults.
import { describe, expect, onTestFinished, test } from 'vitest'
import { createPipeline, entity, y, type Driver, type SubmitResult } from 'dreampipe'
import {
  checkpointStoreContract,
  eventStoreContract,
  flaky,
  queryEngineContract,
  runContract,
  topicContract,
  viewStoreContract,
} from 'dreampipe/testing'
import { smallest } from '../../examples/smallest-driver/driver.ts'
import { range, right, until } from '../../src/testing/check.ts'
import { candidate } from '../../src/testing/samples.ts'
import { release } from '../../src/testing/steps.ts'
import { persist, prove } from '../faults/kit.ts'

const suites = {
  'event store': eventStoreContract,
  'checkpoint store': checkpointStoreContract,
  topic: topicContract,
  'view store': viewStoreContract,
  'query engine': queryEngineContract,
}
const skip = (name: string, why: string): void => {
  console.log(`left out, ${why}: ${name}`)
  test.skip(name)
}

describe.each(Object.entries(suites))('%s', (_name, suite) => {
  runContract(suite, {
    test,
    skip,
    open: async () => {
      const driver = smallest()
      return { ports: await right(driver.open()), connect: () => right(driver.open()) }
    },
    capabilities: { secondConnection: true, log: true, storesPositions: true },
  })
})

const Lead = entity('Lead', {
  properties: { id: y.string(), city: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  attributes: ['city'],
  view: { index: ['city'] },
})
const lead = (id: string, city: string, n: number) =>
  Lead.toUpdate({ id, city, at: new Date(Date.UTC(2024, 0, n)) }, { source: 'test' })

/** A pipeline on a driver; it is closed when the test ends. */
const open = (driver: Driver, results = false) => {
  const pipeline = createPipeline([Lead], { driver, results, observe: () => undefined })
  onTestFinished(() => pipeline.close())
  return pipeline
}
const cities = 'SELECT city, count(*) AS n FROM Lead GROUP BY city ORDER BY city'

test('a pipeline runs on it, and every verb does what it says', async () => {
  const pipeline = open(smallest(), true)
  const seen: string[] = []
  const results: SubmitResult[] = []
  await pipeline.start()
  const graz = pipeline.subscribe(Lead, {
    name: 'graz',
    filter: { city: 'Graz' },
    from: 'start',
    handle: (event) => void seen.push(event.eventId),
  })
  const told = pipeline.subscribeResults({ name: 'told', handle: (result) => void results.push(result) })
  await Promise.all([graz.ready, told.ready])
  const first = await pipeline.submit(lead('a', 'Graz', 1))
  const again = await pipeline.submit(lead('a', 'Graz', 1))
  expect([first.status, again.status, again.eventId]).toEqual(['stored', 'duplicate', first.eventId])
  expect(await pipeline.submitAll(range(1, 40).map((n) => lead(String(n), 'Linz', n)))).toMatchObject({
    stored: 40,
    rejected: 0,
  })
  await pipeline.submit(lead('a', 'Wien', 5))
  await pipeline.submit(lead('a', 'Graz', 3))
  await pipeline.settled()
  expect(await pipeline.current(Lead, { id: 'a' })).toMatchObject({ city: 'Wien' })
  expect(await pipeline.asOf(Lead, { id: 'a' }, '2024-01-04T00:00:00Z')).toMatchObject({ city: 'Graz' })
  expect((await pipeline.find(Lead, { where: { city: 'Linz' } })).items).toHaveLength(40)
  expect(await pipeline.sql(cities)).toEqual([
    { city: 'Linz', n: 40 },
    { city: 'Wien', n: 1 },
  ])
  await until('the subscription has both', () => seen.length === 2)
  await until('every result was told', () => results.length === 44)
  expect(await pipeline.rebuild(Lead, { target: 'views' })).toMatchObject({ generation: 2 })
  expect(await pipeline.rebuild(Lead, { target: 'query-engine' })).toMatchObject({ generation: 2 })
  expect(await prove(pipeline, Lead)).toBe(43)
  expect(await pipeline.deadLetters.list()).toEqual([])
})

test('a handler that rejects is tried again, as one that answers a left', async () => {
  const { eventStore, topic, close } = await right(smallest().open())
  onTestFinished(close)
  await right(topic.register({ name: 's', entity: 'Lead', from: 'start' }))
  await release({ eventStore, topic }, [candidate({ id: 'a', at: 1 })])
  const failures: string[] = []
  let delivered = 0
  const consumer = topic.subscribe(
    { name: 's', entity: 'Lead', from: 'start' },
    () => async () => {
      if (failures.length === 0) throw new Error('thrown')
      delivered++
      return { _tag: 'Right', right: undefined }
    },
    { onFailure: ({ message }) => void failures.push(message) },
  )
  await until('it came again', () => delivered === 1)
  await consumer.stop()
  expect(failures).toEqual(['deliver: thrown'])
})

test('two pipelines on one driver are two processes on one database', async () => {
  const driver = smallest()
  const [one, other] = [open(driver), open(driver)]
  await one.start()
  await other.start()
  const statuses = await Promise.all(
    [one, other].flatMap((each) =>
      range(1, 20).map(async (n) => (await each.submit(lead(String(n), 'Graz', n))).status),
    ),
  )
  expect(statuses.filter((status) => status === 'stored')).toHaveLength(20)
  for (const each of [one, other]) {
    await each.settled()
    expect(await each.sql(cities)).toEqual([{ city: 'Graz', n: 20 }])
  }
  await one.close()
  await other.submit(lead('1', 'Wien', 30))
  expect(await prove(other, Lead)).toBe(21)
  await other.close()
  // The events stay as long as the driver; the query engine is filled anew from them.
  const next = open(driver)
  await next.start()
  expect(await prove(next, Lead)).toBe(21)
})

test('calls fail before and after, deliveries repeat, mix and gap, and nothing is lost', async () => {
  const pipeline = open(
    flaky(smallest(), {
      seed: 1,
      longest: 3,
      calls: { before: 0.1, after: 0.1, delay: 0.1 },
      deliveries: { duplicate: 0.5, reorder: 0.5, withhold: 0.5, redeliver: 0.3 },
    }),
  )
  await persist(() => pipeline.start())
  await Promise.all(
    range(1, 60).map((n) => persist(() => pipeline.submit(lead(String(n % 7), String(n % 3), n)))),
  )
  await persist(() => prove(pipeline, Lead))
  expect((await persist(() => pipeline.verify(Lead))).views.events).toBe(60)
})
