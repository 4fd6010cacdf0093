// Benchmarks of the embedded pipeline: each figure beside a floor measured in the same run. `--json` prints
// one object a line.
import { awaited, ingest, long, scaling } from './storing.ts'
import { endToEnd, latency } from './projecting.ts'
import { importing, memory } from './process.ts'
import { asJson, rows } from './report.ts'

const only = process.argv.slice(2).find((arg) => !arg.startsWith('--'))

const wanted = (name: string): boolean => only === undefined || name.includes(only)

if (wanted('ingest')) await ingest()
if (wanted('awaited')) await awaited()
if (wanted('history')) await long()
if (wanted('end')) await endToEnd()
if (wanted('latency')) await latency()
if (wanted('import')) importing()
if (wanted('scaling')) await scaling()
if (wanted('memory')) await memory()
if (!asJson)
  console.log(
    rows.every(({ ok }) => ok)
      ? '\nevery goal is met'
      : `\n${rows.filter(({ ok }) => !ok).length} goals are missed`,
  )
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
