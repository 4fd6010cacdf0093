// Laws of BigQuery's tables: columns grow with the schema, rows are exact texts, and what fits no column
// waits in _extra.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import { growColumns, type Columns } from '../../src/schema/columns.ts'
import {
  integer,
  list,
  nullOf,
  object,
  scalar,
  schemaFor,
  storedEvent,
  string,
} from '../../src/testing/samples.ts'
import { eventOf, rowOf, withoutColumn, writtenNumber, type Row } from '../../src/schema/bigquery-row.ts'
import { logFields, mergedFields, quoted, sqlObjects, type TableField } from '../../src/schema/bigquery.ts'
import { comparable, expectedRow } from '../../src/schema/expected.ts'

const columnsOf = (...events: readonly StoredEvent[]): Columns =>
  growColumns({}, schemaFor(events).properties).columns
const rowFor = (event: StoredEvent, columns: Columns): Row => {
  const row = rowOf(event, columns)
  if ('why' in row) throw new Error(row.why)
  return row
}
const event = (content: Parameters<typeof storedEvent>[0]['content'] & {}, sequence = 1): StoredEvent =>
  storedEvent({ id: 'a', sequence, at: sequence, content })

// A name has one type wherever it comes from: a property never changes its type.
const fieldsTo = (depth: number): fc.Arbitrary<readonly TableField[]> =>
  fc.uniqueArray(
    fc.constantFrom('a', 'b', 'c', 'd', 'e').chain((name): fc.Arbitrary<TableField> => {
      const text = fc.constant<TableField>({ name: `${name}_text`, type: 'STRING', mode: 'NULLABLE' })
      return depth === 0
        ? text
        : fc.oneof(
            text,
            fieldsTo(depth - 1).map((inner): TableField => ({
              name: `${name}_record`,
              type: 'RECORD',
              mode: 'NULLABLE',
              fields: inner,
            })),
          )
    }),
    { maxLength: 5, selector: ({ name }) => name },
  )
const fields = fieldsTo(3)
const paths = (all: readonly TableField[], path = ''): readonly string[] =>
  all.flatMap((field) => [`${path}${field.name}`, ...paths(field.fields ?? [], `${path}${field.name}.`)])

describe('columns', () => {
  test(
    'merged, they are all of both, those that were there first and in their order; merging again ' +
      'changes nothing',
    () => {
      fc.assert(
        fc.property(fields, fields, (have, need) => {
          const merged = mergedFields(have, need)
          expect(new Set(paths(merged))).toEqual(new Set([...paths(have), ...paths(need)]))
          expect(merged.slice(0, have.length).map(({ name }) => name)).toEqual(have.map(({ name }) => name))
          expect(mergedFields(merged, need)).toBe(merged)
          expect(mergedFields(merged, have)).toBe(merged)
        }),
      )
    },
  )

  test('a name in SQL is quoted, and only the view of the log names a generation', () => {
    expect([quoted('a'), quoted('a`b\\')]).toEqual(['`a`', '`a\\`b\\\\`'])
    const [one, two] = [1, 2].map((generation) =>
      sqlObjects(
        { project: 'p', dataset: 'd' },
        'Lead',
        generation,
        columnsOf(event({ city: string('x') })),
        ['full', 'partial'],
      ),
    ) as [ReturnType<typeof sqlObjects>, ReturnType<typeof sqlObjects>]
    expect(one.map(({ name, query }, i) => [name, query === two[i]?.query])).toEqual([
      ['Lead_log', false],
      ['Lead_events', true],
      ['Lead', true],
      ['Lead_as_of', true],
    ])
    expect(one.every(({ query }) => !/\*/.test(query.replaceAll('__event__.*', '')))).toBe(true)
  })
})

const rich = event({
  s: string('{{projectId}} \u0000"\\'),
  i: integer(-9223372036854775808n),
  d: scalar('Double', 'NaN'),
  e: scalar('Double', '-Infinity'),
  m: scalar('Decimal', '-99999999999999999999999999999.999999999'),
  b: scalar('Bytes', 'AP8='),
  y: scalar('Boolean', 'false'),
  t: scalar('Time', '00:00:00.000001'),
  day: scalar('Date', '9999-12-31'),
  j: scalar('Json', '{"a":[1.5,null]}'),
  n: nullOf('Integer'),
  l: list(scalar('Double', 'Infinity'), scalar('Double', '0.1')),
  o: object({
    tags: list(string('x')),
    in: object({ at: scalar('DateTime', '9999-12-31T23:59:59.999999Z') }),
  }),
  os: list(object({ b: scalar('Bytes', '') }), object({})),
})

