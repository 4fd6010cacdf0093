// Benchmarks of the Salesforce extractor: 200,000 records of 8 and of 51 fields, beside plain fetch and jsforce on the same server. `--json` prints one object a line.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Measured { readonly records: number; readonly seconds: number; readonly megabytes: number }
interface Row { readonly name: string; readonly value: number; readonly unit: string; readonly floor: number; readonly ratio: number; readonly goal: string; readonly ok: boolean }

const asJson = process.argv.includes('--json')
const count = Number(process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? 200_000)
const rows: Row[] = []
const round = (n: number): number => (n >= 100 ? Math.round(n) : Math.round(n * 100) / 100)
const report = (name: string, value: number, unit: string, floor: number, goal: string, isOk: (ratio: number) => boolean): void => {
  const ratio = value / floor
  const row = { name, value: round(value), unit, floor: round(floor), ratio: round(ratio), goal, ok: isOk(ratio) }
  rows.push(row)
  console.log(asJson ? JSON.stringify(row) : `${row.ok ? 'ok  ' : 'MISS'} ${name.padEnd(58)} ${String(row.value).padStart(9)} ${unit.padEnd(9)} floor ${String(row.floor).padStart(9)}  ratio ${String(row.ratio).padStart(5)}  goal ${goal}`)
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
// Clients speak to the loopback, whatever the shell's proxy is: jsforce knows no exceptions.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^https?_proxy$/i.test(name)))

const server = spawn(process.execPath, ['--conditions=@dreampipe/source', '--max-old-space-size=8000', script('salesforce-server.ts'), String(count)], { stdio: ['pipe', 'pipe', 'inherit'], env })
const { url, token } = JSON.parse(await new Promise<string>((resolve) => { server.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString())) })) as { readonly url: string; readonly token: string }

const once = (way: string, object: string): Promise<Measured | string> => new Promise((resolve) => {
  const client = spawn(process.execPath, ['--conditions=@dreampipe/source', script('salesforce-client.ts'), way, url, token, object], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let [out, err] = ['', '']
  client.stdout.on('data', (bytes: Buffer) => { out += bytes.toString() })
  client.stderr.on('data', (bytes: Buffer) => { err += bytes.toString() })
  client.on('close', () => { try { resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '') as Measured) } catch { resolve(err.trim().split('\n').find((line) => /Error/.test(line)) ?? 'no answer') } })
})

// The first time renders the server's pages; of the other three, the median.
const measured = async (way: string, object: string): Promise<Measured & { readonly rate: number } | undefined> => {
  const runs: Measured[] = []
  for (let n = 0; n < 4; n++) {
    const run = await once(way, object)
    if (typeof run === 'string' || run.records !== count) {
      console.log(asJson ? JSON.stringify({ name: `${way}, ${object}`, failed: run }) : `     ${way}, ${object}: ${typeof run === 'string' ? run : `${run.records} records of ${count}`}`)
      return undefined
    }
    if (n > 0) runs.push(run)
  }
  const [, median] = runs.toSorted((a, b) => a.seconds - b.seconds)
  return median === undefined ? undefined : { ...median, rate: median.records / median.seconds, megabytes: Math.max(...runs.map(({ megabytes }) => megabytes)) }
}

for (const [object, fields] of [['Narrow__c', 8], ['Wide__c', 51]] as const) {
  const [floor, rest, query, bulk, bulk2] = [await measured('fetch', object), await measured('rest', object), await measured('jsforce query', object), await measured('bulk', object), await measured('jsforce bulk2.query', object)]
  const at = `${fields} fields`
  if (floor !== undefined && rest !== undefined) {
    report(`REST, ${at}`, rest.rate, 'records/s', floor.rate, '≥ 0.7 × plain fetch', (ratio) => ratio >= 0.7)
    report(`REST, ${at}: resident memory`, rest.megabytes, 'MB', floor.megabytes, '≤ 1.3 × plain fetch', (ratio) => ratio <= 1.3)
    if (query !== undefined) {
      report(`REST, ${at}, against jsforce's query`, rest.rate, 'records/s', query.rate, 'told, no goal', () => true)
      report(`REST, ${at}, against jsforce's query: resident memory`, rest.megabytes, 'MB', query.megabytes, 'told, no goal', () => true)
    }
  }
  if (bulk !== undefined && bulk2 !== undefined) {
    report(`Bulk, ${at}, against jsforce's bulk2.query (one page)`, bulk.rate, 'records/s', bulk2.rate, '≥ 5 × bulk2.query', (ratio) => ratio >= 5)
    report(`Bulk, ${at}, against bulk2.query: resident memory`, bulk.megabytes, 'MB', bulk2.megabytes, 'told, no goal', () => true)
  }
  if (bulk !== undefined && floor !== undefined) report(`Bulk, ${at}: resident memory, against plain fetch by REST`, bulk.megabytes, 'MB', floor.megabytes, '≤ 1.3 ×: flat', (ratio) => ratio <= 1.3)
}
server.stdin.end()
if (!asJson) console.log(rows.every(({ ok }) => ok) ? '\nevery goal is met' : `\n${rows.filter(({ ok }) => !ok).length} goals are missed`)
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
