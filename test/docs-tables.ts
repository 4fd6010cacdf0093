// The tables of docs/design.md, made from the sources with the compiler's API: names, values and docblocks.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)

const fail = (why: string): never => {
  throw new Error(why)
}

/** Every node of a tree that is of this kind. */
const all = <N extends ts.Node>(node: ts.Node, is: (each: ts.Node) => each is N): readonly N[] => {
  const found: N[] = []
  const visit = (each: ts.Node): void => {
    if (is(each)) found.push(each)
    ts.forEachChild(each, visit)
  }
  visit(node)
  return found
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().replaceAll('|', '\\|')

/** The docblock of a declaration; a name without one fails. */
const docblock = (node: ts.Node, name: string): string => {
  const [comment] = ts.getJSDocCommentsAndTags(node)
  const text = comment === undefined ? undefined : ts.getTextOfJSDocComment(comment.comment)
  return oneLine(text ?? fail(`${name} has no docblock to make its line from`))
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const code = (text: string): string => `\`${text}\``

// Thousands are parted; what is no number in the source fails.
const shown = (value: ts.Expression | undefined, name: string): string =>
  value !== undefined && ts.isNumericLiteral(value)
    ? Number(value.text).toLocaleString('en')
    : fail(`${name} is no number`)

// ── limits ──

/** What a limit counts: the words that its docblock begins with. */
const units = [
  'UTF-8 bytes',
  'Milliseconds',
  'Characters',
  'Digits',
  'Levels',
  'RECORD levels',
  'Leaf columns',
  'Attributes',
  'Fingerprints',
]

const limitRows = (): readonly (readonly string[])[] => {
  const isLimits = (node: ts.Node): node is ts.VariableDeclaration =>
    ts.isVariableDeclaration(node) && node.name.getText() === 'limits'
  const [limits] = all(parse('src/model/limits.ts'), isLimits)
  return all(limits ?? fail('there are no limits'), ts.isPropertyAssignment).map((entry) => {
    const name = entry.name.getText()
    const meaning = docblock(entry, name)
    const unit =
      units.find((each) => meaning.startsWith(each)) ??
      fail(`the docblock of ${name} begins with none of ${units.join(', ')}`)
    const counted = /^[A-Z][a-z]/.test(unit) ? unit.toLowerCase() : unit
    return [code(name), shown(entry.initializer, name), counted, meaning.slice(unit.length + 1)]
  })
}

/** A constant beside the code that keeps it: its name, its room or file, what it counts, what it bounds. */
type Bound = readonly [name: string, where: string, unit: string, meaning: string]

const bounds: readonly Bound[] = [
  ['mostProblems', 'src/model', 'problems', 'read of one update; one more says that there are more'],
  ['groupSize', 'src/flow/receive', 'updates', 'of one commit'],
  ['window', 'src/flow/receive', 'updates', '`submitAll` has in flight'],
  ['tries', 'src/flow/receive/transform.ts', 'tries', 'of a transformer whose failure may pass'],
  ['patience', 'src/flow/receive/transform.ts', 'ms', 'one try of a transformer may take'],
  ['concurrency', 'src/flow/receive/transform.ts', 'updates', 'transformed at once'],
  ['schemaTries', 'src/flow/receive', 'tries', 'of a commit that finds the schema changed'],
  ['concurrency', 'src/flow/consume', 'entities', 'that one subscription handles at once'],
  ['patience', 'src/flow/consume', 'ms', 'a handler may take before its entity steps aside'],
  ['longestPause', 'src/flow/consume', 'ms', 'between two tries of a deferred entity'],
  ['most', 'src/flow/consume/dead-letters.ts', 'dead letters', 'in one list'],
  ['mostItems', 'src/flow/query', 'documents', 'on one page of `find`'],
  ['patience', 'src/flow/prove', 'ms', 'one `verify` waits for a projection that lags'],
  ['onItsWay', 'src/flow/prove', 'ms', 'an event may be on its way through Pub/Sub before it is missing'],
  ['most', 'src/flow/project/recent.ts', 'entities', 'of each kind that `settled` remembers on Google Cloud'],
  ['patience', 'src/drivers/embedded', 'ms', 'a transaction waits for the lock before `Contention`'],
  ['term', 'src/drivers/embedded', 'ms', 'an embedded lease holds without renewal'],
  ['term', 'src/drivers/google-cloud', 'ms', 'a lease on Google Cloud holds without renewal'],
  ['mostMutations', 'src/drivers/google-cloud', 'mutations', 'of one Datastore commit'],
  ['nativeLevels', 'src/drivers/google-cloud', 'levels', 'of a Datastore document; below is JSON text'],
  ['cutLength', 'src/drivers/google-cloud', 'characters', 'kept of a record too large for quarantine'],
]

const boundRow = ([name, where, unit, meaning]: Bound): readonly string[] => {
  const values = globSync(where.endsWith('.ts') ? where : `${where}/**/*.ts`, { cwd: root }).flatMap((file) =>
    parse(file)
      .statements.filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .filter((each) => each.name.getText() === name)
      .map(({ initializer }) => initializer),
  )
  if (values.length !== 1)
    return fail(
      `${where} has ${values.length} constants ${name}: name the right place in test/docs-tables.ts`,
    )
  const room = where.replace(/\/[^/]*\.ts$/, '')
  return [shown(values[0], name), unit, meaning, `${code(name)} in ${code(room)}`]
}

const limitTables = (): string =>
  [
    table(['limit', 'value', 'unit', 'meaning'], limitRows()),
    'Other bounds are constants beside the code that keeps them:',
    table(['at most', 'unit', 'what', 'constant'], bounds.map(boundRow)),
  ].join('\n\n')

// ── problem codes ──

// The comment in front of a union's member belongs to no node: it is read from the text between members.
const problemCodes = (): string => {
  const file = parse('src/model/problem.ts')
  const isCodes = (node: ts.Node): node is ts.TypeAliasDeclaration =>
    ts.isTypeAliasDeclaration(node) && node.name.text === 'ProblemCode'
  const union = all(file, isCodes)[0]?.type
  if (union === undefined || !ts.isUnionTypeNode(union)) return fail('ProblemCode is no union')
  let from = union.getFullStart()
  const rows = union.types.map((member) => {
    const before = file.text.slice(from, member.getStart())
    from = member.end
    const name = member.getText().replaceAll("'", '')
    const comment =
      /\/\*\*([\s\S]*)\*\//.exec(before)?.[1] ?? fail(`${name} has no docblock to make its line from`)
    return [code(name), oneLine(comment.replace(/^\s*\* ?/gm, ' '))]
  })
  return table(['code', 'when'], rows)
}

// ── error tags ──

// What the makers of a tag say of `retry`: `true`, `false`, or both where one takes it from its caller.
const retries = (file: ts.SourceFile): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const { expression, arguments: given } of all(file, ts.isCallExpression)) {
    const [tag, , details] = given
    if (expression.getText() !== 'make' || tag === undefined || !ts.isStringLiteral(tag)) continue
    const own = details !== undefined && ts.isObjectLiteralExpression(details) ? details.properties : []
    const retry = own.find((property) => property.name?.getText() === 'retry')
    const said =
      retry === undefined ? 'false' : ts.isPropertyAssignment(retry) ? retry.initializer.getText() : ''
    const all = found.get(tag.text) ?? new Set<string>()
    found.set(tag.text, all)
    for (const each of said === 'true' || said === 'false' ? [said] : ['true', 'false']) all.add(each)
  }
  return found
}

