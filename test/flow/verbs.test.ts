// The verbs: both faces of each, settled, status, close, SQL's refusals and what reads cannot hold.
import { describe, expect, test } from 'vitest'
import { entity, isDreampipeError, y } from 'dreampipe'
import { t } from 'dreampipe/fp'
import { collect, day, errorOf, Lead, open, source, temporaryFolder } from './kit.ts'

const seeded = async () => {
  const { pipeline } = open([Lead])
  await pipeline.start()
  await pipeline.submitAll(
    [1, 2, 3].map((n) => Lead.toUpdate({ id: `${n}`, email: `${n}@x`, score: n, at: day(n) }, source)),
  )
  await pipeline.settled()
  return pipeline
}

test('law: every verb answers the same through both faces', async () => {
  const pipeline = await seeded()
  const id = { id: '1' }
  const { fp } = pipeline
  const right = (value: unknown) => ({ _tag: 'Right', right: value })
  const again = Lead.toUpdate({ id: '1', email: '1@x', score: 1, at: day(1) }, source)
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [await pipeline.start(), await fp.start()()],
    [await pipeline.submit(again), await fp.submit(again)()],
    [await pipeline.submitAll([again]), await fp.submitAll([again])()],
    [await pipeline.settled(), await fp.settled()()],
    [await pipeline.current(Lead, id), await fp.current(Lead, id)()],
    [await pipeline.asOf(Lead, id, day(2)), await fp.asOf(Lead, id, day(2))()],
    [
      await pipeline.find(Lead, { where: { email: '2@x' } }),
      await fp.find(Lead, { where: { email: '2@x' } })(),
    ],
    [await pipeline.sql('SELECT count(*) AS n FROM Lead'), await fp.sql('SELECT count(*) AS n FROM Lead')()],
    [await pipeline.status(), await fp.status()()],
    [await pipeline.deadLetters.list(), await fp.deadLetters.list()()],
  ]
  for (const [promise, task] of pairs) expect(task).toEqual(right(promise))
  expect(await collect(fp.history(Lead, id))).toEqual((await collect(pipeline.history(Lead, id))).map(right))
  const bad = { entity: 'Lead', yadto: {} } as const
  const error = await errorOf(pipeline.submit(bad))
  const left = await fp.submit(bad)()
  expect(left._tag === 'Left' && { tag: left.left._tag, message: left.left.message }).toEqual({
    tag: error._tag,
    message: error.message,
  })
})

test('law: a TaskEither is lazy and runs each time it is called; a Promise has started', async () => {
  const { pipeline } = open([Lead])
  const task = pipeline.fp.submit(Lead.toUpdate({ id: '1', at: day(1) }, source))
  expect(await collect(pipeline.history(Lead, { id: '1' }))).toEqual([])
  const results = [await task(), await task()]
  expect(results.map((each) => each._tag === 'Right' && each.right.status)).toEqual(['stored', 'duplicate'])
  void pipeline.submit(Lead.toUpdate({ id: '2', at: day(1) }, source))
  await pipeline.submit(Lead.toUpdate({ id: '3', at: day(1) }, source))
  expect(await collect(pipeline.history(Lead, { id: '2' }))).toHaveLength(1)
})

