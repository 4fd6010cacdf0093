// Real child processes for tests: started on the sources, spoken to by lines, ended with the test.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/**
 * Whether Node runs `await using` as it stands in the examples and the README; from 24 on. Says so where not.
 */
export const runsUsing = (suite: string): boolean => {
  const runs = Number(process.versions.node.split('.')[0]) >= 24
  if (!runs) console.log(`not run: ${suite}: 'await using' needs Node 24, this is ${process.version}`)
  return runs
}

const root = fileURLToPath(new URL('..', import.meta.url))

export interface Child {
  readonly process: ChildProcess
  /** The next line that it prints; rejects where it ends instead, with what it said on stderr. */
  readonly line: () => Promise<string>
  readonly send: (text: string) => void
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
}

/** Runs a TypeScript file of this repository in a process of its own. */
export const child = (
  file: string,
  args: readonly string[],
  cwd = root,
  variables: { readonly [name: string]: string } = {},
): Child => {
  const started = spawn(process.execPath, ['--conditions=@dreampipe/source', `${root}${file}`, ...args], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  started.stderr.on('data', (text) => {
    complaint += String(text)
  })
  started.stdin.on('error', () => undefined)
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | string | null>((resolve) => {
    started.once('close', (code, signal) => resolve(code ?? signal))
  })
  onTestFinished(async () => {
    started.kill('SIGKILL')
    await ended
  })
  return {
    process: started,
    ended,
    line: async () => {
      const next = await lines.next()
      if (next.done === true) throw new Error(`${file} ended with ${await ended}: ${complaint}`)
      return next.value
    },
    send: (text) => void started.stdin.write(`${text}\n`),
  }
}

/** Runs a file to its end: what it printed, and its exit code. */
export const runToEnd = async (
  file: string,
  args: readonly string[],
  cwd = root,
  variables: { readonly [name: string]: string } = {},
): Promise<{
  readonly code: number | string | null
  readonly output: string
  readonly complaint: string
}> => {
  const started = spawn(process.execPath, ['--conditions=@dreampipe/source', `${root}${file}`, ...args], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let complaint = ''
  started.stdout.on('data', (text) => {
    output += String(text)
  })
  started.stderr.on('data', (text) => {
    complaint += String(text)
  })
  const code = await new Promise<number | string | null>((resolve) => {
    started.once('close', (status, signal) => resolve(status ?? signal))
  })
  return { code, output, complaint }
}
