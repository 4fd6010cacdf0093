// The README's code is compiled, its ten lines are run, its commands exist, and its facts are the code's.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createPipeline, entity } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { runsUsing } from './processes.ts'
import { systemColumns } from '../src/model/name.ts'

const runs = runsUsing("the README's code that runs")
const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocksOf = (text: string): readonly string[] =>
  [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string)
const blocks = [
  ...blocksOf(readme),
  ...blocksOf(readFileSync(join(root, 'adapters/salesforce/README.md'), 'utf8')),
]
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

// A user's project: the package under node_modules by a link, and the blocks as its files.
const project = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/dreampipe'))
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  blocks.forEach((code, i) =>
    writeFileSync(join(folder, code.includes('export const Order') ? 'order.ts' : `block${i}.ts`), code),
  )
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: './tsconfig.base.json', include: ['*.ts'] }),
  )
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.base.json'))
  return folder
}

test('every block of TypeScript compiles as a user has it', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5)
  const compiled = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.', '--preserveSymlinks', 'false'],
    { cwd: project(), encoding: 'utf8' },
  )
  expect(compiled.stdout).toBe('')
  expect(compiled.status).toBe(0)
}, 120_000)

test.runIf(runs)('the ten lines run and print what they promise', () => {
  const ran = spawnSync(process.execPath, ['--conditions=@dreampipe/source', 'block0.ts'], {
    cwd: project(),
    encoding: 'utf8',
  })
  expect([ran.status, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout).toMatch(/id: '1'[\s\S]*\[ \{ n: 1 \} \]/)
})

test.runIf(runs)('the local Salesforce of its README answers what stands there', () => {
  const code = blocks.findIndex((text) => text.includes('localSalesforce({'))
  const folder = project()
  symlinkSync(join(root, 'node_modules/jsforce'), join(folder, 'node_modules/jsforce'))
  const ran = spawnSync(process.execPath, ['--conditions=@dreampipe/source', `block${code}.ts`], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect([ran.status, ran.stderr]).toEqual([0, ''])
  expect(ran.stdout).toBe('1 2\n0\n1\n2026-03-01T12:00:00.000000Z\n2026-03-01T12:01:00.000000Z\n')
})

test('the proof of a producer runs under a test runner as it stands there', () => {
  const folder = project()
  const file = `block${blocks.findIndex((code) => code.includes('testProducer({'))}.ts`
  const ran = spawnSync(
    process.execPath,
    ['--conditions=@dreampipe/source', '--test', '--test-reporter=tap', file],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  )
  expect([
    ran.status,
    ran.stdout.match(/^# pass (\d+)/m)?.[1],
    ran.stdout.match(/^# fail (\d+)/m)?.[1],
  ]).toEqual([0, '5', '0'])
})

test('the two commands stand there as lines of their own, and every script that is named exists', () => {
  expect(readme).toMatch(/^npm install && npm run demo\b/m)
  expect(readme).toMatch(/^npm install && npm test\b/m)
  for (const [, name] of readme.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name)
})

test('every promise names tests that are there', () => {
  const promises = readme.slice(
    readme.indexOf('## What is promised'),
    readme.indexOf('## A source of your own'),
  )
  const named = [...promises.matchAll(/`((?:test|src)\/[\w\-/.*]+)`/g)].map(([, path]) => path as string)
  expect(named.length).toBeGreaterThan(8)
  for (const path of named) expect([path, globSync(path, { cwd: root }).length > 0]).toEqual([path, true])
})

test('every verb of the pipeline and every option of an entity is in its table', () => {
  const pipeline = createPipeline([entity('Any1', { identifier: ['id'], timestamp: 'at' })], {
    driver: embedded({ folder: ':memory:' }),
  })
  const verbs = Object.keys(pipeline).filter((name) => name !== 'fp')
  for (const verb of verbs) expect(readme).toMatch(new RegExp(`\\| .*\`${verb}[(.]`))
  for (const option of [
    'properties',
    'additionalProperties',
    'identifier',
    'timestamp',
    'deduplication',
    'updates',
    'attributes',
    'view',
  ])
    expect(readme).toMatch(new RegExp(`\\| .*\`${option}\``))
  for (const column of systemColumns) expect(readme).toContain(column)
})
