// Benches of the embedded driver: fresh ports for contract suites, folders and other processes for tests of
// its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { embedded } from '../../src/drivers/embedded/driver.ts'
import type { Ports } from '../../src/ports/driver.ts'
import { range, right } from '../../src/testing/check.ts'
import type { Capabilities, Opened } from '../../src/testing/contract.ts'
import { candidate, integer, storedEvent } from '../../src/testing/samples.ts'

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'dreampipe-embedded-'))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

export const openFolder = (folder: string): Promise<Ports> => right(embedded({ folder }).open())

/** Runs with a temporary folder and removes it. */
export const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = temporaryFolder()
  try {
    await work(folder)
  } finally {
    removeFolder(folder)
  }
}

// Handles are shared per process and folder; hiding them gives a connection of its own, as another process
// has one.
const key = Symbol.for('dreampipe.handles')

/**
 * A connection on a folder that shares nothing with the others but the files. Its query engine must stay
 * closed: DuckDB loses rows of a file that is open twice in a process.
 */
const openApart = async (folder: string): Promise<Ports> => {
  const hidden = Reflect.get(globalThis, key) as unknown
  Reflect.deleteProperty(globalThis, key)
  const opening = openFolder(folder)
  Reflect.set(globalThis, key, hidden)
  return opening
}

/** What the embedded driver has. */
export const capabilities: Capabilities = { secondConnection: true, log: true, storesPositions: true }

/**
 * Fresh ports in a temporary folder; `connect` gives connections apart, or such as share this process'
 * handle.
 */
export const folderBench = (apart: boolean) => async (): Promise<Opened> => {
  const folder = temporaryFolder()
  return {
    ports: await openFolder(folder),
    connect: () => (apart ? openApart(folder) : openFolder(folder)),
    discard: async () => removeFolder(folder),
  }
}

/** Fresh ports that keep nothing. */
export const memoryBench = async (): Promise<Opened> => ({ ports: await openFolder(':memory:') })

/** The same batch in every process: 30 entities of 10 events each. */
export const sharedBatch = range(1, 30).flatMap((id) =>
  range(1, 10).map((n) => candidate({ id: String(id), at: n, content: { n: integer(n) } })),
)

/** Another process on a folder, see embedded.child.ts. */
export interface Other {
  readonly pid: number
  /** The next line that it says; throws where it ends instead. */
  readonly says: () => Promise<string>
  readonly go: () => void
  readonly kill: () => Promise<void>
}

/** Starts a process; whatever becomes of the work, it is gone afterwards. */
export const withOther = async <A>(
  mode: 'append' | 'lock' | 'own',
  folder: string,
  work: (other: Other) => Promise<A>,
): Promise<A> => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('embedded.child.ts', import.meta.url)), mode, folder],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  const errors: string[] = []
  child.stderr.on('data', (text: Buffer) => errors.push(text.toString()))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  try {
    return await work({
      pid: child.pid as number,
      says: async () => {
        const { value, done } = await lines.next()
        if (done === true) throw new Error(`the process ${mode} ended: ${errors.join('')}`)
        return value
      },
      go: () => void child.stdin.write('go\n'),
      kill,
    })
  } finally {
    await kill()
  }
}

/** Five events, of as many leads. */
export const events = range(1, 5).map((n) =>
  storedEvent({ id: String(n), sequence: 1, at: n, content: { n: integer(n) } }),
)

/** Runs with a temporary folder and so many openings of it. */
export const inFolderWith = (
  connections: number,
  work: (folder: string, ...ports: Ports[]) => Promise<void>,
): Promise<void> =>
  inFolder(async (folder) => {
    const all: Ports[] = []
    for (const _ of range(1, connections)) all.push(await openFolder(folder))
    try {
      await work(folder, ...all)
    } finally {
      for (const { close } of all) await close()
    }
  })
