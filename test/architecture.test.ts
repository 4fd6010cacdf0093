// Holds who may import whom: layers, rooms and entries, no cycles; each rule is shown to report what breaks
// it.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { entries, files, layers, read, rooms, root, violations } from './architecture-rules.ts'

test('imports follow the layers, and there are no cycles', async () => {
  expect(await violations(root)).toEqual([])
})

test('every source file belongs to a layer', () => {
  expect(
    files('src', 'adapters', 'examples').filter(
      (file) => !layers.some(({ from }) => new RegExp(from).test(file)),
    ),
  ).toEqual([])
})

test('each rule reports the edge that breaks it', async () => {
  const planted: Readonly<Record<string, string>> = {
    'src/fp.ts': "import '../adapters/b/x.ts'",
    'src/model/a.ts':
      "import '../drivers/embedded/a.ts'\nimport './one.ts'\nimport type { E } from 'fp-ts'\nimport 'croner'",
    'src/model/one.ts': "import './two.ts'",
    'src/model/two.ts': "import type { A } from './one.ts'\nexport type B = A",
    'src/schema/a.ts': "import '../ports/a.ts'\nimport 'fp-ts/lib/Either.js'",
    'src/ports/a.ts': "import '../schema/b.ts'",
    'src/schema/b.ts': "import '@duckdb/node-api'",
    'src/flow/a.ts': "import '../drivers/embedded/a.ts'",
    'src/drivers/embedded/a.ts': "import '../google-cloud/a.ts'",
    'src/drivers/google-cloud/a.ts': "import '../../flow/b.ts'\nimport '@google-cloud/datastore'",
    'src/flow/b.ts': "export const load = () => import('@google-cloud/pubsub')",
    'src/pipeline.ts': "import './drivers/google-cloud/a.ts'",
    'src/testing/a.ts': "import '../schema/b.ts'",
    'src/index.ts': "export * from './drivers/google-cloud/a.ts'",
    'adapters/a/index.ts': "import '../b/x.ts'\nimport '../../src/index.ts'",
    'adapters/b/x.ts': "import './missing.ts'",
    'examples/a.ts': "import '../src/model/two.ts'",
    'src/waiting.ts': "import './flow/verbs.ts'",
    'src/flow/verbs.ts': "import './events/a.ts'",
    'src/flow/events/a.ts': "import '../signal.ts'",
    'src/flow/signal.ts': 'export {}',
    'src/flow/consume/a.ts': "import '../project/a.ts'\nimport '../signal.ts'",
    'src/flow/consume/running.ts': 'export {}',
    'src/flow/project/a.ts': "import '../query/a.ts'",
    'src/flow/query/a.ts': "import '../prove/a.ts'",
    'src/flow/prove/a.ts': "import '../receive/a.ts'",
    'src/flow/receive/a.ts':
      "import '../produce/b.ts'\nimport '../consume/b.ts'\nimport '../consume/running.ts'",
    'src/flow/consume/b.ts': 'export {}',
    'src/flow/produce/a.ts': "import '../verbs.ts'",
    'src/flow/produce/b.ts': 'export {}',
    'src/drivers/google-cloud/datastore/a.ts': "import '../pubsub/b.ts'",
    'src/drivers/google-cloud/pubsub/a.ts': "import '../topic.ts'",
    'src/drivers/google-cloud/pubsub/b.ts': 'export {}',
    'src/drivers/google-cloud/topic.ts': 'export {}',
    'src/drivers/google-cloud/bigquery/a.ts': "import '../pubsub/b.ts'",
    'src/drivers/embedded/sqlite/a.ts': "import '../duckdb/b.ts'",
    'src/drivers/embedded/duckdb/a.ts': "import '../sqlite/b.ts'",
    'src/drivers/embedded/sqlite/b.ts': 'export {}',
    'src/drivers/embedded/duckdb/b.ts': 'export {}',
    'adapters/salesforce/org/a.ts': "import '../object/b.ts'",
    'adapters/salesforce/object/a.ts': "import '../scan/b.ts'",
    'adapters/salesforce/object/b.ts': 'export {}',
    'adapters/salesforce/scan/a.ts': "import '../run/b.ts'",
    'adapters/salesforce/scan/b.ts': 'export {}',
    'adapters/salesforce/run/a.ts': "import '../adapter.ts'",
    'adapters/salesforce/run/b.ts': 'export {}',
    'adapters/salesforce/adapter.ts': 'export {}',
    'adapters/salesforce/testing/a.ts': "import '../adapter.ts'",
  }
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-architecture-'))
  try {
    for (const [file, text] of Object.entries(planted)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    const reported = await violations(folder)
    expect(reported).toEqual(
      expect.arrayContaining([
        'fp: src/fp.ts -> adapters/b/x.ts',
        'model: src/model/a.ts -> src/drivers/embedded/a.ts',
        'schema: src/schema/a.ts -> src/ports/a.ts',
        'ports: src/ports/a.ts -> src/schema/b.ts',
        'flow: src/flow/a.ts -> src/drivers/embedded/a.ts',
        'drivers: src/drivers/embedded/a.ts -> src/drivers/google-cloud/a.ts',
        'drivers: src/drivers/google-cloud/a.ts -> src/flow/b.ts',
        'pipeline: src/pipeline.ts -> src/drivers/google-cloud/a.ts',
        'testing: src/testing/a.ts -> src/schema/b.ts',
        'entries: src/index.ts -> src/drivers/google-cloud/a.ts',
        'adapters: adapters/a/index.ts -> adapters/b/x.ts',
        'examples: examples/a.ts -> src/model/two.ts',
        'public entries by name: adapters/a/index.ts -> src/index.ts',
        'one door to fp-ts and io-ts: src/schema/a.ts -> fp-ts/lib/Either.js',
        'one door to fp-ts and io-ts: src/model/a.ts -> fp-ts',
        'no packages in the pure layers: src/model/a.ts -> croner',
        'duckdb in its driver: src/schema/b.ts -> @duckdb/node-api',
        'google cloud in its driver: src/flow/b.ts -> @google-cloud/pubsub',
        'resolvable: adapters/b/x.ts -> ./missing.ts',
        'waiting: src/waiting.ts -> src/flow/verbs.ts',
        'src/flow/events: src/flow/events/a.ts -> src/flow/signal.ts',
        'src/flow/consume: src/flow/consume/a.ts -> src/flow/project/a.ts',
        'src/flow/project: src/flow/project/a.ts -> src/flow/query/a.ts',
        'src/flow/query: src/flow/query/a.ts -> src/flow/prove/a.ts',
        'src/flow/prove: src/flow/prove/a.ts -> src/flow/receive/a.ts',
        'src/flow/receive: src/flow/receive/a.ts -> src/flow/produce/b.ts',
        'src/flow/receive: src/flow/receive/a.ts -> src/flow/consume/b.ts',
        'src/flow/produce: src/flow/produce/a.ts -> src/flow/verbs.ts',
        'src/drivers/google-cloud/datastore: src/drivers/google-cloud/datastore/a.ts -> ' +
          'src/drivers/google-cloud/pubsub/b.ts',
        'src/drivers/google-cloud/pubsub: src/drivers/google-cloud/pubsub/a.ts -> ' +
          'src/drivers/google-cloud/topic.ts',
        'src/drivers/google-cloud/bigquery: src/drivers/google-cloud/bigquery/a.ts -> ' +
          'src/drivers/google-cloud/pubsub/b.ts',
        'src/drivers/embedded/sqlite: src/drivers/embedded/sqlite/a.ts -> src/drivers/embedded/duckdb/b.ts',
        'src/drivers/embedded/duckdb: src/drivers/embedded/duckdb/a.ts -> src/drivers/embedded/sqlite/b.ts',
        'adapters/salesforce/org: adapters/salesforce/org/a.ts -> adapters/salesforce/object/b.ts',
        'adapters/salesforce/object: adapters/salesforce/object/a.ts -> adapters/salesforce/scan/b.ts',
        'adapters/salesforce/scan: adapters/salesforce/scan/a.ts -> adapters/salesforce/run/b.ts',
        'adapters/salesforce/run: adapters/salesforce/run/a.ts -> adapters/salesforce/adapter.ts',
        'adapters/salesforce/testing: adapters/salesforce/testing/a.ts -> adapters/salesforce/adapter.ts',
      ]),
    )
    // What a room may import is not reported.
    expect(reported).not.toContain('src/flow/consume: src/flow/consume/a.ts -> src/flow/signal.ts')
    expect(reported.join()).not.toContain('-> src/flow/consume/running.ts')
    expect(reported).toContain('no cycles: src/model/one.ts -> src/model/two.ts -> src/model/one.ts')
    expect(
      reported.filter((edge) => edge.startsWith('google cloud in its driver: src/drivers/google-cloud/')),
    ).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('every folder of the rooms is a room with a rule', () => {
  const layersWithRooms = [
    'src/flow',
    'src/drivers/google-cloud',
    'src/drivers/embedded',
    'adapters/salesforce',
  ]
  const folders = layersWithRooms.flatMap((layer) =>
    files(layer)
      .map((file) => file.slice(layer.length + 1).split('/'))
      .filter((path) => path.length > 1)
      .map(([room]) => `${layer}/${room}`),
  )
  expect([...new Set(folders)].toSorted()).toEqual(rooms.map(({ name }) => name).toSorted())
})

test('entries only re-export, by name', () => {
  const parse = (file: string): ts.SourceFile =>
    ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const isReexport = (node: ts.Statement): boolean =>
    ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && node.exportClause !== undefined
  expect(
    files('src')
      // This one is a module of its own, for the core as for others.
      .filter((file) => new RegExp(entries).test(file) && file !== 'src/waiting.ts')
      .flatMap((file) =>
        parse(file)
          .statements.filter((node) => !isReexport(node))
          .map((node) => `${file}: ${node.getText()}`),
      ),
  ).toEqual([])
})

test('each port has its embedded driver and its contract', () => {
  const names = files('src/ports')
    .map((file) => basename(file))
    .filter((name) => name !== 'driver.ts')
  const twins = names.flatMap((name) => [`src/drivers/embedded/${name}`, `src/testing/contracts/${name}`])
  expect(twins.filter((file) => !existsSync(join(root, file)))).toEqual([])
})
