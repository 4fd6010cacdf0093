// Runs contract suites: cases as data, under any test runner, each on fresh ports.
import type { Ports } from '../ports/driver.ts'

/** What one driver has and another lacks; cases that ask for something else are passed over. */
export interface Capabilities {
  /** `open` can give more connections on the same data, each independent as another process' would be. */
  readonly secondConnection: boolean
  /**
   * The event store's log is the topic: deliveries have positions and come in order, one consumer at a time
   * holds a subscription, nothing is ever pending.
   */
  readonly log: boolean
  /** The query engine keeps a position in the same transaction as its rows. */
  readonly storesPositions: boolean
}

/** Ports on data that is empty and nobody else's. */
export interface Opened {
  readonly ports: Ports
  /** One more connection on the same data; where the driver has `secondConnection`. */
  readonly connect?: () => Promise<Ports>
  /** Removes the data, after all connections were closed. */
  readonly discard?: () => Promise<void>
}

/** What a case works on. */
export interface Bench {
  readonly ports: Ports
  /** One more connection on the same data; it is closed with the rest. */
  readonly connect: () => Promise<Ports>
}

/** One law of a port. */
export interface ContractCase {
  readonly name: string
  readonly needs?: Partial<Capabilities>
  readonly run: (bench: Bench) => Promise<void>
}

/** How a contract suite is run: under whose test runner, on which driver, with what it can do. */
export interface ContractOptions {
  /** The runner's: `(name, run) => test(name, run)`. */
  readonly test: (name: string, run: () => Promise<void>) => void
  /** Told of the cases that the driver's capabilities leave out, and why. */
  readonly skip?: (name: string, why: string) => void
  readonly open: () => Promise<Opened>
  readonly capabilities: Capabilities
}

const fits = ({ needs = {} }: ContractCase, capabilities: Capabilities): boolean =>
  (Object.keys(needs) as (keyof Capabilities)[]).every((name) => needs[name] === capabilities[name])

// Which capability is otherwise than the case needs.
const reasonFor = ({ needs = {} }: ContractCase, capabilities: Capabilities): string =>
  (Object.keys(needs) as (keyof Capabilities)[])
    .filter((name) => needs[name] !== capabilities[name])
    .map((name) => `it needs ${name}: ${String(needs[name])}`)
    .join(', ')

const runOne = async ({ run }: ContractCase, open: () => Promise<Opened>): Promise<void> => {
  const { ports, connect, discard } = await open()
  const connections = [ports]
  try {
    await run({
      ports,
      connect: async () => {
        if (connect === undefined) throw new Error('a driver with secondConnection opens with `connect`')
        const more = await connect()
        connections.push(more)
        return more
      },
    })
  } finally {
    for (const connection of connections) await connection.close()
    await discard?.()
  }
}

/** Hands each case of a suite to the test runner. */
export const runContract = (
  cases: readonly ContractCase[],
  { test, skip, open, capabilities }: ContractOptions,
): void => {
  for (const each of cases) {
    if (fits(each, capabilities)) test(each.name, () => runOne(each, open))
    else skip?.(each.name, reasonFor(each, capabilities))
  }
}
