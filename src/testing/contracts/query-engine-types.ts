// Contract of the query engine's types: every value comes back exactly, alone, in lists, in objects and in
// lists of objects.
import assert from 'node:assert/strict'
import type { ScalarType } from '../../model/yadto.ts'
import type { ContractCase } from '../contract.ts'
import { range } from '../check.ts'
import { ask, fill } from '../querying.ts'
import { awkwardText, integer, list, nullOf, object, scalar, storedEvent, string } from '../samples.ts'

const asIs = (text: string): unknown => text

/** Wire texts of each type, and what SQL reads for one. */
const types: readonly (readonly [
  type: ScalarType,
  texts: readonly string[],
  read: (text: string) => unknown,
])[] = [
  [
    'String',
    [
      '',
      'x',
      awkwardText,
      'a\0b',
      '\0',
      'null',
      'NULL',
      'true',
      '5',
      '[]',
      '{"a":1}',
      ' x ',
      '\\x00',
      "''",
      '日本',
      'x'.repeat(10_000),
    ],
    asIs,
  ],
  ['Boolean', ['true', 'false'], (text) => text === 'true'],
  ['Integer', ['0', '-1', '9007199254740993', '9223372036854775807', '-9223372036854775808'], BigInt],
  [
    'Double',
    [
      '0',
      '0.1',
      '-1.5',
      '1e+21',
      '5e-324',
      '1.7976931348623157e+308',
      '2.2250738585072014e-308',
      '9007199254740993',
      'NaN',
      'Infinity',
      '-Infinity',
    ],
    Number,
  ],
  [
    'Decimal',
    [
      '0',
      '1',
      '-0.000000001',
      '123.45',
      '99999999999999999999999999999.999999999',
      '-99999999999999999999999999999.999999999',
    ],
    asIs,
  ],
  [
    'DateTime',
    [
      '1970-01-01T00:00:00.000000Z',
      '0001-01-01T00:00:00.000000Z',
      '9999-12-31T23:59:59.999999Z',
      '1969-12-31T23:59:59.999999Z',
      '1582-10-10T00:00:00.000001Z',
      '2024-02-29T12:34:56.123456Z',
    ],
    asIs,
  ],
  ['Date', ['1970-01-01', '0001-01-01', '9999-12-31', '0044-03-15', '1582-10-10', '2024-02-29'], asIs],
  ['Time', ['00:00:00', '23:59:59.999999', '10:11:12.5', '00:00:00.000001'], asIs],
  [
    'Bytes',
    ['', 'AA==', Buffer.from(range(0, 255)).toString('base64'), Buffer.from('\\x00').toString('base64')],
    (text) => new Uint8Array(Buffer.from(text, 'base64')),
  ],
  [
    'Json',
    [
      '{"a":[1,null,"x"],"b":{"c":1.5}}',
      '[]',
      '{}',
      '"text"',
      '1',
      '-0.5',
      'true',
      JSON.stringify({ [awkwardText]: awkwardText }),
      '[[1],[2]]',
    ],
    (text) => JSON.parse(text) as unknown,
  ],
]