describe('rows', () => {
  test('are exact texts of their types', () => {
    const row = JSON.parse(`{${rowFor(rich, columnsOf(rich)).text}}`) as { readonly [name: string]: unknown }
    expect(row).toMatchObject({
      s: '{{projectId}} \u0000"\\',
      i: '-9223372036854775808',
      d: 'NaN',
      e: '-Infinity',
      m: '-99999999999999999999999999999.999999999',
      b: 'AP8=',
      y: 'false',
      t: '00:00:00.000001',
      day: '9999-12-31',
      j: '{"a":[1.5,null]}',
      n: null,
      l: ['Infinity', '0.1'],
      o: { tags: ['x'], in: { at: '9999-12-31T23:59:59.999999Z' } },
      os: [{ b: '' }, {}],
      _extra: null,
      _sequence: '1',
      _operation: 'full',
    })
    expect(
      Object.keys(row).filter((name) => !logFields(columnsOf(rich)).some((field) => field.name === name)),
    ).toEqual([])
  })

  test('lead back to an event that makes the same row, wherever its values stand', () => {
    const columns = columnsOf(rich)
    for (const fewer of [
      columns,
      withoutColumn(columns, ['o', 'in']),
      withoutColumn(columns, ['os', 'b']),
      withoutColumn(columns, ['d']),
      {},
    ]) {
      const { text } = rowFor(rich, fewer)
      const { _extra } = JSON.parse(`{${text}}`) as { readonly _extra: string | null }
      const back = eventOf(
        'Lead',
        { ...expectedRow(rich, fewer), _extra: _extra === null ? null : JSON.parse(_extra) },
        fewer,
      )
      expect(comparable(expectedRow(back, columns))).toBe(comparable(expectedRow(rich, columns)))
      expect(rowFor(back, columns).late).toBe(0)
    }
  })

  test('a JSON number that no double holds is rounded in its column and exact in _extra', () => {
    const exact = event({
      j: scalar('Json', '{"n":12345678901234567890.5}'),
      k: scalar('Json', '{"n":9007199254740993}'),
      f: scalar('Json', '[1234567890123456]'),
    })
    const { text, late } = rowFor(exact, columnsOf(exact))
    const { j, k, f, _extra } = JSON.parse(`{${text}}`) as { readonly [name: string]: string }
    expect([j, k, f, late]).toEqual([
      '{"n":12345678901234567000}',
      '{"n":9007199254740992}',
      '[1234567890123456]',
      0,
    ])
    expect(JSON.parse(_extra ?? '')).toEqual({
      j: scalar('Json', '{"n":12345678901234567890.5}'),
      k: scalar('Json', '{"n":9007199254740993}'),
    })
  })

  test('an event that can never be a row says where, and why', () => {
    const columns = columnsOf(rich)
    const spoilt = (name: string, value: unknown): StoredEvent => ({
      ...rich,
      payload: JSON.stringify({ [name]: value }),
    })
    for (const [name, value, path] of [
      ['i', { propertyType: 'Integer', value: 'many' }, 'i'],
      ['i', { propertyType: 'Integer', value: '9223372036854775808' }, 'i'],
      ['d', { propertyType: 'Double', value: '1e400' }, 'd'],
      ['day', { propertyType: 'Date', value: '2024-02-30' }, 'day'],
      ['m', { propertyType: 'Decimal', value: '0.0000000001' }, 'm'],
      ['j', { propertyType: 'Json', value: '{' }, 'j'],
      ['y', { propertyType: 'Boolean', value: 'yes' }, 'y'],
      ['l', { propertyType: 'List', values: [{ propertyType: 'Double', value: 'x' }] }, 'l[]'],
      [
        'o',
        {
          propertyType: 'EmbeddedObject',
          embeddedEntity: {
            in: {
              propertyType: 'EmbeddedObject',
              embeddedEntity: { at: { propertyType: 'DateTime', value: 'yesterday' } },
            },
          },
        },
        'o.in.at',
      ],
    ] as const)
      expect(rowOf(spoilt(name, value), columns), `${name} ${JSON.stringify(value)}`).toMatchObject({ path })
  })

  test(
    'a fuller one is behind a poorer one whatever the clocks say, an erased one behind all, and of ' +
      'equals the later counts',
    () => {
      const [full, poor, none] = [columnsOf(rich), withoutColumn(columnsOf(rich), ['s']), {}].map((columns) =>
        rowFor(rich, columns),
      ) as [Row, Row, Row]
      const erased = rowFor({ ...rich, kind: 'erased', payload: '{}' }, columnsOf(rich))
      const [early, late] = [1_700_000_000_000_000n, 4_000_000_000_000_000n]
      expect(writtenNumber(erased, early)).toBeGreaterThan(writtenNumber(full, late))
      expect(writtenNumber(full, early)).toBeGreaterThan(writtenNumber(poor, late))
      expect(writtenNumber(poor, early)).toBeGreaterThan(writtenNumber(none, late))
      expect(writtenNumber(full, late)).toBeGreaterThan(writtenNumber(full, early))
      expect(writtenNumber(erased, late)).toBeLessThan(2n ** 63n)
    },
  )

  test('a column is left out by its path, in lists too; a record that would be empty goes with it', () => {
    const columns = columnsOf(rich)
    expect(Object.keys(withoutColumn(columns, ['s']))).toEqual(
      Object.keys(columns).filter((name) => name !== 's'),
    )
    expect(withoutColumn(columns, ['o', 'in', 'at'])).toEqual({
      ...columns,
      o: {
        kind: 'record',
        columns: { tags: { kind: 'repeated', element: { kind: 'scalar', type: 'String' } } },
      },
    })
    expect('os' in withoutColumn(columns, ['os', 'b'])).toBe(false)
    expect('s' in withoutColumn(columns, ['S'])).toBe(false)
    expect(withoutColumn(columns, ['nowhere'])).toBe(columns)
  })
})