describe('settled and close', () => {
  test('nobody projecting is NotStarted at once', async () => {
    const { pipeline } = open([Lead])
    expect((await errorOf(pipeline.settled()))._tag).toBe('NotStarted')
    expect((await errorOf(pipeline.sql('SELECT 1')))._tag).toBe('NotStarted')
  })

  test('a receipt settles: the writer reads its own write', async () => {
    const { pipeline } = open([Lead])
    await pipeline.start()
    for (let n = 1; n <= 20; n++) {
      await pipeline.settled(await pipeline.submit(Lead.toUpdate({ id: '1', score: n, at: day(n) }, source)))
      expect(await pipeline.current(Lead, { id: '1' })).toMatchObject({ score: n })
      expect(await pipeline.sql('SELECT score FROM Lead')).toEqual([{ score: n }])
    }
  })

  test('close finishes what is in flight and refuses what comes after', async () => {
    const folder = temporaryFolder()
    const { pipeline } = open([Lead], folder)
    const inFlight = Array.from({ length: 700 }, (_, i) =>
      pipeline.submit(Lead.toUpdate({ id: `${i}`, at: day(1) }, source)),
    )
    await pipeline.close()
    expect((await Promise.all(inFlight)).every(({ status }) => status === 'stored')).toBe(true)
    expect((await errorOf(pipeline.submit(Lead.toUpdate({ id: 'late', at: day(1) }, source))))._tag).toBe(
      'Closed',
    )
    expect((await errorOf(pipeline.current(Lead, { id: '1' })))._tag).toBe('Closed')
    const reopened = open([Lead], folder)
    await reopened.pipeline.start()
    await reopened.pipeline.settled()
    expect(await reopened.pipeline.sql('SELECT count(*) AS n FROM Lead')).toEqual([{ n: 700 }])
  })
})

describe('queries', () => {
  test('find pages through everything once, by index and without', async () => {
    const { pipeline } = open([Lead])
    await pipeline.start()
    await pipeline.submitAll(
      Array.from({ length: 95 }, (_, i) =>
        Lead.toUpdate({ id: `${i}`, email: `${i % 2}@x`, at: day(1) }, source),
      ),
    )
    await pipeline.submit(Lead.toDelete({ id: '1', at: day(2) }, source))
    await pipeline.settled()
    const all = async (where: { email?: string | null }): Promise<string[]> => {
      const ids: string[] = []
      for (let cursor: string | undefined; ;) {
        const page = await pipeline.find(Lead, {
          where,
          limit: 10,
          ...(cursor === undefined ? {} : { cursor }),
        })
        ids.push(...page.items.map(({ id }) => id))
        if (page.next === undefined) return ids
        cursor = page.next
      }
    }
    expect([
      new Set(await all({})).size,
      (await all({})).length,
      (await all({ email: '0@x' })).length,
      (await all({ email: '1@x' })).length,
    ]).toEqual([94, 94, 48, 46])
    expect((await all({ email: null })).length).toBe(0)
  })

  test('bad questions are InvalidQuery with a path', async () => {
    const pipeline = await seeded()
    const path = async (promise: Promise<unknown>) => {
      const error = await errorOf(promise)
      return [error._tag, error.path]
    }
    expect(await path(pipeline.find(Lead, { where: { city: 'x' } as never }))).toEqual([
      'InvalidQuery',
      'where.city',
    ])
    expect(await path(pipeline.find(Lead, { limit: 0 }))).toEqual(['InvalidQuery', 'limit'])
    expect(await path(pipeline.find(Lead, { cursor: 'x' }))).toEqual(['InvalidQuery', 'cursor'])
    expect(await path(pipeline.current(Lead, {} as never))).toEqual(['InvalidQuery', 'id'])
    expect(await path(pipeline.current(Lead, { id: '1', more: 1 } as never))).toEqual([
      'InvalidQuery',
      'more',
    ])
    expect(await path(pipeline.asOf(Lead, { id: '1' }, '2024'))).toEqual(['InvalidQuery', 'instant'])
    expect(await path(pipeline.sql('SELECT $a', {}))).toEqual(['InvalidQuery', '$a'])
    expect(await path(pipeline.sql('SELECT 1', { a: 1 }))).toEqual(['InvalidQuery', '$a'])
    expect(await path(pipeline.sql('SELECT 9007199254740993 AS big'))).toEqual(['InvalidQuery', 'big'])
    expect(
      await path(pipeline.sql('SELECT score FROM Lead', {}, { row: t.type({ score: t.string }) })),
    ).toEqual(['InvalidQuery', '[0].score'])
    expect(await pipeline.sql('SELECT 9007199254740993 AS big', {}, { integers: 'bigint' })).toEqual([
      { big: 9007199254740993n },
    ])
  })

  test('no write, file access, attach or install gets through sql', async () => {
    const pipeline = await seeded()
    for (const text of [
      'INSERT INTO Lead VALUES (1)',
      'DELETE FROM "generation_1"."Lead_log"',
      'CREATE TABLE x (a INT)',
      "COPY Lead TO '/tmp/x.csv'",
      "ATTACH '/tmp/x.db'",
      'INSTALL httpfs',
      'LOAD httpfs',
      "SET memory_limit = '1TB'",
      'SELECT 1; DROP VIEW Lead',
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM '/etc/hostname'",
      "SELECT * FROM glob('/*')",
      'CHECKPOINT',
      "EXPORT DATABASE '/tmp/x'",
      'nonsense',
      '',
    ]) {
      const error = await errorOf(pipeline.sql(text))
      expect([text, error._tag]).toEqual([text, 'InvalidQuery'])
    }
    expect(await pipeline.sql('SELECT count(*) AS n FROM Lead')).toEqual([{ n: 3 }])
  })

  test('an integer that no number holds is an error when it is read, and exact as a bigint', async () => {
    const big = 9007199254740993n
    const of = (n: ReturnType<typeof y.integer> | ReturnType<typeof y.bigint>) =>
      entity('Count', {
        properties: { id: y.string(), n, at: y.dateTime() },
        identifier: ['id'],
        timestamp: 'at',
      })
    const folder = temporaryFolder()
    const Wide = of(y.bigint())
    const wide = open([Wide], folder)
    await wide.pipeline.start()
    await wide.pipeline.settled(
      await wide.pipeline.submit(Wide.toUpdate({ id: '1', n: big, at: day(1) }, source)),
    )
    expect(await wide.pipeline.current(Wide, { id: '1' })).toMatchObject({ n: big })
    await wide.pipeline.close()
    const narrow = open([of(y.integer())], folder)
    expect(await errorOf(narrow.pipeline.current(of(y.integer()), { id: '1' }))).toMatchObject({
      _tag: 'InvalidQuery',
      path: 'n',
    })
  })
})

