// Laws of BigQuery's queries: parameters are found where they stand, and answers are read as what they are.
import { describe, expect, test } from 'vitest'
import { readQuery } from '../../src/drivers/google-cloud/bigquery/select.ts'
import { plainRow } from '../../src/drivers/google-cloud/bigquery/result.ts'
import type { TableField } from '../../src/schema/bigquery.ts'

describe('queries', () => {
  test('parameters are found outside of texts, names and comments', () => {
    expect(readQuery('SELECT $a, $b, $a + $A')).toEqual({
      text: 'SELECT @p0, @p1, @p0 + @p2',
      names: ['a', 'b', 'A'],
    })
    for (const quiet of [
      "'$x'",
      '"$x"',
      '`$x`',
      "'''a'$x'''",
      '"""a"$x"""',
      "r'\\'$x'",
      "'\\'$x'",
      "b'$x'",
      "'a\\\\'",
    ])
      expect(readQuery(`SELECT ${quiet}`).names, quiet).toEqual([])
    expect(readQuery('SELECT 1 -- $x\n, 2 # $x\n, 3 /* $x ; */ ;').names).toEqual([])
    expect(readQuery("SELECT 'a\\\\', $x").names).toEqual(['x'])
  })

  test('one statement that reads is let through, and nothing else', () => {
    for (const fine of [
      'SELECT 1',
      ' select 1;',
      '-- x\nSELECT 1',
      '/* ; DROP */ WITH a AS (SELECT 1) SELECT * FROM a',
      '((SELECT 1))',
      "SELECT ';' ; -- ; DROP",
      'FROM Lead |> SELECT id',
    ])
      expect(() => readQuery(fine), fine).not.toThrow()
    for (const refused of [
      '',
      ';',
      '-- SELECT',
      'DROP VIEW Lead',
      '/* SELECT */ DROP VIEW Lead',
      'SELECT 1; DROP VIEW Lead',
      "SELECT ''; DROP VIEW Lead --'",
      "SELECT 'a\\'; DROP VIEW Lead",
      'SELECT "x; DROP VIEW Lead',
      "SELECT r'\\\\'; DROP VIEW Lead",
      ';SELECT 1',
      'BEGIN SELECT 1; END',
      '`SELECT`',
      "EXECUTE IMMEDIATE 'SELECT 1'",
    ])
      expect(() => readQuery(refused), refused).toThrow(/sql/)
  })
})

describe('answers', () => {
  test('cells are read as what they are, in records and lists too', () => {
    const cell = (
      type: string,
      v: unknown,
      mode: 'NULLABLE' | 'REPEATED' = 'NULLABLE',
      inner?: readonly TableField[],
    ) =>
      plainRow(
        { f: [{ v }] },
        [{ name: 'x', type, mode, ...(inner === undefined ? {} : { fields: inner }) }],
        {
          integers: 'bigint',
          unsafe: () => {
            throw new Error('unsafe')
          },
        },
      )['x']
    expect(
      ['NaN', 'Infinity', '-Infinity', '+Inf', '-Inf', '1e+21', '5e-324'].map((v) => cell('FLOAT', v)),
    ).toEqual([NaN, Infinity, -Infinity, Infinity, -Infinity, 1e21, 5e-324])
    expect(
      [
        '0',
        '-1',
        '-62135596799999999',
        '253402300799999999',
        '2024-01-02 03:04:05.5+00',
        '2024-01-02 03:04:05 UTC',
      ].map((v) => cell('TIMESTAMP', v)),
    ).toEqual([
      '1970-01-01T00:00:00.000000Z',
      '1969-12-31T23:59:59.999999Z',
      '0001-01-01T00:00:00.000001Z',
      '9999-12-31T23:59:59.999999Z',
      '2024-01-02T03:04:05.500000Z',
      '2024-01-02T03:04:05.000000Z',
    ])
    expect([
      cell('TIME', '10:11:12.500000'),
      cell('TIME', '10:00:00'),
      cell('NUMERIC', '1.500000000'),
      cell('INTEGER', '9223372036854775807'),
      cell('BOOLEAN', 'false'),
      cell('JSON', '{"a":1}'),
      cell('STRING', null),
      cell('STRING', null, 'REPEATED'),
      cell('BYTES', 'AP8='),
    ]).toEqual([
      '10:11:12.5',
      '10:00:00',
      '1.5',
      9223372036854775807n,
      false,
      { a: 1 },
      null,
      [],
      new Uint8Array([0, 255]),
    ])
    expect(
      cell('RECORD', [{ v: { f: [{ v: '1' }, { v: null }] } }], 'REPEATED', [
        { name: 'n', type: 'INTEGER' },
        { name: 'l', type: 'STRING', mode: 'REPEATED' },
      ]),
    ).toEqual([{ n: 1n, l: [] }])
  })

  test('an integer that no number holds stops the row by its path', () => {
    const reading = {
      integers: 'number' as const,
      unsafe: (column: string): never => {
        throw new Error(column)
      },
    }
    const inner: readonly TableField[] = [{ name: 'n', type: 'INTEGER' }]
    expect(
      plainRow(
        { f: [{ v: { f: [{ v: '9007199254740991' }] } }] },
        [{ name: 'o', type: 'RECORD', fields: inner }],
        reading,
      ),
    ).toEqual({ o: { n: Number.MAX_SAFE_INTEGER } })
    expect(() =>
      plainRow(
        { f: [{ v: { f: [{ v: '9007199254740992' }] } }] },
        [{ name: 'o', type: 'RECORD', fields: inner }],
        reading,
      ),
    ).toThrow('o.n')
  })
})
