// What package-build.test.ts runs in a process of its own: both builds of this package on one folder. Prints
// what it saw as JSON.
import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})

// Nobody sets the source condition here, so these are dist/*.js and dist/*.cjs; the types come from the
// sources.
const require = createRequire(import.meta.url)
const esm = { ...(await import('dreampipe')), ...(await import('dreampipe/embedded')) }
const cjs = { ...require('dreampipe'), ...require('dreampipe/embedded') } as typeof esm
const onImport = [...loaded]

/** One service: its own copy of the package, its own definition, the shared folder. */
const service = ({ createPipeline, embedded, entity, y }: typeof esm, folder: string) => {
  const Lead = entity('Lead', {
    properties: { id: y.string(), city: y.string(), updatedAt: y.dateTime() },
    identifier: ['id'],
    timestamp: 'updatedAt',
  })
  const pipeline = createPipeline([Lead], { driver: embedded({ folder }) })
  const submit = async (id: string): Promise<string> =>
    (
      await pipeline.submit(
        Lead.toUpdate({ id, city: 'Bern', updatedAt: '2024-05-01T10:00:00Z' }, { source: 'test' }),
      )
    ).status
  return { pipeline, submit }
}

const [folder = ''] = process.argv.slice(2)
const [one, other] = [service(esm, folder), service(cjs, folder)]
try {
  await one.pipeline.start()
  await other.pipeline.start()
  const stored = await Promise.all([
    ...['a', 'b', 'c'].map(one.submit),
    ...['d', 'e', 'f', 'g'].map(other.submit),
  ])
  const shared = await Promise.all([one.submit('both'), other.submit('both')])
  await one.pipeline.settled()
  await other.pipeline.settled()
  const count = 'SELECT count(*) AS n FROM Lead'
  const rows = [...(await one.pipeline.sql(count)), ...(await other.pipeline.sql(count))]

  // Every subpath, in both formats, with the same names in both.
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly exports: object
  }
  const names = (module: unknown): string => Object.keys(Object(module)).toSorted().join(' ')
  const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')
  const surfaces = await Promise.all(
    subpaths.map(async (subpath) => {
      const specifier = `dreampipe${subpath.slice(1)}`
      return { subpath, esm: names(await import(specifier)), cjs: names(require(specifier)) }
    }),
  )
  console.log(JSON.stringify({ onImport, stored, shared: shared.toSorted(), rows, surfaces }))
} finally {
  await one.pipeline.close()
  await other.pipeline.close()
}
