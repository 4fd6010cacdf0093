// Holds the house rules: who may import whom, no cycles, small files with a stated purpose, matching names,
// no classes, no `any`.
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cruise,
  type IConfiguration,
  type ICruiseResult,
  type IRegularForbiddenRuleType as Rule,
} from 'dependency-cruiser'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const files = (...folders: string[]): string[] =>
  globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  )
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()

// ── who may import whom ──

const fp = '^src/fp\\.ts$'
const entries = '^src/(index|fp|embedded|google-cloud|driver|testing)\\.ts$'
const [model, schema, ports] = ['^src/model/', '^src/schema/', '^src/ports/']
const ours = '^(src|adapters|examples|test|bench)/'
// A package as it reads when it is not installed, and when it is.
const packages = (...names: string[]): string[] => [
  `^(${names.join('|')})(/|$)`,
  `node_modules/(${names.join('|')})/`,
]

/** Each layer, and what of this repository it may import; `$1` is the layer's own folder. */
const layers: readonly { readonly name: string; readonly from: string; readonly may: readonly string[] }[] = [
  { name: 'fp', from: fp, may: [] },
  { name: 'model', from: model, may: [fp, model] },
  { name: 'schema', from: schema, may: [fp, model, schema] },
  { name: 'ports', from: ports, may: [fp, model, ports] },
  { name: 'flow', from: '^src/flow/', may: [fp, model, schema, ports, '^src/flow/'] },
  { name: 'drivers', from: '^src/drivers/([^/]+)/', may: [fp, model, schema, ports, '^src/drivers/$1/'] },
  { name: 'pipeline', from: '^src/pipeline\\.ts$', may: ['^src/(?!drivers/google-cloud/)'] },
  { name: 'testing', from: '^src/testing/', may: [fp, model, ports, '^src/testing/'] },
  {
    name: 'entries',
    from: '^src/(index|embedded|driver|testing)\\.ts$',
    may: ['^src/(?!drivers/google-cloud/)'],
  },
  { name: 'google-cloud entry', from: '^src/google-cloud\\.ts$', may: ['^src/'] },
  { name: 'shared by adapters', from: '^adapters/(reading|waiting)\\.ts$', may: [] },
  {
    name: 'adapters',
    from: '^adapters/([^/]+)/',
    may: [entries, '^adapters/$1/', '^adapters/(reading|waiting)\\.ts$'],
  },
  {
    name: 'examples',
    from: '^examples/',
    may: [entries, '^adapters/[^/]+/(index|testing)\\.ts$', '^examples/'],
  },
]

const forbid = (name: string, from: Rule['from'], to: Rule['to']): Rule => ({
  name,
  severity: 'error',
  from,
  to,
})
const rules: readonly Rule[] = [
  ...layers.map(({ name, from, may }) => forbid(name, { path: from }, { path: ours, pathNot: [...may] })),
  forbid(
    'public entries by name',
    { path: '^(adapters/[^/]+|examples)/' },
    { path: ours, pathNot: ['^$1/', '^adapters/(reading|waiting)\\.ts$'], dependencyTypes: ['local'] },
  ),
  forbid('one door to fp-ts and io-ts', { pathNot: fp }, { path: packages('fp-ts', 'io-ts') }),
  forbid(
    'no packages in the pure layers',
    { path: '^src/(model|schema|ports|testing)/' },
    { pathNot: ours, dependencyTypesNot: ['core'] },
  ),
  forbid('duckdb in its driver', { pathNot: '^src/drivers/embedded/' }, { path: packages('@duckdb') }),
  forbid(
    'google cloud in its driver',
    { pathNot: '^src/drivers/google-cloud/' },
    { path: packages('@google-cloud') },
  ),
  forbid('no cycles', {}, { circular: true }),
  // What does not resolve escapes every rule above. Optional peers need not be installed.
  forbid('resolvable', {}, { couldNotResolve: true, pathNot: packages('@google-cloud', 'jsforce') }),
]

// dependency-cruiser's types know fewer of the resolver's options than the resolver takes.
type ResolveOptions = NonNullable<NonNullable<IConfiguration['options']>['enhancedResolveOptions']>
const resolution: ResolveOptions & { readonly extensions: string[] } = {
  exportsFields: ['exports'],
  conditionNames: ['@dreampipe/source', 'import', 'node', 'default', 'types'],
  extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
}

