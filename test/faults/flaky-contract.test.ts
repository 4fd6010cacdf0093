// The contract suites on a mildly flaky driver: one that takes its time keeps every law, so the wrapper
// itself breaks none.
import { afterAll, describe, test } from 'vitest'
import { embedded } from '../../src/drivers/embedded/driver.ts'
import { right } from '../../src/testing/check.ts'
import type { Opened } from '../../src/testing/contract.ts'
import {
  eventStoreContract,
  flaky,
  queryEngineContract,
  runContract,
  topicContract,
  viewStoreContract,
} from '../../src/testing.ts'
import { removeFolder, temporaryFolder } from '../drivers/embedded-bench.ts'
import { isThorough } from '../thorough.ts'
import { say } from './kit.ts'

const none = { before: 0, after: 0, delay: 0 }
const calm = { duplicate: 0, reorder: 0, withhold: 0, redeliver: 0 }

const bench = (seed: number) => async (): Promise<Opened> => {
  const folder = temporaryFolder()
  const driver = flaky(embedded({ folder }), {
    seed,
    calls: { ...none, delay: 0.3 },
    deliveries: calm,
    longest: 4,
  })
  return {
    ports: await right(driver.open()),
    connect: () => right(driver.open()),
    discard: async () => removeFolder(folder),
  }
}

const suites = {
  'event store': eventStoreContract,
  topic: topicContract,
  'view store': viewStoreContract,
  'query engine': queryEngineContract,
}
const left: string[] = []

describe.runIf(isThorough('contracts on a driver with delays')).each(Object.entries(suites))(
  '%s, with delays',
  (_name, suite) => {
    runContract(suite, {
      test,
      skip: (each) => void left.push(each),
      open: bench(11),
      capabilities: { secondConnection: false, log: true, storesPositions: true },
    })
  },
)

afterAll(() =>
  say(
    `contract suites on a flaky driver: ${left.length} cases are left out, because they need connections ` +
      `apart; failing calls and repeated or mixed deliveries are left out too, ` +
      "because cases assert a verb's first answer and count deliveries (flaky.test.ts has those)",
  ),
)
