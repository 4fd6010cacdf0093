// The registry of .gov domains through the pipeline: a real change log, and a few plain lines that replay it
// for comparison.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { createPipeline, entity, type EntityPropertyValue, type Yadto } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { startCloud } from './emulated.ts'

type Fields = { readonly [field: string]: string | null }
interface Change {
  readonly at: string
  readonly op: 'insert' | 'update' | 'delete'
  readonly id: string
  readonly doc?: Fields
  readonly set?: Fields
}

const [file, ...flags] = process.argv.slice(2)
if (file === undefined) {
  console.log(
    'usage: npm run bench:dotgov -- FILE [--partial] [--kills N] [--changes N] [--google-cloud]   ' +
      '(dotgov-changes.ndjson.gz, one change a line; --google-cloud: on the emulators)',
  )
  process.exit(2)
}
const partial = flags.includes('--partial')
const after = (flag: string): string | undefined =>
  flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined
const all = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')
const changes = all
  .slice(0, Number(after('--changes') ?? all.length))
  .map((line) => JSON.parse(line) as Change)

const Domain = entity('Domain', {
  identifier: ['domain'],
  timestamp: 'at',
  updates: partial ? 'partial' : 'full',
})
const text = (value: string): EntityPropertyValue => ({ propertyType: 'String', value })
const at = (value: string): EntityPropertyValue => ({ propertyType: 'DateTime', value })

// The plain replay: the last document of each domain, and what each change makes of it.
const replayed = function* (
  until = '9999',
): Generator<{ readonly change: Change; readonly doc: Map<string, string> | undefined }> {
  const docs = new Map<string, Map<string, string>>()
  for (const change of changes) {
    if (Date.parse(change.at) > Date.parse(until)) continue
    if (change.op === 'delete') docs.delete(change.id)
    else {
      const doc = change.op === 'insert' ? new Map<string, string>() : new Map(docs.get(change.id))
      for (const [field, value] of Object.entries(change.doc ?? change.set ?? {})) {
        if (value === null) doc.delete(field)
        else doc.set(field, value)
      }
      docs.set(change.id, doc)
    }
    yield { change, doc: docs.get(change.id) }
  }
}

const stateAt = (until: string): Map<string, Map<string, string>> => {
  const state = new Map<string, Map<string, string>>()
  for (const { change, doc } of replayed(until)) {
    if (doc === undefined) state.delete(change.id)
    else state.set(change.id, doc)
  }
  return state
}

// Whole documents, or (partial) only the fields that changed; there a field that went away is a null.
const updates = function* (): Generator<{ entity: 'Domain'; yadto: Yadto }> {
  for (const { change, doc } of replayed()) {
    const fields = partial ? Object.entries(change.doc ?? change.set ?? {}) : [...(doc ?? [])]
    const meta = { domain: text(change.id), at: at(change.at), eventSource: text('dotgov') }
    yield {
      entity: 'Domain',
      yadto:
        doc === undefined
          ? { ...meta, eventOperation: text('delete') }
          : {
              ...Object.fromEntries(fields.map(([field, value]) => [field, text(value as string)])),
              ...meta,
            },
    }
  }
}

let failures = 0
const check = (what: string, ours: unknown, plain: unknown): void => {
  const same = JSON.stringify(ours) === JSON.stringify(plain)
  if (!same) failures++
  console.log(
    `${same ? 'agrees' : 'DIFFERS'}  ${what}: ` +
      `${JSON.stringify(ours)}${same ? '' : `, plain replay: ${JSON.stringify(plain)}`}`,
  )
}

// Every change is new unless the same content of the same domain at the same instant came before.
const expected = (): { stored: number; duplicate: number } => {
  const seen = new Set<string>()
  let count = 0
  for (const { change, doc } of replayed()) {
    count++
    seen.add(
      JSON.stringify([
        change.id,
        Date.parse(change.at),
        doc === undefined
          ? 'delete'
          : partial
            ? Object.entries(change.doc ?? change.set ?? {}).sort()
            : [...doc].sort(),
      ]),
    )
  }
  return { stored: seen.size, duplicate: count - seen.size }
}

const given = after('--child')
const folder = given ?? mkdtempSync(join(tmpdir(), 'dreampipe-dotgov-'))

