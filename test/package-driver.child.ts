// What package-driver.test.ts runs in a scratch package, with node's own runner: the contract suites on the
// smallest driver.
import test, { describe } from 'node:test'
import type { Driver, Ports } from 'dreampipe/driver'
import {
  checkpointStoreContract,
  eventStoreContract,
  queryEngineContract,
  runContract,
  topicContract,
  viewStoreContract,
} from 'dreampipe/testing'
import { smallest } from '../examples/smallest-driver/driver.ts'

const open = async (driver: Driver): Promise<Ports> => {
  const opened = await driver.open()()
  if (opened._tag === 'Left') throw opened.left
  return opened.right
}

for (const [name, suite] of Object.entries({
  'event store': eventStoreContract,
  topic: topicContract,
  'view store': viewStoreContract,
  'checkpoint store': checkpointStoreContract,
  'query engine': queryEngineContract,
}))
  describe(name, () =>
    runContract(suite, {
      test: (law, run) => void test(law, run),
      skip: (law, why) => void test(law, { skip: why }, () => undefined),
      open: async () => {
        const driver = smallest()
        return { ports: await open(driver), connect: () => open(driver) }
      },
      capabilities: { secondConnection: true, log: true, storesPositions: true },
    }),
  )
