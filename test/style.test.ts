// Holds what a file looks like: small, formatted, with a stated purpose, without what the house does without.
import { basename, join } from 'node:path'
import prettier from 'prettier'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { files, read, root } from './architecture-rules.ts'
import { isThorough } from './thorough.ts'

const everything = files('src', 'adapters', 'examples', 'test', 'bench')
const shipped = (file: string): boolean => /^(src|adapters)\//.test(file) && !file.endsWith('.config.ts')
const isFunction = (node: ts.Node): boolean => ts.isFunctionLike(node) || ts.isClassLike(node)

const isDefaultExport = (node: ts.Node): boolean =>
  (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default')
// A file in a driver's room reaches the sources' own folders three up, any other two.
const farOf = (file: string): string =>
  /^src\/drivers\/[^/]+\/[^/]+\//.test(file) ? '../../../..' : '../../..'
const isFarImport = (node: ts.Node, far: string): boolean =>
  ts.isStringLiteral(node) &&
  node.text.startsWith(far) &&
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
  const far = farOf(file)
  const visit = (node: ts.Node, inFunction: boolean): void => {
    const at = (what: string): number =>
      found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${what}`)
    if (isFarImport(node, far)) at(`import from ${far}`)
    if (shipped(file)) for (const [what, is] of unwanted) if (is(node, inFunction)) at(what)
    // The whole tree with its tokens: `instanceof` and `default` are tokens, which forEachChild leaves out.
    for (const child of node.getChildren())
      if (!ts.isJSDoc(child)) visit(child, inFunction || isFunction(node))
  }
  visit(source, false)
  return found
}

test('shipped code has no default exports, classes, instanceof or any, and no import reaches far up', () => {
  expect(everything.flatMap((file) => offences(file, read(file)))).toEqual([])
})

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
  const room = (path: string): string => `import '${path}'`
  expect(offences('src/drivers/x/room/a.ts', room('../../../fp.ts'))).toEqual([])
  expect(offences('src/drivers/x/room/a.ts', room('../../../../far.ts'))).toEqual([
    'src/drivers/x/room/a.ts:1 import from ../../../..',
  ])
})

/** What is too long of a file: the whole, in lines, or a line, in characters. */
const tooLong = (file: string, text: string): readonly string[] => {
  const lines = text.trimEnd().split('\n')
  return [
    ...(lines.length > 250 ? [`${file} has ${lines.length} lines`] : []),
    ...lines.flatMap((line, i) =>
      [...line].length > 110 ? [`${file}:${i + 1} has ${line.length} columns`] : [],
    ),
  ]
}

test('no file is longer than 250 lines, and no line than 110 columns', () => {
  expect(everything.flatMap((file) => tooLong(file, read(file)))).toEqual([])
  expect(tooLong('a.ts', `${'x\n'.repeat(251)}`)).toEqual(['a.ts has 251 lines'])
  expect(tooLong('a.ts', `${'é'.repeat(110)}\n${'x'.repeat(111)}`)).toEqual(['a.ts:2 has 111 columns'])
})

// npm run lint says the same of every file.
test.runIf(isThorough('the format, file by file'))(
  'every shipped file is as prettier writes it (npm run format)',
  async () => {
    const options = { ...(await prettier.resolveConfig(join(root, 'package.json'))) }
    const others: string[] = []
    for (const file of everything)
      if (!(await prettier.check(read(file), { ...options, filepath: file }))) others.push(file)
    expect(others).toEqual([])
    expect(await prettier.check('const a = "b";\n', { ...options, filepath: 'a.ts' })).toBe(false)
  },
  120_000,
)

/** Casts that the compiler cannot check: `as never`, and `as` behind `as unknown`. */
const castsOf = (text: string): number => {
  let count = 0
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node)) {
      const behindUnknown =
        ts.isAsExpression(node.expression) && node.expression.type.kind === ts.SyntaxKind.UnknownKeyword
      if (node.type.kind === ts.SyntaxKind.NeverKeyword || behindUnknown) count++
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest))
  return count
}

test('casts that nothing checks only become fewer', () => {
  const found = files('src').reduce((count, file) => count + castsOf(read(file)), 0)
  expect(found, 'more than before: find a type that holds; fewer: lower the number here').toBe(37)
  expect(castsOf('const a = b as never; const c = d as unknown as E; const f = g as H')).toBe(2)
})

test('every file opens with its purpose, and none is called utils', () => {
  const purpose = /^(\/\/|\/\*\*) (?!@|oxlint|eslint|TODO)\S+ \S+ \S+/
  expect(everything.filter((file) => !purpose.test(read(file)))).toEqual([])
  expect(everything.filter((file) => /^utils?\./i.test(basename(file)))).toEqual([])
})
