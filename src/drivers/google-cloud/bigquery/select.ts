// Runs one SELECT that came from outside: a single statement that only reads, with named parameters.
import { TE, type TaskEither } from '../../../fp.ts'
import { invalidQuery } from '../../../model/errors.ts'
import { instantOfDate } from '../../../model/instant.ts'
import type { SqlError, SqlParameters, SqlRow, SqlValue } from '../../../ports/query-engine.ts'
import type { Rest } from './client.ts'
import { queryError } from './errors.ts'
import { runQuery, statementType, type JobOptions, type QueryParameter } from './jobs.ts'
import { plainRow } from './result.ts'

const refuse = (path: string, why: string): never => {
  throw invalidQuery('sql', path, why)
}

// Strings (raw ones end at the same quote: a backslash keeps its next character there too), quoted names,
// comments, names, numbers, anything else.
// https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
const kinds: readonly RegExp[] = [
  /(?<long>"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?''')/,
  /(?<text>"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|`(?:\\[^]|[^`\\])*`)/,
  /(?<comment>(?:--|#)[^\n]*|\/\*[^]*?\*\/)/,
  /(?<space>\s+)/,
  /\$(?<parameter>[A-Za-z_]\w*)/,
  /(?<word>\w+)/,
  /(?<other>[^])/,
]
const token = new RegExp(kinds.map(({ source }) => source).join('|'), 'gy')

export interface Asked {
  /** With `@p0`, `@p1` … in the parameters' place. */
  readonly text: string
  /** The parameters' names in that order. */
  readonly names: readonly string[]
}

/** Takes a query apart: names its parameters, and refuses what is not one statement that only reads. */
export const readQuery = (query: string): Asked => {
  const names: string[] = []
  let text = ''
  let first: string | undefined
  let ended = false
  for (const { 0: all, groups = {} } of query.matchAll(token)) {
    const { comment, space, parameter } = groups
    if (comment !== undefined || space !== undefined) {
      text += all
      continue
    }
    if (ended) refuse('', 'sql runs one statement')
    if (all === ';') {
      ended = true
      continue
    }
    // An open bracket may stand before the first SELECT.
    if (first === undefined && all !== '(') first = all.toUpperCase()
    if (parameter === undefined) text += all
    else {
      if (!names.includes(parameter)) names.push(parameter)
      // Parameters' names are one without regard to case in BigQuery, and here they are not.
      text += `@p${names.indexOf(parameter)}`
    }
  }
  if (first !== 'SELECT' && first !== 'WITH' && first !== 'FROM')
    refuse('', 'sql only reads: the statement must be a SELECT')
  return { text, names }
}

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n }

const typed = (name: string, value: SqlValue): readonly [type: string, value: string | null] => {
  // BigQuery has no null without a type; that of a text fits texts, dates and instants.
  if (value === null) return ['STRING', null]
  if (typeof value === 'boolean') return ['BOOL', String(value)]
  if (typeof value === 'string') return ['STRING', value]
  if (typeof value === 'bigint')
    return value >= int64.least && value <= int64.most
      ? ['INT64', String(value)]
      : refuse(`$${name}`, `${value} is beyond int64`)
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? ['INT64', String(value)] : ['FLOAT64', String(value)]
  return ['TIMESTAMP', instantOfDate(value) ?? refuse(`$${name}`, 'this Date is invalid')]
}

const bound = (names: readonly string[], parameters: SqlParameters): readonly QueryParameter[] => {
  for (const name of Object.keys(parameters))
    if (!names.includes(name)) refuse(`$${name}`, 'the statement does not ask for this parameter')
  return names.map((name, i) => {
    const given = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const [type, value] =
      given === undefined
        ? refuse(`$${name}`, 'the statement asks for this parameter and it is not given')
        : typed(name, given)
    return { name: `p${i}`, parameterType: { type }, parameterValue: { value } }
  })
}

const run = async (
  rest: Rest,
  query: string,
  parameters: SqlParameters,
  integers: 'number' | 'bigint',
  options: JobOptions,
): Promise<readonly SqlRow[]> => {
  const { text, names } = readQuery(query)
  const values = bound(names, parameters)
  // Our own reading has let only one SELECT through; BigQuery has the last word, before anything runs.
  const type = await statementType(rest, text, values, options)
  if (type !== undefined && type !== 'SELECT') refuse('', `sql only reads: this is ${type}`)
  const { fields, rows } = await runQuery(rest, text, values, options)
  const unsafe = (column: string, value: bigint): never =>
    refuse(column, `${value} is no safe number: read integers exactly with { integers: 'bigint' }`)
  return rows.map((row) => plainRow(row, fields, { integers, unsafe }))
}

export const select = (
  rest: Rest,
  text: string,
  parameters: SqlParameters,
  integers: 'number' | 'bigint',
  options: JobOptions,
): TaskEither<SqlError, readonly SqlRow[]> =>
  TE.tryCatch(() => run(rest, text, parameters, integers, options), queryError)
