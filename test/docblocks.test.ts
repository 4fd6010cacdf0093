// Every public symbol says what it is: each export of each entry has a docblock, and its examples compile.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { root } from './architecture-rules.ts'
import build from '../tsup.config.ts'

const entries = Object.values(build.entry)
const parsed = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  root,
)
const program = ts.createProgram(
  entries.map((entry) => join(root, entry)),
  parsed.options,
)
const checker = program.getTypeChecker()

interface Export {
  readonly entry: string
  readonly name: string
  readonly symbol: ts.Symbol
}

/** What an entry exports, each as what it stands for; namespaces of other packages are left out. */
const exportsOf = (entry: string): readonly Export[] => {
  const file = program.getSourceFile(join(root, entry))
  const module = file && checker.getSymbolAtLocation(file)
  return (module === undefined ? [] : checker.getExportsOfModule(module)).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const ours = symbol.declarations?.some((declaration) => {
      const { fileName } = declaration.getSourceFile()
      return !fileName.includes('node_modules') && !ts.isSourceFile(declaration)
    })
    return ours === true ? [{ entry, name: exported.name, symbol }] : []
  })
}
const all = entries.flatMap(exportsOf)

test('every export of every entry has a docblock', () => {
  expect(all.length).toBeGreaterThan(150)
  const silent = all.filter(({ symbol }) => symbol.getDocumentationComment(checker).length === 0)
  expect(silent.map(({ entry, name }) => `${entry} ${name}`)).toEqual([])
})

const examples = new Map(
  all.flatMap(({ name, symbol }) =>
    symbol
      .getJsDocTags(checker)
      .filter((tag) => tag.name === 'example')
      .map((tag) => [name, (tag.text ?? []).map(({ text }) => text).join('')] as const),
  ),
)

test('every example of a docblock compiles as a user has it', () => {
  expect([...examples.keys()]).toEqual(
    expect.arrayContaining(['createPipeline', 'entity', 'producer', 'testProducer', 'embedded', 'backoff']),
  )
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-examples-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/dreampipe'))
  symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { ...ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...compilerOptions, include: ['*.ts'] }))
  for (const [name, code] of examples)
    writeFileSync(join(folder, `${name}.ts`), `${code.replaceAll(/^```\w*$/gm, '')}\nexport {}\n`)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const compiled = spawnSync(process.execPath, [tsc, '-p', '.', '--preserveSymlinks', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect([compiled.stdout, compiled.status]).toEqual(['', 0])
}, 120_000)
