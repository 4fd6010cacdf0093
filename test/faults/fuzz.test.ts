// Fuzzed input: 100,000 documents of every shape; none harms the pipeline, each refusal says where and why,
// the rest is projected.
import { expect, test } from 'vitest'
import { entity, isDreampipeError, y, type DreampipeError } from 'dreampipe'
import { open, temporaryFolder } from '../flow/kit.ts'
import { document, mutantOf } from './documents.ts'
import { scalarTypes } from './oddities.ts'
import { noUnhandled, prove, randomOf } from './kit.ts'
import { rounds } from '../thorough.ts'

const Declared = entity('Declared', {
  properties: {
    id: y.string(),
    n: y.optional(y.integer()),
    flag: y.optional(y.boolean()),
    price: y.optional(y.decimal()),
    when: y.optional(y.date()),
    tags: y.optional(y.list(y.string())),
    address: y.optional(y.object({ street: y.optional(y.string()) })),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
  view: { index: ['n'] },
})
const Learned = entity('Learned', { identifier: ['id'], timestamp: 'at' })
const many = rounds('documents of every shape', 100_000, 30_000)

const problemsOf = (
  error: DreampipeError,
): readonly { readonly path: unknown; readonly code: unknown; readonly message: unknown }[] =>
  'problems' in error
    ? (error.problems as readonly {
        readonly path: unknown
        readonly code: unknown
        readonly message: unknown
      }[])
    : []

// What a refusal must be; the first ones that are not are shown.
const isTold = (error: unknown): boolean => {
  if (
    !isDreampipeError(error, 'InvalidUpdate', 'UnknownEntity') ||
    error.retry ||
    typeof error.message !== 'string'
  )
    return false
  if (error._tag === 'UnknownEntity') return true
  const problems = problemsOf(error)
  return (
    problems.length > 0 &&
    problems.every(
      ({ path, code, message }) =>
        typeof path === 'string' && typeof code === 'string' && typeof message === 'string',
    )
  )
}

test(`${many} documents of every shape: a tagged error each, or stored and projected`, async () => {
  const unhandled = noUnhandled()
  const { pipeline, signals } = open([Declared, Learned], temporaryFolder())
  await pipeline.start()
  const random = randomOf(5, 'documents')
  const untold: string[] = []
  const told = new Map<string, number>()
  let refused = 0
  const refuse = (error: unknown): void => {
    refused++
    if (!isTold(error) && untold.length < 5) untold.push(String(error))
    const code = isDreampipeError(error) ? String(problemsOf(error)[0]?.code ?? error._tag) : 'untagged'
    told.set(code, (told.get(code) ?? 0) + 1)
  }
  const all = function* (): Generator<never> {
    for (let i = 0; i < many; i++) yield document(random, i) as never
  }
  const counts = await pipeline.submitAll(all(), { onRejected: refuse })
  expect(untold).toEqual([])
  expect(refused).toBe(counts.rejected)
  expect(counts.stored + counts.duplicate + counts.outdated + counts.rejected).toBe(many)
  // Every kind comes often enough to count.
  expect(counts.stored).toBeGreaterThan(many / 20)
  expect(counts.rejected).toBeGreaterThan(many / 3)
  for (const code of ['WrongType', 'Missing', 'UnknownEntity', 'BadName'])
    expect([code, (told.get(code) ?? 0) > 50]).toEqual([code, true])

  const outcomes = await Promise.allSettled(
    Array.from({ length: 2_000 }, (_, i) => pipeline.submit(document(random, many + i) as never)),
  )
  const rejected = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  )
  expect(rejected.filter((error) => !isTold(error))).toEqual([])
  const stored = outcomes.filter(
    (outcome) => outcome.status === 'fulfilled' && outcome.value.status === 'stored',
  ).length

  expect((await prove(pipeline, Declared)) + (await prove(pipeline, Learned))).toBe(counts.stored + stored)
  expect(await pipeline.deadLetters.list()).toEqual([])
  expect(signals.filter(({ _tag }) => _tag !== 'retrying')).toEqual([])
  expect(unhandled).toEqual([])
}, 120_000)

test('the generator makes what it says: every scalar type, and mutants that differ', () => {
  const random = randomOf(1, 'self')
  const texts = Array.from({ length: 3_000 }, (_, i) => {
    try {
      return JSON.stringify(document(random, i)) ?? 'undefined'
    } catch {
      return 'unreadable'
    }
  })
  for (const type of scalarTypes)
    expect([type, texts.some((text) => text.includes(`"${type}"`))]).toEqual([type, true])
  expect(mutantOf(random, { a: { propertyType: 'String', value: 'x' } })).toBeDefined()
})
