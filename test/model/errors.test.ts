// Errors: real Errors with a tag, told apart without classes, across copies of the package, and fit to be
// logged.
import { inspect } from 'node:util'
import { expect, test, vi } from 'vitest'
import * as errors from '../../src/model/errors.ts'
import type { Problem } from '../../src/model/problem.ts'

const { isDreampipeError, reasonOf } = errors
const problems: readonly Problem[] = [
  { code: 'Missing', path: 'a.b', message: 'is missing' },
  { code: 'WrongType', path: '', message: 'is wrong' },
]
const cause = Object.assign(new Error('connect to db.internal failed'), { config: { password: 'hunter2' } })

const made: readonly (readonly [
  tag: string,
  retry: boolean,
  error: Error & { readonly _tag: string; readonly retry: boolean },
])[] = [
  ['InvalidUpdate', false, errors.invalidUpdate('Lead', problems)],
  ['SchemaConflict', false, errors.schemaConflict('Lead', problems)],
  ['UnknownEntity', false, errors.unknownEntity('submit', 'Lad', ['Lead', 'Order'])],
  ['Unavailable', true, errors.unavailable('submit Lead', 'the disk is busy', cause)],
  ['Unavailable', false, errors.brokenDown('submit Lead', 'the disk is full', cause)],
  ['Contention', true, errors.contention('submit Lead', 'others were faster', cause)],
  ['NotStarted', false, errors.notStarted('settled', 'nobody projects')],
  ['TimedOut', true, errors.timedOut('settled', '30 s')],
  ['Closed', false, errors.closed('submit')],
  ['Parked', false, errors.parked('settled', 'Lead 1')],
  ['InvalidQuery', false, errors.invalidQuery('sql', '$at', 'is missing', cause)],
  ['InvalidDefinition', false, errors.invalidDefinition('Lead', 'view.index', 'is wrong')],
  ['MissingDependency', false, errors.missingDependency('sql', '@duckdb/node-api', cause)],
]

test('each is a real Error whose name is its tag, and says whether to try again', () => {
  for (const [tag, retry, error] of made) {
    expect([
      Object.prototype.toString.call(error),
      error instanceof Error,
      error.name,
      error._tag,
      error.retry,
    ]).toEqual(['[object Error]', true, tag, tag, retry])
    expect(error.stack).toContain(error.message)
    expect(String(error)).toBe(`${tag}: ${error.message}`)
    expect(inspect(error)).toMatch(new RegExp(`^${tag}: `))
    expect(Object.keys(error)).not.toContain('name')
  }
})

test('messages name verb or entity, and path', () => {
  expect(made.map(([, , { message }]) => message)).toEqual([
    'submit Lead: a.b: is missing [Missing]; (update): is wrong [WrongType]',
    'Lead: its definition contradicts what is stored: a.b: is missing [Missing]; (update): is wrong ' +
      '[WrongType]',
    'submit: this pipeline has no entity "Lad"; it has Lead, Order',
    'submit Lead: the disk is busy',
    'submit Lead: the disk is full',
    'submit Lead: others were faster',
    'settled: nobody projects',
    'settled: 30 s',
    'submit: the pipeline is closed',
    'settled: Lead 1',
    'sql: $at: is missing',
    'entity Lead: view.index: is wrong',
    'sql: needs the package @duckdb/node-api, which is not installed: npm install @duckdb/node-api',
  ])
})

test('isDreampipeError narrows to the tags it is given', () => {
  const error: unknown = errors.invalidUpdate('Lead', problems)
  expect([
    isDreampipeError(error),
    isDreampipeError(error, 'InvalidUpdate'),
    isDreampipeError(error, 'Closed', 'InvalidUpdate'),
    isDreampipeError(error, 'Closed'),
    isDreampipeError(error, 'Closed', 'Parked'),
  ]).toEqual([true, true, true, false, false])
  if (isDreampipeError(error, 'InvalidUpdate', 'SchemaConflict')) {
    const [first] = error.problems
    const path: string = first.path
    expect([error.entity, path]).toEqual(['Lead', 'a.b'])
  }
  const definition: unknown = errors.invalidDefinition('Lead', 'view', 'x')
  if (isDreampipeError(definition) && definition._tag === 'InvalidDefinition')
    expect(definition.path).toBe('view')
  const missing: unknown = errors.missingDependency('sql', 'x')
  if (isDreampipeError(missing, 'MissingDependency')) expect(missing.install).toBe('npm install x')
})

test('nothing else is one, whatever it looks like', () => {
  for (const other of [
    undefined,
    null,
    5,
    'x',
    Symbol('s'),
    {},
    new Error('x'),
    { _tag: 'Closed', retry: false },
    Object.assign(new Error('x'), { _tag: 'Closed', retry: false }),
    () => 1,
    new Map(),
    Object.create(null),
  ]) {
    expect([isDreampipeError(other), isDreampipeError(other, 'Closed')]).toEqual([false, false])
  }
})

test('the brand holds across copies of the package', async () => {
  // Another copy of the module, as ESM and CJS builds side by side make one.
  vi.resetModules()
  const copy = await import('../../src/model/errors.ts')
  expect(copy.closed).not.toBe(errors.closed)
  expect([
    isDreampipeError(copy.closed('submit'), 'Closed'),
    copy.isDreampipeError(errors.closed('submit'), 'Closed'),
    copy.isDreampipeError(errors.closed('submit'), 'Parked'),
  ]).toEqual([true, true, false])
})

test('toJSON gives tag, message, retry and fields; neither stack nor cause, nor what the cause holds', () => {
  expect(JSON.parse(JSON.stringify(errors.invalidUpdate('Lead', problems)))).toEqual({
    _tag: 'InvalidUpdate',
    message: expect.any(String) as string,
    retry: false,
    entity: 'Lead',
    problems,
  })
  expect(
    JSON.parse(JSON.stringify({ error: errors.invalidQuery('sql', '$at', 'is missing', cause) })),
  ).toEqual({ error: { _tag: 'InvalidQuery', message: 'sql: $at: is missing', retry: false, path: '$at' } })
  for (const [, , error] of made) {
    const text = JSON.stringify(error)
    for (const secret of ['hunter2', 'db.internal', 'stack', 'errors.ts', 'cause'])
      expect(text).not.toContain(secret)
    expect(error.message).not.toContain('db.internal')
  }
  expect(errors.unavailable('submit', 'away', cause).cause).toBe(cause)
  expect('cause' in errors.closed('submit')).toBe(false)
})

test('reasonOf is a short text of anything thrown, and never throws itself', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const unreadable = 'a value that cannot be read'
  const cases: readonly (readonly [unknown, string])[] = [
    [new Error('why'), 'why'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
    [{ message: 'm' }, 'm'],
    [{ message: 5 }, '5'],
    [{}, '[object Object]'],
    [Object.create(null), unreadable],
    [{ message: Object.create(null) as unknown }, unreadable],
    [
      {
        get message() {
          return boom()
        },
      },
      unreadable,
    ],
    [{ toString: boom }, unreadable],
    [new Proxy({}, { has: boom }), unreadable],
  ]
  for (const [thrown, reason] of cases) expect(reasonOf(thrown)).toBe(reason)
})
