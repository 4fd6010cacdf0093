// Runs the contract suite of the query engine on BigQuery's emulator, through Google's client.
import { describe, expect, test } from 'vitest'
import { queryEngineContract, runContract } from '../../src/testing.ts'
import { left, right } from '../../src/testing/check.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import { integer, list, nullOf, object, scalar, storedEvent, string } from '../../src/testing/samples.ts'
import { bigQueryBench } from './google-cloud-bench.ts'

const { open, missing } = bigQueryBench()

/** What the emulator gets wrong (goccy/bigquery-emulator 0.8.1), by the name of the case. */
const wrong: { readonly [name: string]: string } = {
  'types: Double comes back exactly, alone, in lists, in objects and in lists of objects':
    'it keeps NaN as null, and Infinity nowhere inside of lists',
  'check: recomputes every type and nesting, deletes, parts, nulls and missing lists':
    'it keeps NaN as null, and Infinity nowhere inside of lists',
  'check: what lies beyond columns and levels is no difference':
    'it keeps its tables in SQLite, which takes 2,000 columns, and 2,000 leaves and the system columns ' +
    'are more',
  "query: a failure while it runs is the query's, and the next one works":
    'it answers brackets 20,000 deep, which BigQuery refuses',
}

const skip = (name: string, why: string): void => {
  console.log(`left out: ${name}: ${why}`)
  test.skip(name, () => undefined)
}

describe('query engine on BigQuery', () => {
  const cases = queryEngineContract.filter(({ name }) => missing === undefined && !(name in wrong))
  runContract(cases, {
    test: (name, run) => void test(name, run, 120_000),
    skip,
    open,
    capabilities: { secondConnection: true, log: false, storesPositions: false },
  })
  for (const [name, why] of Object.entries(wrong))
    if (missing === undefined) skip(name, `the emulator: ${why}`)
  if (missing !== undefined) skip('the whole suite', missing)
})

describe.skipIf(missing !== undefined)(
  'what the cases that are left out hold, as far as the emulator goes',
  () => {
    const texts = [
      '0',
      '0.1',
      '-1.5',
      '1e+21',
      '5e-324',
      '1.7976931348623157e+308',
      '2.2250738585072014e-308',
      '9007199254740993',
    ]
    const numbers = texts.map((text) => scalar('Double', text))
    const events = [
      storedEvent({
        id: 'a',
        sequence: 1,
        at: '0001-01-01T00:00:00.000001Z',
        version: '1',
        content: {
          d: numbers[1] ?? integer(0),
          ds: list(...numbers),
          m: scalar('Decimal', '-99999999999999999999999999999.999999999'),
          b: scalar('Bytes', 'AP8='),
          t: scalar('Time', '00:00:00.000001'),
          j: scalar('Json', '{"a":[1.5,null]}'),
          o: object({
            tags: list(string('x')),
            in: object({ at: scalar('DateTime', '9999-12-31T23:59:59.999999Z') }),
            ds: list(...numbers),
          }),
          os: list(object({ b: scalar('Bytes', '') }), object({})),
        },
      }),
      storedEvent({
        id: 'a',
        sequence: 2,
        at: 2,
        kind: 'partial',
        content: { d: nullOf('Double'), ds: nullOf('List'), o: nullOf('EmbeddedObject'), os: list() },
      }),
      storedEvent({ id: 'a', sequence: 3, at: 3, kind: 'delete' }),
    ]

    test(
      'doubles are exact, rows agree with their events in every type and nesting, and an altered one ' +
        'does not',
      async () => {
        const {
          ports: { queryEngine },
          discard,
        } = await open()
        await fill(queryEngine, events, { updates: ['full', 'partial'] })
        const [row] = await ask(
          queryEngine,
          'SELECT d, ds, o.ds AS inner_ds FROM Lead_events WHERE _sequence = 1',
        )
        expect(row).toEqual({ d: 0.1, ds: texts.map(Number), inner_ds: texts.map(Number) })
        const range = { after: undefined, until: undefined }
        expect(await right(queryEngine.check('Lead', { ...range, events }))).toEqual({
          missing: [],
          surplus: [],
          different: [],
        })
        const altered = events.map((event) => ({
          ...event,
          payload: event.payload.replace('"value":"AP8="', '"value":"AP4="'),
        }))
        expect((await right(queryEngine.check('Lead', { ...range, events: altered }))).different).toEqual([
          { entityId: events[0]?.entityId, sequence: 1 },
        ])
        await discard?.()
      },
    )

    test("a query that fails while it runs is the query's fault, and the next one works", async () => {
      const {
        ports: { queryEngine },
        discard,
      } = await open()
      await fill(queryEngine, [
        storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string('Linz') } }),
      ])
      await left(
        queryEngine.query('SELECT CAST(city AS DATE) AS day FROM Lead', {}, { integers: 'number' }),
        'InvalidQuery',
      )
      expect(await count(queryEngine, 'Lead')).toBe(1)
      await discard?.()
    })
  },
)
