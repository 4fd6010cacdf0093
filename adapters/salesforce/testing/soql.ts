// Parses the SOQL that extractors send: SELECT of fields, paths and COUNT(), WHERE with AND, OR and
// parentheses, ORDER BY, LIMIT.

export type Literal =
  | { readonly kind: 'text' | 'instant' | 'number'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'IN'
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly some: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly field: string; readonly operator: Operator; readonly values: readonly Literal[] }
export interface Soql {
  readonly text: string
  /** Empty for `COUNT()`. */
  readonly fields: readonly string[]
  readonly count: boolean
  readonly object: string
  readonly where?: Condition
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[]
  readonly limit?: number
}

/** A refused query, as Salesforce answers it. */
export interface Malformed {
  readonly errorCode: string
  readonly message: string
}

interface Token {
  readonly text: string
  readonly at: number
  readonly kind: 'word' | 'text' | 'instant' | 'number' | 'sign' | 'end'
}

const kinds: readonly RegExp[] = [
  /\s+/,
  /(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)/,
  /(-?\d+(?:\.\d+)?)/,
  /'((?:[^'\\]|\\.)*)'/,
  /([A-Za-z_][\w.]*)/,
  /(!=|<>|<=|>=|[=<>(),])/,
  /./,
]
const pattern = new RegExp(kinds.map(({ source }) => source).join('|'), 'gy')

const tokensOf = (text: string): readonly Token[] | Malformed => {
  const tokens: Token[] = []
  for (const found of text.matchAll(pattern)) {
    const [all, instant, number, quoted, word, sign] = found
    const at = found.index
    if (instant !== undefined) tokens.push({ text: instant, at, kind: 'instant' })
    else if (number !== undefined) tokens.push({ text: number, at, kind: 'number' })
    else if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(.)/g, '$1'), at, kind: 'text' })
    else if (word !== undefined) tokens.push({ text: word, at, kind: 'word' })
    else if (sign !== undefined) tokens.push({ text: sign, at, kind: 'sign' })
    else if (all.trim() !== '') return { errorCode: 'MALFORMED_QUERY', message: `unexpected token: '${all}'` }
  }
  return [...tokens, { text: '<EOF>', at: text.length, kind: 'end' }]
}

/** Where a query is wrong, as Salesforce shows it. */
export const pointing = (text: string, at: number, message: string): string =>
  `\n${text}\n${' '.repeat(at)}^\nERROR at Row:1:Column:${at + 1}\n${message}`

export const parseSoql = (text: string): Soql | Malformed => {
  const tokens = tokensOf(text)
  if ('errorCode' in tokens) return tokens
  let next = 0
  let wrong: Malformed | undefined
  const peek = (): Token => tokens[Math.min(next, tokens.length - 1)] as Token
  const refuse = (): void => {
    wrong ??= {
      errorCode: 'MALFORMED_QUERY',
      message: pointing(text, peek().at, `unexpected token: '${peek().text}'`),
    }
  }
  const take = (): Token => tokens[Math.min(next++, tokens.length - 1)] as Token
  const isNext = (word: string): boolean => peek().kind !== 'text' && peek().text.toUpperCase() === word
  const accept = (word: string): boolean => isNext(word) && take() !== undefined
  const expect = (word: string): void => {
    if (!accept(word)) refuse()
  }
  const word = (): string => {
    if (peek().kind !== 'word') refuse()
    return take().text
  }
  const literal = (): Literal => {
    const token = take()
    if (token.kind === 'text' || token.kind === 'instant' || token.kind === 'number')
      return { kind: token.kind, value: token.text }
    const upper = token.text.toUpperCase()
    if (upper === 'TRUE' || upper === 'FALSE') return { kind: 'boolean', value: upper === 'TRUE' }
    if (upper !== 'NULL') {
      next--
      refuse()
    }
    return { kind: 'null' }
  }
  const comparison = (): Condition => {
    if (accept('NOT')) return { not: comparison() }
    if (accept('(')) {
      const inside = condition()
      expect(')')
      return inside
    }
    const field = word()
    if (accept('IN')) {
      expect('(')
      const values = [literal()]
      while (accept(',')) values.push(literal())
      expect(')')
      return { field, operator: 'IN', values }
    }
    const sign = take().text
    if (!['=', '!=', '<>', '<', '<=', '>', '>='].includes(sign)) {
      next--
      refuse()
    }
    return { field, operator: (sign === '<>' ? '!=' : sign) as Operator, values: [literal()] }
  }
  // AND and OR do not mix without parentheses: SOQL has no precedence.
  const condition = (): Condition => {
    const first = comparison()
    const joint = isNext('AND') ? 'AND' : isNext('OR') ? 'OR' : undefined
    if (joint === undefined || wrong !== undefined) return first
    const of = [first]
    while (wrong === undefined && accept(joint)) of.push(comparison())
    if (isNext('AND') || isNext('OR')) refuse()
    return joint === 'AND' ? { all: of } : { some: of }
  }

  expect('SELECT')
  const fields: string[] = []
  let count = false
  do {
    const name = word()
    if (name.toUpperCase() === 'COUNT' && accept('(')) {
      expect(')')
      count = true
    } else fields.push(name)
  } while (wrong === undefined && accept(','))
  expect('FROM')
  const object = word()
  const where = accept('WHERE') ? condition() : undefined
  const orderBy: { field: string; descending: boolean }[] = []
  if (accept('ORDER')) {
    expect('BY')
    do {
      const field = word()
      const descending = accept('DESC')
      if (!descending) accept('ASC')
      orderBy.push({ field, descending })
    } while (wrong === undefined && accept(','))
  }
  const limit = accept('LIMIT') ? Number(take().text) : undefined
  if (peek().kind !== 'end') refuse()
  return (
    wrong ?? {
      text,
      fields,
      count,
      object,
      orderBy,
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
    }
  )
}
