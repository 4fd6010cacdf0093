// How fast updates are stored: in batches, awaited one by one, onto long histories, and as their numbers
// and properties grow.
import { floorAppend } from './floor.ts'
import { report } from './report.ts'
import { all, count, inFolder, open, seconds, updates } from './measured.ts'
import { samples, updateOf } from './sample.ts'

export const ingest = async (): Promise<void> =>
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

export const awaited = async (): Promise<void> => {
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

export const long = async (): Promise<void> =>
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
export const scaling = async (): Promise<void> => {
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
