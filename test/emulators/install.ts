// Installs the emulators that tests run against into .emulators/: `npm run emulators`. Does nothing where
// they are there already.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../.emulators', import.meta.url))
const bigQuery = { module: 'github.com/goccy/bigquery-emulator', version: 'v0.8.1' }

const say = (text: string): void => console.log(`emulators: ${text}`)

const fail = (why: string): never => {
  console.error(`emulators: ${why}`)
  process.exit(1)
}

const run = (cwd: string, args: readonly string[], stdout: 'inherit' | 'pipe'): string => {
  const {
    status,
    error,
    stdout: text,
  } = spawnSync('go', args, { cwd, stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' })
  if (error !== undefined)
    fail(
      `go is needed to build the BigQuery emulator and cannot be run (${error.message}): install Go 1.25 ` +
        `or later, https://go.dev/dl`,
    )
  if (status !== 0) fail(`go ${args.join(' ')} ended with ${status}: its own words are above`)
  return text ?? ''
}

// What comes out of the module cache is read-only.
const makeWritable = (path: string): void => {
  const directory = statSync(path).isDirectory()
  chmodSync(path, directory ? 0o755 : 0o644)
  if (directory) for (const name of readdirSync(path)) makeWritable(join(path, name))
}

// `go install <module>@<version>` asks the module proxy for the list of all versions, which not every proxy
// gives: a module that requires the one is enough.
const installBigQuery = (): void => {
  const binary = join(folder, 'bigquery-emulator')
  const stamp = `${binary}.version`
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8') === bigQuery.version)
    return say(`BigQuery (${bigQuery.module} ${bigQuery.version}) is there`)
  const source = join(folder, 'bigquery-emulator.source')
  rmSync(source, { recursive: true, force: true })
  mkdirSync(join(source, 'require'), { recursive: true })
  writeFileSync(
    join(source, 'require', 'go.mod'),
    `module emulators\n\ngo 1.25\n\nrequire ${bigQuery.module} ${bigQuery.version}\n`,
  )
  say(`BigQuery: downloading ${bigQuery.module} ${bigQuery.version}`)
  const { Dir: downloaded } = JSON.parse(
    run(join(source, 'require'), ['mod', 'download', '-json', bigQuery.module], 'pipe'),
  ) as { readonly Dir: string }
  cpSync(downloaded, join(source, 'module'), { recursive: true })
  makeWritable(join(source, 'module'))
  say('BigQuery: building; the first time this takes some six minutes on two cores, and 7 GB of memory')
  run(join(source, 'module'), ['build', '-o', binary, './cmd/bigquery-emulator'], 'inherit')
  rmSync(source, { recursive: true, force: true })
  writeFileSync(stamp, bigQuery.version)
  say(`BigQuery: built ${binary}`)
}

mkdirSync(folder, { recursive: true })
installBigQuery()
