// The runner of contract suites: which cases it hands on, and that it closes and discards what a case opened.
import { expect, test } from 'vitest'
import type { Ports } from '../../src/ports/driver.ts'
import {
  eventStoreContract,
  queryEngineContract,
  runContract,
  topicContract,
  viewStoreContract,
  type ContractCase,
  type Opened,
} from '../../src/testing.ts'

const all = [...eventStoreContract, ...topicContract, ...viewStoreContract, ...queryEngineContract]

const bench = () => {
  const log: string[] = []
  const ports = (name: string): Ports =>
    ({ close: async () => void log.push(`close ${name}`) }) as unknown as Ports
  const open = async (): Promise<Opened> => ({
    ports: ports('first'),
    connect: async () => ports('second'),
    discard: async () => void log.push('discard'),
  })
  return { log, open }
}

const collect = (
  cases: readonly ContractCase[],
  capabilities: {
    readonly secondConnection: boolean
    readonly log: boolean
    readonly storesPositions: boolean
  },
  open: () => Promise<Opened> = bench().open,
) => {
  const runs = new Map<string, () => Promise<void>>()
  const skipped: string[] = []
  runContract(cases, {
    test: (name, run) => void runs.set(name, run),
    skip: (name) => void skipped.push(name),
    open,
    capabilities,
  })
  return { runs, skipped }
}

test('names are unique, and every case is handed on or skipped', () => {
  const { runs, skipped } = collect(all, { secondConnection: false, log: false, storesPositions: false })
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  expect([...runs.keys(), ...skipped].toSorted()).toEqual(all.map(({ name }) => name).toSorted())
})

test('a case runs where the driver has what it needs, and lacks what it says', () => {
  const cases: readonly ContractCase[] = [
    { name: 'always', run: async () => undefined },
    { name: 'log', needs: { log: true }, run: async () => undefined },
    { name: 'no log', needs: { log: false }, run: async () => undefined },
    { name: 'both', needs: { log: true, secondConnection: true }, run: async () => undefined },
  ]
  expect(collect(cases, { secondConnection: false, log: true, storesPositions: true })).toMatchObject({
    skipped: ['no log', 'both'],
  })
  expect(collect(cases, { secondConnection: true, log: false, storesPositions: true })).toMatchObject({
    skipped: ['log', 'both'],
  })
  expect(collect(cases, { secondConnection: true, log: true, storesPositions: true })).toMatchObject({
    skipped: ['no log'],
  })
})

test('every connection is closed and the data discarded, also behind a case that fails', async () => {
  const { log, open } = bench()
  const failing: ContractCase = {
    name: 'fails',
    run: async ({ connect }) => {
      await connect()
      throw new Error('failed')
    },
  }
  const { runs } = collect([failing], { secondConnection: true, log: true, storesPositions: true }, open)
  await expect(runs.get('fails')?.()).rejects.toThrow('failed')
  expect(log).toEqual(['close first', 'close second', 'discard'])
})