test('schemas that grew: old rows read null or [], nested fields and lists join in', async () => {
  const Any = entity('Learnt', { identifier: ['id'], timestamp: 'at' })
  const { pipeline } = open([Any])
  await pipeline.start()
  const send = (id: string, more: object) =>
    pipeline.submit(Any.toUpdate({ id: y.string().of(id), at: y.dateTime().of(day(1)), ...more }, source))
  await pipeline.settled(await send('1', {}))
  await pipeline.settled(
    await send('2', { o: y.object({ a: y.string() }).of({ a: 'x' }), tags: y.list(y.string()).of(['t']) }),
  )
  await pipeline.settled(
    await send('3', { o: y.object({ b: y.list(y.object({ c: y.integer() })) }).of({ b: [{ c: 5 }] }) }),
  )
  expect(await pipeline.sql('SELECT id, o, tags FROM Learnt ORDER BY id')).toEqual([
    { id: '1', o: null, tags: [] },
    { id: '2', o: { a: 'x', b: [] }, tags: ['t'] },
    { id: '3', o: { a: null, b: [{ c: 5 }] }, tags: [] },
  ])
  expect(await pipeline.current(Any, { id: '3' })).toEqual({
    id: '3',
    at: '2024-01-01T00:00:00.000000Z',
    o: { b: [{ c: 5 }] },
  })
})

test('errors are narrowed by tag and carry no stack of secrets', async () => {
  const { pipeline } = open([Lead])
  const error = await errorOf(pipeline.submit({ entity: 'Lead', yadto: {} }))
  expect([
    isDreampipeError(error),
    isDreampipeError(error, 'InvalidUpdate'),
    isDreampipeError(error, 'Closed'),
    isDreampipeError(new Error('x')),
  ]).toEqual([true, true, false, false])
})