const errorTags = (): string => {
  const file = parse('src/model/errors.ts')
  const made = retries(file)
  const tagOf = ({ type }: ts.TypeAliasDeclaration): string | undefined =>
    ts.isTypeReferenceNode(type) && type.typeName.getText() === 'Failure'
      ? type.typeArguments?.[0]?.getText().replaceAll("'", '')
      : undefined
  const rows = all(file, ts.isTypeAliasDeclaration).flatMap((alias) => {
    const tag = tagOf(alias)
    if (tag === undefined) return []
    const retry = made.get(tag) ?? fail(`nothing makes a ${tag}`)
    return [
      [code(tag), retry.size > 1 ? 'yes or no' : retry.has('true') ? 'yes' : 'no', docblock(alias, tag)],
    ]
  })
  const typed = new Set(rows.map(([tag]) => tag))
  for (const tag of made.keys()) if (!typed.has(code(tag))) fail(`${tag} has no type`)
  return table(['tag', 'retry', 'when'], rows)
}

/** The generated tables by the name of their markers. */
export const tables = (): { readonly [marker: string]: string } => ({
  limits: limitTables(),
  'problem codes': problemCodes(),
  'error tags': errorTags(),
})

/** The page with each table between its markers; a marker that is missing fails. */
export const withTables = (page: string): string =>
  Object.entries(tables()).reduce((text, [name, made]) => {
    const marked = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`)
    if (!marked.test(text)) return fail(`the page has no <!-- generated: ${name} --> … <!-- end -->`)
    return text.replace(marked, (_, begin: string, end: string) => `${begin}\n${made}\n\n${end}`)
  }, page)
