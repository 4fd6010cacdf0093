// What is told of one bad update stays small, and is found in a time that grows with the update.
import { expect, test } from 'vitest'
import { createPipeline, entity, isDreampipeError, y, type Problem } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const Note = entity('Note', {
  properties: { id: y.string(), n: y.optional(y.integer()), big: y.optional(y.bigint()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const text = (value: string) => ({ propertyType: 'String', value })
const base = {
  id: text('1'),
  at: { propertyType: 'DateTime', value: '2024-01-01T00:00:00Z' },
  eventSource: text('test'),
}

const problemsOf = async (yadto: unknown): Promise<readonly Problem[]> => {
  const pipeline = createPipeline([Note], { driver: embedded({ folder: ':memory:' }) })
  try {
    await pipeline.submit({ entity: 'Note', yadto })
    return []
  } catch (error) {
    if (isDreampipeError(error, 'InvalidUpdate')) return error.problems
    throw error
  } finally {
    await pipeline.close()
  }
}

test('at most a hundred problems are told, and how many more there are', async () => {
  const wrong = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`p${i}`, { propertyType: 'Integer', value: 'x' }]),
  )
  const problems = await problemsOf({ ...base, ...wrong })
  expect(problems).toHaveLength(101)
  expect(problems.at(-1)).toEqual({
    code: 'TooLarge',
    path: '',
    message: 'has 50 more problems, which are not told',
  })
})

test('a path is cut, however long the names and however deep they lie', async () => {
  const deep = (level: number): unknown =>
    level === 0
      ? { propertyType: 'Integer', value: 'x' }
      : { propertyType: 'EmbeddedObject', embeddedEntity: { ['n'.repeat(300)]: deep(level - 1) } }
  const problems = await problemsOf({ ...base, deep: deep(40) })
  expect(problems.map(({ code }) => code)).toEqual(['WrongType'])
  expect(problems[0]?.path.length).toBeLessThanOrEqual(401)
})

test('a name of 400,000 points costs no more than any other of its length', async () => {
  const started = performance.now()
  const plain = await problemsOf({ ...base, ['a'.repeat(400_000)]: { propertyType: 'Integer', value: 'x' } })
  const between = performance.now()
  const dotted = await problemsOf({
    ...base,
    ['a.'.repeat(200_000)]: { propertyType: 'Integer', value: 'x' },
  })
  const [one, other] = [between - started, performance.now() - between]
  expect([plain.map(({ code }) => code), dotted.map(({ code }) => code)]).toEqual([['BadName'], ['BadName']])
  expect(other).toBeLessThan(one * 20 + 500)
})

test.each(['9007199254740992', '1234567890123456789', '-9223372036854775808'])(
  'y.integer() refuses %s, which it could not read, and names y.bigint(), which takes it',
  async (value) => {
    expect(await problemsOf({ ...base, n: { propertyType: 'Integer', value } })).toEqual([
      {
        code: 'WrongType',
        path: 'n',
        message: 'is beyond 2^53, which y.integer() cannot read exactly: declare it with y.bigint()',
      },
    ])
    expect(await problemsOf({ ...base, big: { propertyType: 'Integer', value } })).toEqual([])
  },
)
