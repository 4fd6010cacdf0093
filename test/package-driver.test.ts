// A driver in a package of its own, written against the built package alone: it compiles, and passes the
// contracts.
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  checkpointStoreContract,
  eventStoreContract,
  queryEngineContract,
  topicContract,
  viewStoreContract,
} from 'dreampipe/testing'

const root = fileURLToPath(new URL('..', import.meta.url))
const built = existsSync(join(root, 'dist/driver.js')) && existsSync(join(root, 'dist/driver.d.ts'))
if (!built) console.log('package-driver: skipped, because there is no dist/ here; `npm run build` makes it')

const child = 'test/package-driver.child.ts'
const cases = [
  ...eventStoreContract,
  ...topicContract,
  ...viewStoreContract,
  ...checkpointStoreContract,
  ...queryEngineContract,
]

/** The package as its users get it, with its dependencies beside it: no sources are in reach. */
const install = (folder: string): void => {
  const dreampipe = join(folder, 'node_modules/dreampipe')
  mkdirSync(dreampipe, { recursive: true })
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(dreampipe, part), { recursive: true })
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as { readonly [kind: string]: { readonly [name: string]: string } }
  for (const name of ['@types/node', ...Object.keys({ ...dependencies, ...optionalDependencies })]) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir')
  }
}

describe.skipIf(!built)('a driver in a package of its own', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dreampipe-driver-'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    install(folder)
    for (const part of ['examples/smallest-driver', child])
      cpSync(join(root, part), join(folder, part), { recursive: true })
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('its types compile against those of the build', () => {
    const program = ts.createProgram([join(folder, child)], {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: [join(folder, 'node_modules/@types')],
      lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    })
    const problems = ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => folder,
      getNewLine: () => '\n',
    })
    expect(problems).toBe('')
    const compiled = program.getSourceFiles().map(({ fileName }) => fileName)
    expect(compiled.filter((file) => file.endsWith('/dreampipe/dist/driver.d.ts'))).toHaveLength(1)
    expect(compiled.filter((file) => file.startsWith(join(root, 'src')))).toEqual([])
  }, 60_000)

  test('it passes every contract suite under node:test', async () => {
    // Without NODE_OPTIONS, which might carry the condition that leads to sources.
    const env = { ...process.env, NODE_OPTIONS: '' }
    const args = ['--test', '--test-reporter=tap', child]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: folder,
      env,
      timeout: 170_000,
      maxBuffer: 2 ** 26,
    }).catch((failed: { readonly stdout?: string }) => ({ stdout: String(failed.stdout ?? failed) }))
    const counted = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1])
    const failures = stdout.split('\n').filter((line) => /^\s*not ok/.test(line))
    expect(failures).toEqual([])
    const left = cases.filter(({ needs }) => needs?.log === false).length
    expect([counted('pass'), counted('fail'), counted('skipped')]).toEqual([cases.length - left, 0, left])
    console.log(`package-driver: ${counted('pass')} contract cases pass on the build, ${left} left out`)
  }, 180_000)
})
