// Holds together what is published: the exports, the entries that are built, their sources, pinned versions,
// a lock without addresses.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import build from '../tsup.config.ts'

type Versions = { readonly [name: string]: string }
type Lock = { readonly packages: { readonly [path: string]: { readonly resolved?: string } } }
type Manifest = {
  readonly engines: { readonly node: string }
  readonly main: string
  readonly module: string
  readonly types: string
  readonly files: readonly string[]
  readonly exports: { readonly [subpath: string]: unknown }
  readonly dependencies: Versions
  readonly optionalDependencies: Versions
  readonly devDependencies: Versions
  readonly peerDependencies?: Versions
}

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest
const entries: readonly (readonly [string, string])[] = Object.entries(build.entry)

/** What package.json has to say about an entry. The order counts: the first condition that holds wins. */
const exported = (name: string, source: string): readonly [string, unknown] => [
  name === 'index' ? '.' : `./${name}`,
  {
    '@dreampipe/source': `./${source}`,
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  },
]

test('exports are the entries that are built, and nothing else', () => {
  const expected = {
    ...Object.fromEntries(entries.map(([name, source]) => exported(name, source))),
    './package.json': './package.json',
  }
  expect(Object.keys(manifest.exports).toSorted()).toEqual(Object.keys(expected).toSorted())
  for (const [subpath, target] of Object.entries(expected)) {
    expect(JSON.stringify(manifest.exports[subpath]), subpath).toBe(JSON.stringify(target))
  }
  expect(manifest).toMatchObject({
    main: './dist/index.cjs',
    module: './dist/index.js',
    types: './dist/index.d.ts',
  })
})

test('every entry has its source, and every entry file and adapter is an entry', () => {
  const sources = entries.map(([, source]) => source)
  expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([])
  const candidates = globSync(['src/*.ts', 'adapters/*/index.ts'], { cwd: root }).map((file) =>
    file.replaceAll('\\', '/'),
  )
  expect(candidates.filter((file) => file !== 'src/pipeline.ts' && !sources.includes(file))).toEqual([])
})

test('versions are pinned exactly', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest
  const versions = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
})

test('the lock agrees with package.json and holds no addresses', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock
  const { dependencies, optionalDependencies, devDependencies } = manifest
  expect(packages['']).toMatchObject({ dependencies, optionalDependencies, devDependencies })
  expect(
    Object.entries(packages)
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => path),
  ).toEqual([])
  expect(read('package-lock.json')).not.toMatch(/\.tgz\b/)
})

test('what shipped code imports is declared', () => {
  const declared = {
    dreampipe: '',
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  }
  const imported = globSync(['src/**/*.ts', 'adapters/**/*.ts'], { cwd: root })
    .flatMap((file) =>
      ts
        .preProcessFile(read(file), true, true)
        .importedFiles.map(({ fileName }) => ({ file, name: fileName })),
    )
    .filter(({ name }) => !/^(\.|node:)/.test(name))
    .map(({ file, name }) => ({
      file,
      name: name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    }))
  expect(imported.filter(({ name }) => !(name in declared))).toEqual([])
})

test('node 22.18 and later, which runs TypeScript by stripping its types', () => {
  expect(manifest.engines.node).toBe('>=22.18')
})

test('in tests, the package by name and its sources by path are the same modules', async () => {
  expect(await import('dreampipe')).toBe(await import('../src/index.ts'))
  expect(await import('dreampipe/fp')).toBe(await import('../src/fp.ts'))
})
