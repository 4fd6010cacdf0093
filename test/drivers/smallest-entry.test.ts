// Holds that dreampipe/driver suffices: what bundled drivers take from the core, public entries give, and
// each port, verb and name says what it promises.
import { dirname, relative, resolve } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { files, read, root } from '../architecture-rules.ts'

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)

const target = (file: string, specifier: ts.Expression): string =>
  relative(root, resolve(root, dirname(file), (specifier as ts.StringLiteral).text)).replaceAll('\\', '/')

/** The names that a file imports from elsewhere in the sources, each as `file#name`. */
const importsOf = (file: string): readonly string[] =>
  parse(file).statements.flatMap((node) => {
    if (!ts.isImportDeclaration(node)) return []
    const from = target(file, node.moduleSpecifier)
    const bindings = node.importClause?.namedBindings
    return !from.startsWith('src/') || bindings === undefined || !ts.isNamedImports(bindings)
      ? []
      : bindings.elements.map(({ name, propertyName }) => `${from}#${(propertyName ?? name).text}`)
  })

/** The names that an entry re-exports, each as `file#name`. */
const exportsOf = (file: string): readonly string[] =>
  parse(file).statements.flatMap((node) =>
    ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause)
      ? node.exportClause.elements.map(
          ({ name, propertyName }) =>
            `${target(file, node.moduleSpecifier as ts.Expression)}#${(propertyName ?? name).text}`,
        )
      : [],
  )

const hasDocblock = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).some(ts.isJSDoc)

test('what bundled drivers take from the core, a driver of a third party can take too', () => {
  const given = new Set(['src/driver.ts', 'src/index.ts'].flatMap(exportsOf))
  const core = (name: string): boolean => /^src\/(model|schema|ports)\//.test(name)
  const taken = [...new Set(files('src/drivers').flatMap(importsOf))].filter(core)
  expect(taken.length).toBeGreaterThan(80)
  // BigQuery's dialect serves one engine, which is bundled: a driver that wants it borrows the port.
  expect(taken.filter((name) => !given.has(name) && !name.startsWith('src/schema/bigquery'))).toEqual([])
})

test('what the ports speak of, dreampipe/driver exports', () => {
  const given = new Set(exportsOf('src/driver.ts'))
  const spoken = files('src/ports').flatMap(importsOf)
  expect(spoken.filter((name) => !given.has(name) && !name.startsWith('src/fp.ts'))).toEqual([])
})

/** The exports, and the verbs inside them, that no docblock stands above, each as `file name`. */
const silent = (file: string, isAsked: (name: string) => boolean): readonly string[] => {
  const found: string[] = []
  const visit = (node: ts.Node, within: string): void => {
    const isVerb = ts.isPropertySignature(node) && node.type !== undefined && ts.isFunctionTypeNode(node.type)
    if (isVerb && !hasDocblock(node)) found.push(`${file} ${within}.${node.name.getText()}`)
    // A callback among a verb's parameters is the verb's to explain.
    if (!isVerb) ts.forEachChild(node, (child) => visit(child, within))
  }
  for (const node of parse(file).statements) {
    const named = ts.isVariableStatement(node)
      ? node.declarationList.declarations.map(({ name }) => name.getText())
      : ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
        ? [node.name.text]
        : []
    for (const name of named.filter(isAsked)) {
      if (!hasDocblock(node)) found.push(`${file} ${name}`)
      visit(node, name)
    }
  }
  return found
}

test('every port, every verb and every name of dreampipe/driver has a docblock', () => {
  const given = new Set(exportsOf('src/driver.ts'))
  const sources = [...new Set([...given].map((name) => name.slice(0, name.indexOf('#'))))]
  expect(sources.length).toBeGreaterThan(10)
  expect(sources.flatMap((file) => silent(file, (name) => given.has(`${file}#${name}`)))).toEqual([])
})

test('the smallest driver takes public entries and its own files, and stays small', () => {
  const example = files('examples/smallest-driver')
  const foreign = example.flatMap((file) =>
    parse(file)
      .statements.filter(ts.isImportDeclaration)
      .map((node) => (node.moduleSpecifier as ts.StringLiteral).text)
      .filter((from) => !/^(dreampipe(\/(driver|fp|waiting|embedded))?|\.\/[\w-]+\.ts)$/.test(from)),
  )
  expect(foreign).toEqual([])
  const lines = example.map((file) => read(file).trimEnd().split('\n').length)
  expect(lines.reduce((sum, each) => sum + each, 0)).toBeLessThan(700)
})
