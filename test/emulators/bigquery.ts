// The BigQuery emulator for tests: found, started on a free port behind its front, and stopped for good.
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { spawnBound } from './bound.ts'
import { openFront, type Front } from './bigquery-front.ts'

process.env['METADATA_SERVER_DETECTION'] = 'none'

export const bigQueryProject = 'dreampipe'
const binary = fileURLToPath(new URL('../../.emulators/bigquery-emulator', import.meta.url))

/** Where the emulator is, `undefined` with the reason where it is not to be used. */
export const findBigQuery = ():
  { readonly at: string } | { readonly at: undefined; readonly missing: string } => {
  const wanted = process.env['DREAMPIPE_EMULATORS']
  if (wanted === 'off') return { at: undefined, missing: 'DREAMPIPE_EMULATORS=off leaves the emulators out' }
  const host = process.env['BIGQUERY_EMULATOR_HOST']
  if (host !== undefined && host !== '') return { at: /^https?:/.test(host) ? host : `http://${host}` }
  if (existsSync(binary)) return { at: binary }
  const missing = 'the BigQuery emulator is missing: run npm run emulators'
  if (wanted === 'required') throw new Error(missing)
  return { at: undefined, missing }
}

export interface RunningBigQuery {
  readonly front: Front
  readonly stop: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const ready = async (base: string, child: ChildProcess): Promise<void> => {
  const end = performance.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the BigQuery emulator ended with ${child.exitCode}`)
    const answered = await fetch(`${base}/projects/${bigQueryProject}/datasets`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (answered) return
    if (performance.now() > end) throw new Error('the BigQuery emulator is not ready after 30 s')
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

interface Started {
  readonly base: string
  readonly stop: () => Promise<void>
}

// A port that was free may be taken by now: another one then.
const start = async (): Promise<Started> => {
  for (let left = 5; ; left--) {
    try {
      return await startOnce()
    } catch (thrown) {
      if (left === 0) throw thrown
    }
  }
}

const startOnce = async (): Promise<Started> => {
  const [port, grpc] = [await freePort(), await freePort()]
  // A group of its own, so that nothing of it stays behind.
  // Its garbage collector frees table functions that are still in use, and the next query that reads one ends
  // the process: it must not collect.
  const env = { ...process.env, GOGC: 'off', GOMEMLIMIT: process.env['BIGQUERY_EMULATOR_MEMORY'] ?? '4GiB' }
  const child = spawnBound(
    binary,
    [
      `--project=${bigQueryProject}`,
      '--host=127.0.0.1',
      `--port=${port}`,
      `--grpc-port=${grpc}`,
      '--log-level=error',
    ],
    { env, complains: process.env['BQ_LOG'] !== undefined },
  )
  const kill = (): void => {
    try {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.removeListener('exit', kill)
  }
  const base = `http://127.0.0.1:${port}`
  try {
    await ready(base, child)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { base, stop }
}

/** Starts what `findBigQuery` found; the front's `endpoint` is the client's `apiEndpoint`. */
export const startBigQuery = async (at: string): Promise<RunningBigQuery> => {
  const emulator = at === binary ? await start() : { base: at, stop: async () => undefined }
  // The client would prefer the variable to the endpoint that it is given.
  delete process.env['BIGQUERY_EMULATOR_HOST']
  const front = await openFront(emulator.base, bigQueryProject)
  return {
    front,
    stop: async () => {
      await front.close()
      await emulator.stop()
    },
  }
}
