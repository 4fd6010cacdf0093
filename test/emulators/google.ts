// Google's official emulators for tests: found in the Cloud SDK or given by the environment, started on a
// free loopback port, ended with the run.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnBound } from './bound.ts'

// Otherwise the clients' first use asks a metadata server that only Google's machines have.
process.env['METADATA_SERVER_DETECTION'] = 'none'

export type EmulatorName = 'firestore' | 'datastore' | 'pubsub'

export interface Emulator {
  /** `127.0.0.1:port`. */
  readonly host: string
  readonly stop: () => Promise<void>
  /**
   * Ends it, waits for `meanwhile`, and starts it again on the same port. The legacy Datastore emulator keeps
   * its data on disk, the others lose it.
   */
  readonly restart: (meanwhile: () => Promise<void>) => Promise<void>
  /** Holds its process up while `meanwhile` runs: calls hang, nothing is lost. */
  readonly suspend: (meanwhile: () => Promise<void>) => Promise<void>
}

const given: { readonly [E in EmulatorName]: string } = {
  firestore: 'DATASTORE_EMULATOR_HOST',
  datastore: 'DATASTORE_LEGACY_EMULATOR_HOST',
  pubsub: 'PUBSUB_EMULATOR_HOST',
}
const packages: { readonly [E in EmulatorName]: string } = {
  firestore: 'google-cloud-cli-firestore-emulator',
  datastore: 'google-cloud-cli-datastore-emulator',
  pubsub: 'google-cloud-cli-pubsub-emulator',
}

const sdkRoot = (): string | undefined => {
  const asked = (): string => {
    try {
      return execFileSync('gcloud', ['info', '--format=value(installation.sdk_root)'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    } catch {
      return ''
    }
  }
  for (const find of [
    () => process.env['CLOUDSDK_ROOT_DIR'] ?? '',
    () => '/usr/lib/google-cloud-sdk',
    asked,
  ]) {
    const root = find()
    if (root !== '' && existsSync(join(root, 'platform'))) return root
  }
  return undefined
}

const hasJava = (): boolean => {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface Command {
  readonly file: string
  readonly args: (port: number, folder: string) => readonly string[]
}

const commandOf = (name: EmulatorName): Command | undefined => {
  const root = sdkRoot()
  if (root === undefined || !hasJava()) return undefined
  const platform = join(root, 'platform')
  const [pattern, args]: readonly [string, (file: string) => Command] =
    name === 'firestore'
      ? [
          'cloud-firestore-emulator/cloud-firestore-emulator.jar',
          (jar) => ({
            file: 'java',
            args: (port) => [
              '-Xmx512m',
              '-Duser.language=en',
              '-cp',
              jar,
              'com.google.cloud.datastore.emulator.firestore.CloudFirestore',
              '--host=127.0.0.1',
              `--port=${port}`,
              '--database-mode=datastore-mode',
            ],
          }),
        ]
      : name === 'pubsub'
        ? [
            'pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar',
            (jar) => ({
              file: 'java',
              args: (port) => ['-Xmx512m', '-jar', jar, '--host=127.0.0.1', `--port=${port}`],
            }),
          ]
        : [
            'cloud-datastore-emulator/cloud_datastore_emulator',
            (script) => ({
              file: script,
              args: (port, folder) => [
                'start',
                '--host=127.0.0.1',
                `--port=${port}`,
                '--consistency=1.0',
                '--store_index_configuration_on_disk=false',
                folder,
              ],
            }),
          ]
  const [file] = globSync(join(platform, pattern))
  return file === undefined ? undefined : args(file)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const answers = async (host: string): Promise<boolean> =>
  fetch(`http://${host}/`).then(
    ({ ok }) => ok,
    () => false,
  )

// Waits until it answers, or says why it never will.
const ready = async (host: string, hasEnded: () => boolean): Promise<void> => {
  const end = performance.now() + 60_000
  while (!(await answers(host))) {
    if (hasEnded() || performance.now() > end) throw new Error(`the emulator on ${host} does not answer`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

interface Launched {
  readonly stop: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void
}

const launch = async ({ file, args }: Command, port: number, folder: string): Promise<Launched> => {
  // A group of its own: the legacy emulator's script does not hand signals on.
  const started = spawnBound(file, args(port, folder))
  let over = false
  const ended = new Promise<void>((resolve) => {
    started.once('close', () => {
      over = true
      resolve()
    })
  })
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-(started.pid as number), signal)
    } catch {
      /* It is gone. */
    }
  }
  const kill = (): void => send('SIGKILL')
  process.once('exit', kill)
  await ready(`127.0.0.1:${port}`, () => over)
  return {
    signal: send,
    stop: async (signal) => {
      send(signal)
      await ended
      process.removeListener('exit', kill)
    },
  }
}

/** How to get an emulator that is not there. */
export const howToGet = (name: EmulatorName): string =>
  `the ${name} emulator is not here: install Java and ${packages[name]} (or set CLOUDSDK_ROOT_DIR, or ` +
  `${given[name]} to a running one)`

/**
 * An emulator, or undefined where none can be had. `DREAMPIPE_EMULATORS`: `off` leaves them out, `required`
 * makes a missing one a failure.
 */
export const emulator = async (name: EmulatorName): Promise<Emulator | undefined> => {
  const mode = process.env['DREAMPIPE_EMULATORS']
  if (mode === 'off') return undefined
  const host = process.env[given[name]]
  if (host !== undefined && host !== '')
    return {
      host,
      stop: async () => undefined,
      restart: (meanwhile) => meanwhile(),
      suspend: (meanwhile) => meanwhile(),
    }
  const command = commandOf(name)
  if (command === undefined) {
    if (mode === 'required') throw new Error(howToGet(name))
    return undefined
  }
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-emulator-'))
  let launched = await launch(command, port, folder)
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      await launched.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
    restart: async (meanwhile) => {
      await launched.stop('SIGTERM')
      await meanwhile()
      launched = await launch(command, port, folder)
    },
    suspend: async (meanwhile) => {
      launched.signal('SIGSTOP')
      await meanwhile()
      launched.signal('SIGCONT')
    },
  }
}