// A run that is killed somewhere, and begun again from the start: what was stored is a duplicate.
const killed = async (): Promise<void> => {
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      file,
      ...(partial ? ['--partial'] : []),
      '--child',
      folder,
    ],
    { stdio: 'ignore' },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000 + Math.random() * 5000)
  await new Promise((resolve) => {
    child.once('close', resolve)
  })
  clearTimeout(timer)
}
const kills = Number(after('--kills') ?? 0)
for (let i = 0; i < kills; i++) await killed()
if (kills > 0) console.log(`killed ${kills} times`)

const cloud = flags.includes('--google-cloud') ? await startCloud() : undefined
const pipeline = createPipeline([Domain], { driver: cloud?.driver ?? embedded({ folder }) })
await pipeline.start()
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`
let start = performance.now()
const first = await pipeline.submitAll(updates())
console.log(`first run: ${JSON.stringify(first)} in ${seconds(start)}`)
await pipeline.settled(undefined, { timeout: 300_000 })
console.log(`both projections hold it after ${seconds(start)}`)
if (given !== undefined) process.exit(0)
if (kills === 0) check('receipts', { stored: first.stored, duplicate: first.duplicate }, expected())
check('events', (await pipeline.sql('SELECT count(*) AS n FROM Domain_events'))[0]?.['n'], expected().stored)

const live = stateAt('9999')
check('live domains, by SQL', (await pipeline.sql('SELECT count(*) AS n FROM Domain'))[0]?.['n'], live.size)
let found = 0
for (let cursor: string | undefined; ;) {
  const page = await pipeline.find(Domain, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
  found += page.items.length
  if (page.next === undefined) break
  cursor = page.next
}
check('live domains, by view', found, live.size)

const instants = [
  '2016-12-31T00:00:00Z',
  '2019-07-01T00:00:00Z',
  '2024-02-28T20:00:00Z',
  '2024-03-06T18:00:00Z',
  '2025-09-24T12:00:00Z',
  '2026-08-01T00:00:00Z',
]
// BigQuery's emulator frees table functions that are in use once it has worked for long: asked for the past
// by SQL it would end.
const asksPast = cloud === undefined || changes.length <= 1_000
if (!asksPast)
  console.log("not asked by SQL, for the emulator's sake: states as of an instant; single domains are")
for (const instant of instants) {
  const then = stateAt(instant)
  if (asksPast)
    check(
      `domains as of ${instant}`,
      (await pipeline.sql('SELECT count(*) AS n FROM Domain_as_of($at)', { at: instant }))[0]?.['n'],
      then.size,
    )
  const states = !asksPast
    ? undefined
    : await pipeline.sql<{ state: string; n: number }>(
        "SELECT state, count(*) AS n FROM Domain_as_of($at) WHERE state IN ('CA', 'TX') GROUP BY state " +
          'ORDER BY state',
        { at: instant },
      )
  if (states !== undefined)
    check(
      `  in CA and TX`,
      states.map(({ state, n }) => [state, n]),
      ['CA', 'TX']
        .map((state) => [state, [...then.values()].filter((doc) => doc.get('state') === state).length])
        .filter(([, n]) => n !== 0),
    )
  const sample = [...live.keys()].filter((_, i) => i % 997 === 0)
  const ours: unknown[] = []
  for (const domain of sample) {
    const past = await pipeline.asOf(Domain, { domain }, instant)
    ours.push(
      past === undefined
        ? null
        : Object.entries(past)
            .filter(([field, value]) => field !== 'at' && value !== null)
            .sort(),
    )
  }
  const plain = sample.map((domain) => {
    const doc = then.get(domain)
    return doc === undefined ? null : [...new Map([...doc, ['domain', domain]])].sort()
  })
  check(
    `  state of ${sample.length} single domains as of ${instant}`,
    JSON.stringify(ours).length,
    JSON.stringify(plain).length,
  )
  if (JSON.stringify(ours) !== JSON.stringify(plain)) check('  (content)', ours, plain)
}
start = performance.now()
const second = await pipeline.submitAll(updates())
console.log(`second run: ${JSON.stringify(second)} in ${seconds(start)}`)
check('stored by the second run', second.stored, 0)
const proof = await pipeline.verify(Domain)
for (const [name, { pending, missing, surplus, different }] of Object.entries(proof))
  check(
    `verify ${name}`,
    { pending, missing, surplus, different },
    { pending: 0, missing: 0, surplus: 0, different: 0 },
  )
console.log(`resident memory ${Math.round(process.memoryUsage.rss() / 1e6)} MB`)
await pipeline.close()
await cloud?.stop()
rmSync(folder, { recursive: true, force: true })
console.log(failures === 0 ? 'everything agrees' : `${failures} differ`)
process.exit(failures === 0 ? 0 : 1)