/** The edges under `baseDir` that break a rule, each as `rule: from -> to`. */
const violations = async (baseDir: string): Promise<readonly string[]> => {
  const folders = ['src', 'adapters', 'examples'].filter((folder) => existsSync(join(baseDir, folder)))
  const { output } = await cruise(
    folders,
    {
      baseDir,
      enhancedResolveOptions: resolution,
      ruleSet: { forbidden: [...rules] },
      validate: true,
      tsPreCompilationDeps: true, // or type-only imports would escape
      doNotFollow: { path: 'node_modules' },
    },
    { bustTheCache: true },
  )
  return (output as ICruiseResult).summary.violations
    .map(
      ({ rule, from, to, cycle }) =>
        `${rule.name}: ${[from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' -> ')}`,
    )
    .toSorted()
}

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
      ]),
    )
    expect(reported).toContain('no cycles: src/model/one.ts -> src/model/two.ts -> src/model/one.ts')
    expect(
      reported.filter((edge) => edge.startsWith('google cloud in its driver: src/drivers/google-cloud/')),
    ).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

// ── what a file looks like ──

const everything = files('src', 'adapters', 'examples', 'test', 'bench')
const shipped = (file: string): boolean => /^(src|adapters)\//.test(file) && !file.endsWith('.config.ts')
const isFunction = (node: ts.Node): boolean => ts.isFunctionLike(node) || ts.isClassLike(node)

const isDefaultExport = (node: ts.Node): boolean =>
  (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default')
const isFarImport = (node: ts.Node): boolean =>
  ts.isStringLiteral(node) &&
  node.text.startsWith('../../..') &&
  (ts.isImportDeclaration(node.parent) ||
    ts.isExportDeclaration(node.parent) ||
    /^import\b/.test(node.parent.getText()))

/** What shipped code does without, and the node that gives it away. */
const unwanted: readonly (readonly [string, (node: ts.Node, inFunction: boolean) => boolean])[] = [
  ['default export', isDefaultExport],
  ['class', (node) => ts.isClassLike(node)],
  ['instanceof', (node) => node.kind === ts.SyntaxKind.InstanceOfKeyword],
  ['any', (node) => node.kind === ts.SyntaxKind.AnyKeyword],
  // These two cannot be built as CJS, and tsup does not say so.
  ['import.meta', (node) => ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword],
  ['top-level await', (node, inFunction) => !inFunction && node.kind === ts.SyntaxKind.AwaitKeyword],
]

/** What is wrong inside one file, each as `file:line what`. */
const offences = (file: string, text: string): readonly string[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node, inFunction: boolean): void => {
    const at = (what: string): number =>
      found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${what}`)
    if (isFarImport(node)) at('import from ../../..')
    if (shipped(file)) for (const [what, is] of unwanted) if (is(node, inFunction)) at(what)
    // The whole tree with its tokens: `instanceof` and `default` are tokens, which forEachChild leaves out.
    for (const child of node.getChildren())
      if (!ts.isJSDoc(child)) visit(child, inFunction || isFunction(node))
  }
  visit(source, false)
  return found
}

test(
  'shipped code has no default exports, classes, instanceof or any, and imports reach no further than ' +
    'two folders up',
  () => {
    expect(everything.flatMap((file) => offences(file, read(file)))).toEqual([])
  },
)

test('each unwanted thing is found where it stands', () => {
  const text = [
    '// Says class, instanceof and any.',
    "import '../../../far.ts'",
    'export class A {}',
    'export const b = (x: any) => x instanceof A',
    'export default b',
    'export { b as default }',
    'export default function c() {}',
    'export const url = import.meta.url',
    'await b(1)',
    "export const fine = async (x: string) => { await x; switch (x) { default: return 'any class " +
      "instanceof' } }",
    "const lazy = () => import('../../../far.ts')",
  ].join('\n')
  expect(offences('src/a.ts', text)).toEqual(
    [
      '2 import from ../../..',
      '3 class',
      '4 any',
      '4 instanceof',
      '5 default export',
      '6 default export',
      '7 default export',
      '8 import.meta',
      '9 top-level await',
      '11 import from ../../..',
    ].map((what) => `src/a.ts:${what}`),
  )
  expect(offences('test/a.ts', text)).toEqual([
    'test/a.ts:2 import from ../../..',
    'test/a.ts:11 import from ../../..',
  ])
})

test('no file is longer than 250 lines', () => {
  const length = (file: string): number => read(file).trimEnd().split('\n').length
  expect(everything.filter((file) => length(file) > 250).map((file) => `${file} ${length(file)}`)).toEqual([])
})

test('every file opens with its purpose, and none is called utils', () => {
  const purpose = /^(\/\/|\/\*\*) (?!@|oxlint|eslint|TODO)\S+ \S+ \S+/
  expect(everything.filter((file) => !purpose.test(read(file)))).toEqual([])
  expect(everything.filter((file) => /^utils?\./i.test(basename(file)))).toEqual([])
})

test('entries only re-export, by name', () => {
  const parse = (file: string): ts.SourceFile =>
    ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const isReexport = (node: ts.Statement): boolean =>
    ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && node.exportClause !== undefined
  expect(
    files('src')
      .filter((file) => new RegExp(entries).test(file))
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
