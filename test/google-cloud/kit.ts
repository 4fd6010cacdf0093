// What the google-cloud tests share: emulators found or named as missing, and a project of its own for each
// test.
import { randomUUID } from 'node:crypto'
import { afterAll, onTestFinished } from 'vitest'
import { findBigQuery, startBigQuery } from '../emulators/bigquery.ts'
import type { Hosts } from './on-hosts.ts'
import { emulator, howToGet, type Emulator, type EmulatorName } from '../emulators/google.ts'

/**
 * Starts emulators for a file's tests; undefined where one is missing, which is printed. They end with the
 * file.
 */
export const servers = async <const N extends EmulatorName>(
  suite: string,
  ...names: readonly N[]
): Promise<{ readonly [E in N]: Emulator } | undefined> => {
  if (process.env['DREAMPIPE_EMULATORS'] === 'off') {
    console.log(`not run: ${suite} (DREAMPIPE_EMULATORS=off)`)
    return undefined
  }
  const started = await Promise.all(names.map(async (name) => [name, await emulator(name)] as const))
  afterAll(async () => void (await Promise.all(started.map(([, server]) => server?.stop()))))
  const missing = started.filter(([, server]) => server === undefined).map(([name]) => howToGet(name))
  if (missing.length > 0) {
    console.log(`not run: ${suite}: ${missing.join('; ')}`)
    return undefined
  }
  console.log(`run: ${suite} on ${names.map((name) => `the ${name} emulator`).join(', ')}`)
  return Object.fromEntries(started) as { readonly [E in N]: Emulator }
}

/** A project that nobody else uses. */
export const newProject = (): string => `p${randomUUID().slice(0, 12)}`

export { onHosts as onEmulators, type Hosts } from './on-hosts.ts'

/**
 * Everything: Datastore and Pub/Sub for a file, a BigQuery for each test (its emulator takes a name without a
 * dataset for any dataset's).
 */
export const warehouses = async (
  suite: string,
): Promise<(() => Promise<Hosts>) & { readonly found: boolean }> => {
  const warehouse = findBigQuery()
  if (warehouse.at === undefined) console.log(`not run: ${suite}: ${warehouse.missing}`)
  const found = warehouse.at === undefined ? undefined : await servers(suite, 'firestore', 'pubsub')
  const newHosts = async (): Promise<Hosts> => {
    const { front, stop } = await startBigQuery(warehouse.at as string)
    onTestFinished(stop)
    return {
      datastore: found?.firestore.host ?? '',
      pubsub: found?.pubsub.host ?? '',
      bigquery: front.endpoint,
    }
  }
  return Object.assign(newHosts, { found: found !== undefined })
}
