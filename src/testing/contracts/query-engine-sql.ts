// Contract of `query`: one SELECT, `$name` parameters, exact integers, and nothing but reading.
import assert from 'node:assert/strict'
import type { QueryEngine, SqlParameters } from '../../ports/query-engine.ts'
import { left, range, right } from '../check.ts'
import { awkwardText, integer, storedEvent, string } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { ask, count, fill } from '../querying.ts'
import { hostile } from './query-engine-hostile.ts'

const events = range(1, 5).map((n) =>
  storedEvent({
    id: String(n),
    sequence: 1,
    at: n,
    content: { n: integer(n), city: string(n % 2 === 0 ? 'Graz' : 'Linz') },
  }),
)

const refused = (
  engine: QueryEngine,
  text: string,
  parameters: SqlParameters = {},
  integers: 'number' | 'bigint' = 'number',
) => left(engine.query(text, parameters, { integers }), 'InvalidQuery')

const nested = (depth: number): string => `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)} AS n`

export const queryEngineSql: readonly ContractCase[] = [
  {
    name: 'query: filters, groups, orders, joins; names its columns',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      assert.deepEqual(
        await ask(
          queryEngine,
          'SELECT city, count(*) AS many, sum(n) AS total FROM Lead GROUP BY city ORDER BY city',
        ),
        [
          { city: 'Graz', many: 2n, total: 6n },
          { city: 'Linz', many: 3n, total: 9n },
        ],
      )
      assert.deepEqual(
        await ask(
          queryEngine,
          'WITH big AS (SELECT * FROM Lead WHERE n > 3) SELECT id FROM big ORDER BY n DESC',
        ),
        [{ id: '5' }, { id: '4' }],
      )
      assert.deepEqual(await ask(queryEngine, "SELECT id FROM Lead WHERE city = 'nowhere'"), [])
      assert.deepEqual(await ask(queryEngine, "SELECT 'a;b' AS t, '$x' AS p -- ; $y"), [
        { t: 'a;b', p: '$x' },
      ])
      assert.deepEqual(await ask(queryEngine, "SELECT 'x' AS t;"), [{ t: 'x' }])
    },
  },
  {
    name: 'query: parameters by name, of every type, as often as they are named',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      assert.deepEqual(
        await ask(
          queryEngine,
          'SELECT id FROM Lead WHERE n > $least AND n < $most AND city <> $city AND n <> $least ORDER BY id',
          { least: 1, most: 5n, city: 'Graz' },
        ),
        [{ id: '3' }],
      )
      assert.deepEqual(
        await ask(queryEngine, 'SELECT $text AS text, $yes AS yes, $n AS n', {
          text: awkwardText,
          yes: true,
          n: 9007199254740993n,
        }),
        [{ text: awkwardText, yes: true, n: 9007199254740993n }],
      )
      assert.deepEqual(
        await ask(queryEngine, 'SELECT id FROM Lead WHERE n = $half OR n = $two', { half: 1.5, two: 2 }),
        [{ id: '2' }],
      )
      assert.deepEqual(
        await ask(queryEngine, 'SELECT count(*) AS n FROM Lead WHERE updatedAt <= $at', {
          at: new Date('2024-01-01T00:00:03Z'),
        }),
        [{ n: 3n }],
      )
      assert.equal(await count(queryEngine, 'Lead WHERE city = $city', { city: null }), 0)
    },
  },
  {
    name: 'query: a parameter is a value and never SQL',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      for (const text of ["' OR 1 = 1 --", "x'; DROP VIEW Lead; --", '1 OR 1 = 1', '$city'])
        assert.equal(await count(queryEngine, 'Lead WHERE city = $city', { city: text }), 0)
      assert.equal(await count(queryEngine, 'Lead'), 5)
    },
  },
  {
    name: 'query: a parameter that is missing, and one that is not asked for, is refused by name',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      assert.equal((await refused(queryEngine, 'SELECT id FROM Lead WHERE n = $least')).path, '$least')
      assert.equal(
        (await refused(queryEngine, 'SELECT id FROM Lead WHERE n = $least AND city = $city', { least: 1 }))
          .path,
        '$city',
      )
      assert.equal(
        (await refused(queryEngine, 'SELECT id FROM Lead WHERE n = $least', { least: 1, most: 2 })).path,
        '$most',
      )
      assert.equal((await refused(queryEngine, 'SELECT id FROM Lead', { least: null })).path, '$least')
      assert.equal(
        (await refused(queryEngine, 'SELECT id FROM Lead WHERE city = $toString')).path,
        '$toString',
      )
      assert.equal(
        (await refused(queryEngine, 'SELECT id FROM Lead WHERE updatedAt < $at', { at: new Date(NaN) })).path,
        '$at',
      )
      await refused(queryEngine, 'SELECT id FROM Lead WHERE n = ?')
    },
  },
  {
    name:
      'query: int64 comes as a safe number or as bigint; an unsafe one is refused by its column, ' +
      'never rounded',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [
        ...events,
        storedEvent({ id: '9', sequence: 1, at: 9, content: { n: integer(9007199254740992n) } }),
      ])
      const number = (text: string) => right(queryEngine.query(text, {}, { integers: 'number' }))
      assert.deepEqual(
        [
          await number('SELECT n, count(*) AS many FROM Lead WHERE n < 3 GROUP BY n ORDER BY n'),
          await number('SELECT sum(n) AS n FROM Lead WHERE n < 9'),
        ],
        [
          [
            { n: 1, many: 1 },
            { n: 2, many: 1 },
          ],
          [{ n: 15 }],
        ],
      )
      const error = await refused(queryEngine, 'SELECT id, n FROM Lead ORDER BY n')
      assert.deepEqual([error.path, error.retry], ['n', false])
      assert.match(error.message, /bigint/)
      assert.deepEqual((await ask(queryEngine, "SELECT n FROM Lead WHERE id = '9'"))[0], {
        n: 9007199254740992n,
      })
    },
  },
  {
    name: 'query: what does not only read is refused, and changes nothing',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const state = async () => [
        await ask(queryEngine, 'SELECT * FROM Lead_log ORDER BY id'),
        await ask(queryEngine, 'SELECT * FROM Lead ORDER BY id'),
      ]
      const before = await state()
      for (const text of hostile) {
        const result = await queryEngine.query(text, {}, { integers: 'number' })()
        assert.equal(result._tag, 'Left', `was run: ${text}`)
        const error = (result as { readonly left: { readonly _tag: string; readonly retry: boolean } }).left
        assert.deepEqual([error._tag, error.retry], ['InvalidQuery', false], `${text}: ${String(error)}`)
      }
      assert.deepEqual(await state(), before)
      assert.equal(
        await right(
          queryEngine.append('Lead', [
            storedEvent({ id: '6', sequence: 1, at: 6, content: { n: integer(6) } }),
          ]),
        ),
        true,
      )
      assert.equal(await count(queryEngine, 'Lead'), 6)
    },
  },
  {
    name: "query: a failure while it runs is the query's, and the next one works",
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      await refused(queryEngine, 'SELECT CAST(city AS DATE) AS day FROM Lead')
      await refused(queryEngine, nested(20_000))
      assert.equal(await count(queryEngine, 'Lead'), 5)
    },
  },
  {
    name: 'query: is a task that asks each time it is run, and not before',
    run: async ({ ports: { queryEngine } }) => {
      const task = queryEngine.query('SELECT count(*) AS n FROM Lead', {}, { integers: 'number' })
      await fill(queryEngine, events)
      assert.deepEqual(await right(task), [{ n: 5 }])
      await right(queryEngine.append('Lead', [storedEvent({ id: '6', sequence: 1, at: 6 })]))
      assert.deepEqual(await right(task), [{ n: 6 }])
    },
  },
  {
    name: 'query: many at once each have their own answer',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, events)
      const answers = await Promise.all(
        range(1, 20).map((n) =>
          ask(queryEngine, 'SELECT $n + n AS n FROM Lead WHERE id = $id', {
            n: BigInt(n),
            id: String((n % 5) + 1),
          }),
        ),
      )
      assert.deepEqual(
        answers,
        range(1, 20).map((n) => [{ n: BigInt(n + (n % 5) + 1) }]),
      )
    },
  },
]
