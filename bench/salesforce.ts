// Benchmarks of the Salesforce extractor: 200,000 records of 8 and of 51 fields, beside plain fetch and
// jsforce on the same server. `--json` prints one object a line.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Measured {
  readonly records: number
  readonly seconds: number
  readonly megabytes: number
}
interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly ratio: number
  readonly goal: string
  readonly ok: boolean
}

const asJson = process.argv.includes('--json')
const count = Number(process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? 200_000)
const rows: Row[] = []
const round = (n: number): number => (n >= 100 ? Math.round(n) : Math.round(n * 100) / 100)
const report = (
  name: string,
  value: number,
  unit: string,
  floor: number,
  ratio: number,
  goal: string,
  isOk: (ratio: number) => boolean,
): void => {
  const row = {
    name,
    value: round(value),
    unit,
    floor: round(floor),
    ratio: round(ratio),
    goal,
    ok: isOk(ratio),
  }
  rows.push(row)
  console.log(
    asJson
      ? JSON.stringify(row)
      : `${row.ok ? 'ok  ' : 'MISS'} ${name.padEnd(58)} ${String(row.value).padStart(9)} ` +
          `${unit.padEnd(9)} floor ${String(row.floor).padStart(9)}  ratio ` +
          `${String(row.ratio).padStart(5)}  goal ${goal}`,
  )
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
// Clients speak to the loopback, whatever the shell's proxy is: jsforce knows no exceptions.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^https?_proxy$/i.test(name)))

const server = spawn(
  process.execPath,
  [
    '--conditions=@dreampipe/source',
    '--max-old-space-size=8000',
    script('salesforce-server.ts'),
    String(count),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'], env },
)
const { url, token } = JSON.parse(
  await new Promise<string>((resolve) => {
    server.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()))
  }),
) as { readonly url: string; readonly token: string }

const once = (way: string, object: string): Promise<Measured | string> =>
  new Promise((resolve) => {
    const client = spawn(
      process.execPath,
      ['--conditions=@dreampipe/source', script('salesforce-client.ts'), way, url, token, object],
      { stdio: ['ignore', 'pipe', 'pipe'], env },
    )
    let [out, err] = ['', '']
    client.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString()
    })
    client.stderr.on('data', (bytes: Buffer) => {
      err += bytes.toString()
    })
    client.on('close', () => {
      try {
        resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '') as Measured)
      } catch {
        resolve(
          err
            .trim()
            .split('\n')
            .find((line) => /Error/.test(line)) ?? 'no answer',
        )
      }
    })
  })

type Way = 'fetch' | 'rest' | 'jsforce query' | 'bulk' | 'jsforce bulk2.query'
const ways: readonly Way[] = ['fetch', 'rest', 'jsforce query', 'bulk', 'jsforce bulk2.query']

// Every way in turn, eight times, the slow ones of jsforce four: the first time renders the server's pages. A
// neighbour's load falls on all of a round alike.
const rounds = async (object: string): Promise<readonly Map<Way, Measured>[]> => {
  const all: Map<Way, Measured>[] = []
  const failed = new Set<Way>()
  for (let n = 0; n < 8; n++) {
    const round = new Map<Way, Measured>()
    for (const way of ways) {
      if (failed.has(way) || (n >= 4 && way.startsWith('jsforce'))) continue
      const run = await once(way, object)
      if (typeof run !== 'string' && run.records === count) round.set(way, run)
      else {
        failed.add(way)
        const told = typeof run === 'string' ? run : `${run.records} records of ${count}`
        const name = `${way}, ${object}`
        console.log(asJson ? JSON.stringify({ name, failed: run }) : `     ${name}: ${told}`)
      }
    }
    if (n > 0) all.push(round)
  }
  return all
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

for (const [object, fields] of [
  ['Narrow__c', 8],
  ['Wide__c', 51],
] as const) {
  const measured = await rounds(object)
  // The medians of the rounds (seven, three with jsforce), and the median of the rounds' own ratios.
  const against = (
    name: string,
    way: Way,
    floor: Way,
    what: 'records/s' | 'MB',
    goal: string,
    isOk: (ratio: number) => boolean,
  ): void => {
    const of = ({ records, seconds, megabytes }: Measured): number =>
      what === 'MB' ? megabytes : records / seconds
    const pairs = measured.flatMap((round) => {
      const [ours, theirs] = [round.get(way), round.get(floor)]
      return ours === undefined || theirs === undefined ? [] : [[of(ours), of(theirs)] as const]
    })
    if (pairs.length > 0)
      report(
        name,
        median(pairs.map(([ours]) => ours)),
        what,
        median(pairs.map(([, theirs]) => theirs)),
        median(pairs.map(([ours, theirs]) => ours / theirs)),
        goal,
        isOk,
      )
  }
  const told = 'told, no goal'
  against(
    `REST, ${fields} fields`,
    'rest',
    'fetch',
    'records/s',
    '≥ 0.7 × plain fetch',
    (ratio) => ratio >= 0.7,
  )
  against(
    `REST, ${fields} fields: resident memory`,
    'rest',
    'fetch',
    'MB',
    '≤ 1.3 × plain fetch',
    (ratio) => ratio <= 1.3,
  )
  against(
    `REST, ${fields} fields, against jsforce's query`,
    'rest',
    'jsforce query',
    'records/s',
    told,
    () => true,
  )
  against(
    `REST, ${fields} fields, against jsforce's query: resident memory`,
    'rest',
    'jsforce query',
    'MB',
    told,
    () => true,
  )
  against(
    `Bulk, ${fields} fields, against jsforce's bulk2.query (one page)`,
    'bulk',
    'jsforce bulk2.query',
    'records/s',
    '≥ 5 × bulk2.query',
    (ratio) => ratio >= 5,
  )
  against(
    `Bulk, ${fields} fields, against bulk2.query: resident memory`,
    'bulk',
    'jsforce bulk2.query',
    'MB',
    told,
    () => true,
  )
  against(
    `Bulk, ${fields} fields: resident memory, against plain fetch by REST`,
    'bulk',
    'fetch',
    'MB',
    '≤ 1.3 ×: flat',
    (ratio) => ratio <= 1.3,
  )
}
// The whole way: into the embedded pipeline, both projections on; verify must find nothing wrong.
for (const via of ['rest', 'bulk'] as const) {
  const ran = spawnSync(
    process.execPath,
    ['--conditions=@dreampipe/source', script('salesforce-pipeline.ts'), url, token, via],
    { encoding: 'utf8', env },
  )
  const { records, seconds, settled, wrong } = JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '{}') as {
    readonly records: number
    readonly seconds: number
    readonly settled: number
    readonly wrong: number
  }
  report(
    `end to end by ${via}, stored (projected at ${Math.round(records / settled)}/s, ${wrong} wrong)`,
    records / seconds,
    'records/s',
    10_000,
    records / seconds / 10_000,
    '≥ 10,000/s',
    (ratio) => ratio >= 1 && wrong === 0 && records === count,
  )
}
server.stdin.end()
if (!asJson)
  console.log(
    rows.every(({ ok }) => ok)
      ? '\nevery goal is met'
      : `\n${rows.filter(({ ok }) => !ok).length} goals are missed`,
  )
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
