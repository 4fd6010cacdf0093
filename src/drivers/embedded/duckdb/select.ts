// Runs one SELECT that came from outside: a single statement, in a read-only transaction, with named
// parameters.
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { TE, type TaskEither } from '../../../fp.ts'
import { instantOfDate } from '../../../model/instant.ts'
import { invalidQuery, isDreampipeError, unavailable } from '../../../model/errors.ts'
import type { SqlError, SqlParameters, SqlRow, SqlValue } from '../../../ports/query-engine.ts'
import type { DuckDb } from './client.ts'
import { engineReason } from './errors.ts'
import { plainRow } from './result.ts'

const refuse = (path: string, why: string): never => {
  throw invalidQuery('sql', path, why)
}

const bindOne = (
  { module }: DuckDb,
  statement: DuckDBPreparedStatement,
  index: number,
  name: string,
  value: SqlValue,
): void => {
  if (value === null) return statement.bindNull(index)
  if (typeof value === 'boolean') return statement.bindBoolean(index, value)
  if (typeof value === 'string') return statement.bindVarchar(index, value)
  if (typeof value === 'bigint') return statement.bindBigInt(index, value)
  if (typeof value === 'number')
    return Number.isSafeInteger(value)
      ? statement.bindBigInt(index, BigInt(value))
      : statement.bindDouble(index, value)
  const instant = instantOfDate(value) ?? refuse(`$${name}`, 'this Date is invalid')
  return statement.bindTimestampTZ(
    index,
    new module.DuckDBTimestampTZValue(BigInt(Date.parse(instant)) * 1000n),
  )
}

const bind = (duckdb: DuckDb, statement: DuckDBPreparedStatement, parameters: SqlParameters): void => {
  const asked = new Set<string>()
  for (let index = 1; index <= statement.parameterCount; index++) {
    const name = statement.parameterName(index)
    asked.add(name)
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (value === undefined) refuse(`$${name}`, 'the statement asks for this parameter and it is not given')
    else bindOne(duckdb, statement, index, name, value)
  }
  for (const name of Object.keys(parameters))
    if (!asked.has(name)) refuse(`$${name}`, 'the statement does not ask for this parameter')
}

// Table functions that only make rows of what they are given; others read files, change settings, or end the
// process.
const harmless: ReadonlySet<string> = new Set([
  'unnest',
  'range',
  'generate_series',
  'repeat',
  'repeat_row',
  'json_each',
  'json_tree',
])
const isAllowed = (name: string): boolean => harmless.has(name.toLowerCase()) || /_as_of$/i.test(name)

type Node = { readonly [key: string]: unknown }

const functionName = (node: Node): string => String((node['function'] as Node | undefined)?.['function_name'])

const checkFunctions = (node: unknown): void => {
  if (typeof node !== 'object' || node === null) return
  if ((node as Node)['type'] === 'TABLE_FUNCTION' && !isAllowed(functionName(node as Node)))
    refuse(
      '',
      `sql reads the entities' tables, it does not call the table function ${functionName(node as Node)}`,
    )
  for (const key in node) checkFunctions((node as Node)[key])
}

// The parse tree as JSON, which DuckDB gives of SELECTs only. It is looked at before anything is prepared:
// preparing some statements acts already.
const check = async (connection: DuckDBConnection, text: string): Promise<void> => {
  const json = (
    await connection.runAndReadAll('SELECT json_serialize_sql(CAST($1 AS VARCHAR))', [text])
  ).getRows()[0]?.[0] as string
  const {
    error,
    error_type: type,
    error_message: message,
    statements = [],
  } = JSON.parse(json) as {
    readonly error: boolean
    readonly error_type?: string
    readonly error_message?: string
    readonly statements?: readonly unknown[]
  }
  if (error)
    refuse(
      '',
      type === 'not implemented' ? 'sql only reads: the statement must be a SELECT' : String(message),
    )
  if (statements.length !== 1) refuse('', `sql runs one statement, got ${statements.length}`)
  checkFunctions(statements)
}

const prepare = async (
  { module }: DuckDb,
  connection: DuckDBConnection,
  text: string,
): Promise<DuckDBPreparedStatement> => {
  await check(connection, text)
  const statement = await connection.prepare(text)
  return statement.statementType === module.StatementType.SELECT
    ? statement
    : refuse('', 'sql only reads: the statement must be a SELECT')
}

const run = async (
  duckdb: DuckDb,
  connection: DuckDBConnection,
  text: string,
  parameters: SqlParameters,
  integers: 'number' | 'bigint',
): Promise<readonly SqlRow[]> => {
  const statement = await prepare(duckdb, connection, text)
  bind(duckdb, statement, parameters)
  const result = await statement.runAndReadAll()
  const names = result.deduplicatedColumnNames()
  const types = result.columnTypes()
  const context = {
    duckdb: duckdb.module,
    integers,
    unsafe: (column: string, value: bigint) =>
      refuse(column, `${value} is no safe number: read integers exactly with { integers: 'bigint' }`),
  }
  return result.getRows().map((row) => plainRow(names, types, row, context))
}

const asError = (thrown: unknown): SqlError => {
  if (isDreampipeError(thrown, 'InvalidQuery', 'Unavailable')) return thrown
  const why = engineReason(thrown)
  return /^(IO|Out of Memory|Internal|FATAL|INTERRUPT)/i.test(why)
    ? unavailable('sql', why, thrown)
    : invalidQuery('sql', '', why, thrown)
}

export const select = (
  duckdb: DuckDb,
  text: string,
  parameters: SqlParameters,
  { integers }: { readonly integers: 'number' | 'bigint' },
): TaskEither<SqlError, readonly SqlRow[]> =>
  TE.tryCatch(
    () =>
      duckdb.beside(async (connection) => {
        // Closing the connection ends the transaction; nothing was written in it.
        await connection.run('BEGIN TRANSACTION READ ONLY')
        return run(duckdb, connection, text, parameters, integers)
      }),
    asError,
  )
