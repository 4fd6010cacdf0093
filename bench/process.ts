// What the process costs: memory over a million updates, and the import of the built package.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { asJson, report } from './report.ts'

export const memory = async (): Promise<void> => {
  const script = fileURLToPath(new URL('memory.ts', import.meta.url))
  const ran = spawnSync(process.execPath, ['--conditions=@dreampipe/source', script], { encoding: 'utf8' })
  const { peak, growth } = JSON.parse(ran.stdout.trim().split('\n').pop() ?? '{}') as {
    peak: number
    growth: number
  }
  report(
    'a million updates, both projections: resident memory',
    peak,
    'MB',
    450,
    peak / 450,
    '≤ 450 MB',
    peak <= 450,
  )
  report('  growth over the second half', growth, '%', 10, growth / 10, '≤ 10 %', growth <= 10)
}

export const importing = (): void => {
  const code =
    "const t = performance.now(); await import('dreampipe'); console.log(performance.now() - t, " +
    'process.moduleLoadList.some((m) => /sqlite/.test(m)))'
  const ran = Array.from({ length: 5 }, () =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    }),
  )
  if (ran.some(({ status }) => status !== 0))
    return console.log(
      asJson
        ? JSON.stringify({ name: 'import', failed: 'not built' })
        : '     import of the built dreampipe: not measured, there is no build (npm run build)',
    )
  const times = ran.map(({ stdout }) => Number(stdout.split(' ')[0]))
  const best = times.sort((a, b) => a - b)[2] as number
  report('import of the built dreampipe, median of 5', best, 'ms', 60, best / 60, '≤ 60 ms', best <= 60)
}
