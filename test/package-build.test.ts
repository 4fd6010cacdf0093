// Uses the package as its users get it, built: ESM and CJS on one folder, nothing loaded too early, types
// that compile.
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Seen = {
  readonly onImport: readonly string[]
  readonly stored: readonly string[]
  readonly shared: readonly string[]
  readonly rows: readonly { readonly n: number }[]
  readonly surfaces: readonly { readonly subpath: string; readonly esm: string; readonly cjs: string }[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const built = existsSync(join(root, 'dist/index.js')) && existsSync(join(root, 'dist/index.cjs'))
if (!built) console.log('package-build: skipped, because there is no dist/ here; `npm run build` makes it')

describe.skipIf(!built)('the built package', () => {
  let folder = ''
  let seen: Seen

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dreampipe-build-'))
    // Without NODE_OPTIONS, which might carry the condition that leads back to the sources.
    const env = { ...process.env, NODE_OPTIONS: '' }
    const child = join(root, 'test/package-build.child.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [child, folder], {
      cwd: root,
      env,
      timeout: 60_000,
      maxBuffer: 2 ** 26,
    })
    seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Seen
  }, 70_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test(
    'ESM and CJS share one folder: each stores its updates, one of them stores the shared one, both ' +
      'count all',
    () => {
      expect(seen.stored).toEqual(Array.from({ length: 7 }, () => 'stored'))
      expect(seen.shared).toEqual(['duplicate', 'stored'])
      expect(seen.rows).toEqual([{ n: 8 }, { n: 8 }])
    },
  )

  test('it is the build that was loaded, in both formats', () => {
    const paths = seen.onImport.map((url) => url.replace(/^.*\/(dist|src)\//, '$1/'))
    expect(paths).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.cjs', 'dist/embedded.js', 'dist/embedded.cjs']),
    )
    expect(seen.onImport.filter((url) => url.startsWith(new URL('../src/', import.meta.url).href))).toEqual(
      [],
    )
  })

  test('importing it loads no cloud SDK and no DuckDB', () => {
    expect(
      seen.onImport.filter((url) => /@duckdb|@google-cloud|google-gax|googleapis|grpc|jsforce/.test(url)),
    ).toEqual([])
  })

  test('every subpath loads in both formats, with the same names', () => {
    expect(seen.surfaces.length).toBeGreaterThan(1)
    for (const { subpath, esm, cjs } of seen.surfaces) expect(cjs, subpath).toBe(esm)
  })

  test('its types compile for a reader who checks libraries too', () => {
    const declarations = globSync('dist/**/*.d.{ts,cts}', { cwd: root }).map((file) => join(root, file))
    const program = ts.createProgram(declarations, {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    })
    const problems = ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    })
    expect(declarations.length).toBeGreaterThan(1)
    expect(problems).toBe('')
  }, 60_000)
})