export const queryEngineTypes: readonly ContractCase[] = [
  ...types.map(([type, texts, read]): ContractCase => ({
    name: `types: ${type} comes back exactly, alone, in lists, in objects and in lists of objects`,
    run: async ({ ports: { queryEngine } }) => {
      const values = texts.map((text) => scalar(type, text))
      await fill(
        queryEngine,
        values.map((value, i) =>
          storedEvent({
            id: String(i),
            sequence: 1,
            at: i,
            content: {
              v: value,
              vs: list(value, ...values),
              o: object({ v: value, vs: list(value) }),
              os: list(...values.map((v) => object({ v, vs: list(v, value) }))),
            },
          }),
        ),
      )
      const rows = await ask(queryEngine, 'SELECT v, vs, o, os FROM Lead ORDER BY updatedAt')
      const all = texts.map(read)
      assert.equal(rows.length, texts.length)
      for (const [i, value] of all.entries()) {
        assert.deepEqual(
          rows[i],
          {
            v: value,
            vs: [value, ...all],
            o: { v: value, vs: [value] },
            os: all.map((v) => ({ v, vs: [v, value] })),
          },
          texts[i]?.slice(0, 60),
        )
      }
      assert.deepEqual(
        await ask(queryEngine, 'SELECT count(*) AS n FROM Lead_events WHERE _extra IS NOT NULL'),
        [{ n: 0n }],
      )
    },
  })),
  {
    name: 'types: null and missing are null, in objects and lists of objects too',
    run: async ({ ports: { queryEngine } }) => {
      const full = Object.fromEntries(types.map(([type, [text]]) => [type, scalar(type, text as string)]))
      const nulls = Object.fromEntries(types.map(([type]) => [type, nullOf(type)]))
      const event = (id: string, content: typeof full, o = object(content), os = list(o)) =>
        storedEvent({ id, sequence: 1, at: 1, content: { ...content, o, os } })
      await fill(queryEngine, [
        event('a', full),
        event('b', nulls),
        event('c', {}),
        event('d', {}, nullOf('EmbeddedObject'), list()),
      ])
      const none = Object.fromEntries(types.map(([type]) => [type, null]))
      const rows = (await ask(queryEngine, 'SELECT * FROM Lead ORDER BY id')).map((row) => [
        Object.fromEntries(types.map(([type]) => [type, row[type]])),
        row['o'],
        row['os'],
        row['_extra'],
      ])
      assert.deepEqual(rows.slice(1), [
        [none, none, [none], null],
        [none, none, [none], null],
        [none, null, [], null],
      ])
    },
  },
  {
    name: 'types: a List that is null, missing or empty reads as []',
    run: async ({ ports: { queryEngine } }) => {
      const contents = [
        { tags: list(string('t')), o: object({ tags: list(string('t')) }) },
        { tags: list(), o: object({ tags: list() }) },
        { tags: nullOf('List'), o: object({ tags: nullOf('List') }) },
        { o: object({}) },
      ]
      await fill(
        queryEngine,
        contents.map((content, i) => storedEvent({ id: String(i), sequence: 1, at: 1, content })),
      )
      for (const from of ['Lead', 'Lead_events', 'Lead_log', 'Lead_as_of($at)']) {
        assert.deepEqual(
          await ask(
            queryEngine,
            `SELECT tags, o FROM ${from} ORDER BY id`,
            from.includes('$') ? { at: '2024-01-02T00:00:00Z' } : {},
          ),
          [['t'], [], [], []].map((tags) => ({ tags, o: { tags } })),
          from,
        )
      }
    },
  },
  {
    name: "types: Json null is JSON's, and a digit is never lost in text",
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [
        storedEvent({
          id: 'a',
          sequence: 1,
          at: 1,
          content: {
            j: scalar('Json', 'null'),
            d: scalar('Decimal', '0.1'),
            t: string('123456789012345678901234567890.5'),
          },
        }),
      ])
      assert.deepEqual(await ask(queryEngine, 'SELECT j, d, t FROM Lead'), [
        { j: null, d: '0.1', t: '123456789012345678901234567890.5' },
      ])
    },
  },
  {
    name: 'types: sums and comparisons are those of the type',
    run: async ({ ports: { queryEngine } }) => {
      await fill(
        queryEngine,
        ['9', '10', '0.000000001'].map((text, i) =>
          storedEvent({
            id: String(i),
            sequence: 1,
            at: i,
            content: { d: scalar('Decimal', text), n: integer(i), day: scalar('Date', `2024-01-0${i + 1}`) },
          }),
        ),
      )
      assert.deepEqual(
        await ask(
          queryEngine,
          "SELECT sum(d) AS d, sum(n) AS n, max(d) AS most FROM Lead WHERE day >= DATE '2024-01-01' AND " +
            "updatedAt < TIMESTAMP '2024-01-02 00:00:00+00'",
        ),
        [{ d: '19.000000001', n: 3n, most: '10' }],
      )
    },
  },
]
