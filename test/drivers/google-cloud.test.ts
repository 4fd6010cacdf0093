// Runs the contract suites of stores and topic on the google-cloud driver, over the wire to Google's
// emulators.
import { randomUUID } from 'node:crypto'
import { describe, test } from 'vitest'
import type { Capabilities, Opened } from '../../src/testing/contract.ts'
import {
  checkpointStoreContract,
  eventStoreContract,
  runContract,
  topicContract,
  viewStoreContract,
} from '../../src/testing.ts'
import { right } from '../../src/testing/check.ts'
import { isThorough } from '../thorough.ts'
import { newProject, onEmulators, servers, type Hosts } from '../google-cloud/kit.ts'

const capabilities: Capabilities = { secondConnection: true, log: false, storesPositions: false }
const skip = (name: string, why: string): void => console.log(`left out, ${why}: ${name}`)

// The stores' suites share a project and take a namespace each; topics have no namespaces, so theirs takes a
// project each.
const bench = (hosts: Hosts, shared?: string) => async (): Promise<Opened> => {
  const [project, namespace] = shared === undefined ? [newProject(), 'test'] : [shared, `n${randomUUID()}`]
  const connect = () =>
    right(onEmulators(hosts, project, { namespace, sweepAfter: 0, index: { Lead: ['n', 'email'] } }).open())
  return { ports: await connect(), connect }
}

const all = await servers('contracts of the google-cloud driver', 'firestore', 'pubsub')
const legacy = isThorough('contracts of the google-cloud driver in optimistic mode')
  ? await servers('contracts of the google-cloud driver in optimistic mode', 'datastore')
  : undefined

describe.runIf(all)('Firestore in Datastore mode', () => {
  const hosts: Hosts = { datastore: all?.firestore.host ?? '', pubsub: all?.pubsub.host ?? '' }
  describe('event store', () => {
    runContract(eventStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
  describe('view store', () => {
    runContract(viewStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
  describe('checkpoint store', () => {
    runContract(checkpointStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
  describe('topic on Pub/Sub', () => {
    runContract(topicContract, { test, skip, open: bench(hosts), capabilities })
  })
})

describe.runIf(legacy)('legacy Datastore, optimistic', () => {
  const hosts: Hosts = { datastore: legacy?.datastore.host ?? '', pubsub: '127.0.0.1:1' }
  describe('event store', () => {
    runContract(eventStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
  describe('view store', () => {
    runContract(viewStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
  describe('checkpoint store', () => {
    runContract(checkpointStoreContract, { test, skip, open: bench(hosts, 'dreampipe'), capabilities })
  })
})
