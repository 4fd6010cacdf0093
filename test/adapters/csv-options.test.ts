// The options of csv, each against what another reader makes of the same text.
import { parse, type Options } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { csv, type CsvOptions } from 'dreampipe/adapters/csv'
import { httpPages } from 'dreampipe/adapters/http'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { collect, errorOf } from '../flow/kit.ts'
import { Disc, of, outcome } from './text-kit.ts'

type More = Partial<CsvOptions<typeof Disc>>

// The rows as csv gives them to a normalise, header to text.
const rowsOf = async (pieces: readonly string[], more: More = {}) => {
  const rows: unknown[] = []
  const normalise = (row: object) => {
    rows.push({ ...row })
    return []
  }
  expect(await collect(csv(pieces, { ...of, ...more, normalise }))).toEqual([])
  return rows
}
const both = async (text: string, more: More, other: Options): Promise<unknown[]> => {
  const rows = await rowsOf([text], more)
  const others: unknown[] = parse(text, { columns: true, skip_empty_lines: true, ...other })
  expect(rows).toEqual(others)
  expect(await rowsOf([...text], more)).toEqual(rows)
  return rows
}

test('law: any table comes back, whatever is in its cells, wherever its pieces are cut', async () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '#', ';', 'ä') }),
    fc.string({ unit: 'grapheme' }),
  )
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 })
  const written = (text: string): string => `"${text.replaceAll('"', '""')}"`
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.constantFrom(',', ';', '||', '\t'),
      fc.nat({ max: 7 }),
      async (rows, end, delimiter, size) => {
        const text = rows.map((row) => row.map(written).join(delimiter)).join(end)
        const pieces = [...(text.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? [])]
        const headers = ['a', 'b', 'c']
        const expected = rows.map(([a, b, c]) => ({ a, b, c }))
        expect(await rowsOf(pieces, { headers, delimiter })).toEqual(expected)
        expect(await rowsOf([text], { headers, delimiter })).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('quote: another one, or none', async () => {
  expect(
    await both(`id,name\n1,'a, b'\n2,it "is"\n3,'it''s'\n`, { quote: "'" }, { quote: "'", escape: "'" }),
  ).toHaveLength(3)
  expect(await both('id,name\n1,"5" disc\n2,5" disc"\n', { quote: false }, { quote: false })).toEqual([
    { id: '1', name: '"5" disc' },
    { id: '2', name: '5" disc"' },
  ])
})

test('comment and skipLines: what is passed over, before the headers and between the rows', async () => {
  const text = 'Report "of" today\r\n\r\nid,name\n1,a#b\n#2,b\n3,"c\n#c"\n#'
  expect(await rowsOf([text], { comment: '#', skipLines: 2 })).toEqual([
    { id: '1', name: 'a#b' },
    { id: '3', name: 'c\n#c' },
  ])
  await both(
    '// x\nid;name\n1;a\n// y\n2;b\n',
    { comment: '//', delimiter: ';' },
    { comment: '//', delimiter: ';' },
  )
  await both('x\ny\nid,name\n1,a\n', { skipLines: 2 }, { from_line: 3 })
  const [row] = await collect(csv([text], { ...of, comment: '#', skipLines: 2 }))
  expect(row?.at).toBe('line 4')
})

test('columns: header to property; one that is not there, or two that become one, are refused', async () => {
  const text = 'Nr.,Title,at\n1,a,2024-01-01\n'
  expect((await outcome(csv([text], { ...of, columns: { 'Nr.': 'id', Title: 'name' } }))).names).toEqual({
    1: 'a',
  })
  expect(await rowsOf([text], { columns: { 'Nr.': 'id' } })).toEqual([
    { id: '1', Title: 'a', at: '2024-01-01' },
  ])
  const refused = async (columns: { readonly [header: string]: string }) =>
    (await errorOf(collect(csv([text], { ...of, columns })))).message
  expect(await refused({ Nr: 'id' })).toContain('there is no column Nr, which columns renames')
  expect(await refused({ 'Nr.': 'at' })).toContain('columns makes at of more than one')
})

test('columns: metadata that is mapped on purpose', async () => {
  const text = 'id,at,gone,eventSource\n1,2024-01-01,,a\n1,2024-01-02,delete,b\n2,2024-01-02,,\n'
  const columns = { gone: 'eventOperation', eventSource: 'eventSource' }
  const updates = await collect(csv([text], { ...of, columns }))
  expect(updates.map(({ yadto }) => [yadto['eventSource']?.value, yadto['eventOperation']?.value])).toEqual([
    ['a', null],
    ['b', 'delete'],
    [null, null],
  ])
  expect(await outcome(csv([text], { ...of, columns }))).toMatchObject({ stored: 2, rejected: 1, names: {} })
})

const Bill = entity('Bill', {
  properties: {
    id: y.string(),
    note: y.optional(y.string()),
    sum: y.optional(y.decimal()),
    rate: y.optional(y.double()),
    paid: y.optional(y.boolean()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})
const bills = async (rows: string, more: Partial<CsvOptions<typeof Bill>>) => {
  const text = `id;note;sum;rate;paid;at\n${rows}`
  const updates = await collect(csv([text], { entity: Bill, source: 'shop', delimiter: ';', ...more }))
  return updates.map(({ yadto, problems }) =>
    problems === undefined
      ? ['note', 'sum', 'rate', 'paid'].map((name) => yadto[name]?.value)
      : problems.map(({ path, message }) => `${path}: ${message}`).join(),
  )
}

test('nulls: texts that mean null, in any column, quoted or not', async () => {
  expect(
    await bills('1;NULL;"N/A";NULL;NULL;2024-01-01\n2;null;;1;TRUE;2024-01-01\n', { nulls: ['NULL', 'N/A'] }),
  ).toEqual([
    [null, null, null, null],
    ['null', null, '1', 'true'],
  ])
})

test("decimal ',': commas are points, and a point is rejected instead of read as one", async () => {
  const rows =
    '1;1,5;-1,50;1,5e3;;2024-01-01\n2;;1.234;;;2024-01-01\n3;;1.234,5;;;2024-01-01\n4;;;1.5;;2024-01-01\n'
  expect(await bills(rows, { decimal: ',' })).toEqual([
    ['1,5', '-1.50', '1.5e3', null],
    "line 3: column sum: holds a point, and decimal is ','",
    "line 4: column sum: holds a point, and decimal is ','",
    "line 5: column rate: holds a point, and decimal is ','",
  ])
})

test('ragged: rejected, padded with empty cells, or taken as far as they go', async () => {
  const text = 'id,at,name\n1,2024-01-01\n2,2024-01-01,b,surplus\n3,2024-01-01,c\n'
  const read = async (ragged: 'reject' | 'pad' | 'ignore') =>
    (await collect(csv([text], { ...of, ragged }))).map(({ yadto, problems }) =>
      problems === undefined
        ? yadto['name'] === undefined
          ? 'absent'
          : yadto['name'].value
        : problems[0]?.path,
    )
  expect(await read('reject')).toEqual(['line 2', 'line 3', 'c'])
  expect(await read('pad')).toEqual([null, 'line 3', 'c'])
  expect(await read('ignore')).toEqual(['absent', 'b', 'c'])
  await both('a,b\n1\n2,3,4\n', { ragged: 'ignore' }, { relax_column_count: true })
})

test('options that nobody knows are refused, and the one that was meant is named', () => {
  const odd = { ...of, delimitr: ';' }
  expect(() => csv([], odd)).toThrow('csv: delimitr: is no option: did you mean delimiter?')
  expect(() => csv([], { ...of, dates: { format: 'YYYY-MM-DD', zoned: 'UTC' } as never })).toThrow(
    'csv.dates: zoned: is no option: did you mean zone?',
  )
  expect(() => jsonl([], { normalize: () => [] } as never)).toThrow(
    'jsonl: normalize: is no option: did you mean normalise?',
  )
  const pages = { first: () => '', next: () => null, records: () => [], cursor: () => 0, timout: 1 }
  expect(() => httpPages(pages)).toThrow('httpPages: timout: is no option: did you mean timeout?')
  for (const [option, value] of [
    ['entity', 'Disc'],
    ['source', ''],
    ['delimiter', ''],
    ['delimiter', 'a"'],
    ['quote', 'ab'],
    ['comment', '\n'],
    ['skipLines', -1],
    ['columns', { a: 1 }],
    ['nulls', 'NULL'],
    ['headers', 'id'],
    ['decimal', ';'],
    ['ragged', 'skip'],
    ['encoding', 'utf-9'],
  ] as const)
    expect(() => csv([], { ...of, [option]: value })).toThrow(new RegExp(`^csv: ${option}: `))
  expect(() => csv([], undefined as never)).toThrow(/^csv: expects an object of options/)
})
