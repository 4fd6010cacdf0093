// Benchmarks of the embedded pipeline: each figure beside a floor measured in the same run. `--json` prints
// one object a line.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createPipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { floorAppend, floorRows, floorViews } from './floor.ts'
import { Bench, columnsOf, samples, updateOf } from './sample.ts'

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
const only = process.argv.slice(2).find((arg) => !arg.startsWith('--'))
const rows: Row[] = []
const round = (n: number): number => (n >= 100 ? Math.round(n) : Math.round(n * 100) / 100)

const report = (
  name: string,
  value: number,
  unit: string,
  floor: number,
  ratio: number,
  goal: string,
  ok: boolean,
): void => {
  const row = { name, value: round(value), unit, floor: round(floor), ratio: round(ratio), goal, ok }
  rows.push(row)
  console.log(
    asJson
      ? JSON.stringify(row)
      : `${ok ? 'ok  ' : 'MISS'} ${name.padEnd(58)} ${String(row.value).padStart(9)} ${unit.padEnd(9)} ` +
          `floor ${String(row.floor).padStart(9)}  ratio ${String(row.ratio).padStart(5)}  goal ${goal}`,
  )
}

const inFolder = async <A>(work: (folder: string) => Promise<A> | A): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const seconds = async (work: () => Promise<unknown> | unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const open = (folder: string) => createPipeline([Bench], { driver: embedded({ folder }) })
const count = 60_000
const entities = 20_000
const all = samples(count, entities)
const updates = all.map(updateOf)
const wanted = (name: string): boolean => only === undefined || name.includes(only)

const ingest = async (): Promise<void> =>
  inFolder(async (folder) => {
    const floor = await seconds(() => floorAppend(folder, all, 500))
    const pipeline = open(folder)
    const ours = await seconds(() => pipeline.submitAll(updates))
    report(
      'submitAll, new updates',
      count / ours,
      'updates/s',
      count / floor,
      floor / ours,
      '≥ 0.5 × floor',
      floor / ours >= 0.5,
    )
    const again = await seconds(() => pipeline.submitAll(updates))
    report(
      'exact redeliveries',
      count / again,
      'updates/s',
      count / ours,
      ours / again,
      '≥ 1.5 × new',
      ours / again >= 1.5,
    )
    await pipeline.close()
  })

const awaited = async (): Promise<void> => {
  const few = all.slice(0, 8_000)
  const floor = await inFolder((folder) => seconds(() => floorAppend(folder, few, 1)))
  await inFolder(async (folder) => {
    const pipeline = open(folder)
    let next = 0
    const ours = await seconds(() =>
      Promise.all(
        Array.from({ length: 32 }, async () => {
          for (let i = next++; i < few.length; i = next++)
            await pipeline.submit(updates[i] as (typeof updates)[number])
        }),
      ),
    )
    await pipeline.close()
    report(
      'submit awaited, 32 in flight',
      few.length / ours,
      'updates/s',
      few.length / floor,
      floor / ours,
      '≥ 2.5 × floor at one a transaction',
      floor / ours >= 2.5,
    )
  })
}

const endToEnd = async (): Promise<void> =>
  inFolder(async (folder) => {
    const floor = await seconds(async () => {
      floorAppend(folder, all, 500)
      floorViews(folder, 1000)
      await floorRows(folder, 1000, columnsOf())
    })
    const pipeline = open(folder)
    await pipeline.start()
    const ours = await seconds(async () => {
      await pipeline.submitAll(updates)
      await pipeline.settled(undefined, { timeout: 600_000 })
    })
    report(
      'end to end, until both projections hold it',
      count / ours,
      'updates/s',
      count / floor,
      floor / ours,
      '≥ 0.5 × floor in sequence',
      floor / ours >= 0.5,
    )
    const views = await seconds(() => floorViews(folder, 1000))
    const rebuilt = await seconds(() => pipeline.rebuild(Bench, { target: 'views' }))
    report(
      'rebuild of views',
      count / rebuilt,
      'events/s',
      count / views,
      views / rebuilt,
      '≥ 0.4 × floor',
      views / rebuilt >= 0.4,
    )
    const proof = await pipeline.verify(Bench)
    const bad = [proof.views, proof.queryEngine].reduce(
      (sum, { pending, missing, surplus, different }) => sum + pending + missing + surplus + different,
      0,
    )
    report('verify: not zero', bad, 'findings', 0, 0, '0', bad === 0)
    await pipeline.close()
  })

const latency = async (): Promise<void> =>
  inFolder(async (folder) => {
    const pipeline = open(folder)
    await pipeline.start()
    const lags: number[] = []
    const start = performance.now()
    const total = 2_500
    await Promise.all(
      Array.from({ length: total }, async (_, i) => {
        await new Promise((resolve) => {
          setTimeout(resolve, i * 2)
        })
        const receipt = await pipeline.submit(updates[i] as (typeof updates)[number])
        const stored = performance.now()
        for (;;) {
          const held = await pipeline.current(Bench, { id: (all[i] as { id: string }).id })
          if (held !== undefined && String(held['at']) >= receipt.occurredAt) break
          await new Promise((resolve) => {
            setImmediate(resolve)
          })
        }
        lags.push(performance.now() - stored)
      }),
    )
    lags.sort((a, b) => a - b)
    const p99 = lags[Math.floor(lags.length * 0.99)] as number
    report(
      `lag from receipt to view at ${Math.round(total / ((performance.now() - start) / 1000))}/s, p99`,
      p99,
      'ms',
      50,
      p99 / 50,
      '≤ 50 ms',
      p99 <= 50,
    )
    await pipeline.close()
  })

const long = async (): Promise<void> =>
  inFolder(async (folder) => {
    const pipeline = open(folder)
    const of = (id: string, n: number) =>
      updateOf({
        id,
        at: '',
        yadto: {
          ...(all[n % count] as { yadto: object }).yadto,
          id: { propertyType: 'String', value: id },
          at: { propertyType: 'DateTime', value: new Date(Date.UTC(2020, 0, 1) + n * 1000).toISOString() },
        },
      })
    // Ten thousand events each: of a thousand entities, of a hundred, of ten, of one.
    for (const length of [10, 100, 1_000, 10_000])
      await pipeline.submitAll(
        (function* () {
          for (let e = 0; e < 10_000 / length; e++)
            for (let n = 0; n < length; n++) yield of(`h${length}-${e}`, n)
        })(),
      )
    const time = async (id: (n: number) => string, from: number): Promise<number> => {
      const each: number[] = []
      for (let round = 0; round < 7; round++)
        each.push(
          await seconds(() =>
            pipeline.submitAll(Array.from({ length: 500 }, (_, n) => of(id(n), from + round * 500 + n))),
          ),
        )
      return each.sort((a, b) => a - b)[3] as number
    }
    const short = await time((n) => `h10-${n}`, 20_000)
    for (const length of [100, 1_000, 10_000]) {
      const ours = await time((n) => `h${length}-${n % (10_000 / length)}`, 20_000)
      const [goal, ok] =
        length === 10_000
          ? (['≤ 1.2 × its cost at 10', ours / short <= 1.2] as const)
          : (['told, no goal', true] as const)
      report(
        `one more update: ${length.toLocaleString('en')} events of history against 10`,
        (ours / 500) * 1e6,
        'µs',
        (short / 500) * 1e6,
        ours / short,
        goal,
        ok,
      )
    }
    await pipeline.close()
  })

// How the cost of one update grows: with the number of entities, and with the properties it carries; each
// beside the floor on the same samples.
const scaling = async (): Promise<void> => {
  const cases: readonly (readonly [name: string, entities: number, properties: number, updates: number])[] = [
    ...[1_000, 10_000, 100_000, 1_000_000].map(
      (n) => [`${n.toLocaleString('en')} entities`, n, 5, 30_000] as const,
    ),
    ...[5, 20, 50, 200].map((n) => [`${n} properties`, 10_000, n, Math.round(60_000 / n)] as const),
  ]
  for (const [name, entities, properties, size] of cases) {
    await inFolder(async (folder) => {
      const some = samples(size, entities, properties)
      const floor = await seconds(() => floorAppend(folder, some, 500))
      const pipeline = open(folder)
      const ours = await seconds(() => pipeline.submitAll(some.map(updateOf)))
      await pipeline.close()
      report(
        `scaling: cost of an update, ${name}`,
        (ours / size) * 1e6,
        'µs',
        (floor / size) * 1e6,
        floor / ours,
        'told, no goal',
        true,
      )
    })
  }
}

const memory = async (): Promise<void> => {
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

const importing = (): void => {
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
