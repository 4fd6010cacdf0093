// A rebuild that is not complete, or whose place another one took, says so and serves nothing.
import { expect, onTestFinished, test } from 'vitest'
import { createPipeline, isDreampipeError, type Driver } from 'dreampipe'
import type { Ports } from 'dreampipe/driver'
import { embedded } from 'dreampipe/embedded'
import { E, pipe, TE } from 'dreampipe/fp'
import { day, Lead, source } from './kit.ts'

/** The embedded driver with some of its ports changed. */
const changed = (change: (ports: Ports) => Partial<Ports>): Driver => {
  const driver = embedded({ folder: ':memory:' })
  return {
    ...driver,
    open: () =>
      pipe(
        driver.open(),
        TE.map((ports) => ({ ...ports, ...change(ports) })),
      ),
  }
}

const rebuilt = async (driver: Driver, target: 'views' | 'query-engine') => {
  const pipeline = createPipeline([Lead], { driver, observe: () => undefined })
  onTestFinished(() => pipeline.close())
  await pipeline.start()
  await pipeline.submitAll([1, 2, 3].map((id) => Lead.toUpdate({ id: `${id}`, at: day(id) }, source)))
  await pipeline.settled()
  const failed: unknown = await pipeline.rebuild(Lead, { target }).catch((error: unknown) => error)
  return { failed, serves: await pipeline.sql('SELECT count(*) AS n FROM Lead') }
}

test.each(['views', 'query-engine'] as const)('%s: another rebuild took its place', async (target) => {
  const swap = () => async () => E.right(false)
  const { failed, serves } = await rebuilt(
    changed(({ viewStore, queryEngine }) => ({
      viewStore: { ...viewStore, generations: { ...viewStore.generations, swap } },
      queryEngine: { ...queryEngine, generations: { ...queryEngine.generations, swap } },
    })),
    target,
  )
  expect(isDreampipeError(failed, 'Contention') && failed.message).toBe(
    'rebuild Lead: another rebuild took its place: it serves, or will',
  )
  expect(serves).toEqual([{ n: 3 }])
})

test('query-engine: rows that cannot be filled in keep the new tables from serving', async () => {
  const fill = () => async () => E.right(undefined)
  const { failed, serves } = await rebuilt(
    changed(({ queryEngine }) => ({ queryEngine: { ...queryEngine, fill } })),
    'query-engine',
  )
  expect(isDreampipeError(failed, 'Unavailable') && failed.message).toMatch(
    /^rebuild Lead: the new generation is not complete .*: 3 findings, the first is \{"kind":"missing"/,
  )
  expect(serves).toEqual([{ n: 3 }])
})
