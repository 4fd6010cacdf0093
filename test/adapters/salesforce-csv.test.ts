// CSV as Bulk sends it: read cell by cell, however it is cut.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'csv-parse/sync'
import { csvReader, type Cells } from '../../adapters/salesforce/csv.ts'
import { expectSame, leads, people, setting } from './salesforce-kit.ts'

const cell = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '"', '""', '\n', '\r\n', ',', 'a"b', '\n"', 'NA', 'null', '\0'),
)
const written = (rows: readonly (readonly string[])[], newline: string): string =>
  rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')).join(newline)
const readAll = (text: string, cuts: readonly number[]): Cells[] => {
  const reader = csvReader()
  const rows: Cells[] = []
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = cuts[i % Math.max(1, cuts.length)] ?? text.length
    rows.push(...reader.push(text.slice(at, at + size)))
    at += size
  }
  return [...rows, ...reader.end()]
}

test(
  'law: CSV comes back cell by cell, however it is cut, with LF or CRLF, with or without a last line ' +
    'break; empty is null',
  () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }),
          ),
        fc.array(fc.integer({ min: 1, max: 7 })),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, cuts, newline, last) => {
          const text = written(rows, newline) + (last ? newline : '')
          expect(readAll(text, cuts)).toEqual(
            rows.map((row) => row.map((value) => (value === '' ? null : value))),
          )
        },
      ),
      { numRuns: 500 },
    )
  },
)

test('law: CSV reads as csv-parse reads it, unquoted cells too', () => {
  const plain = fc.stringMatching(/^[a-z0-9 .]{0,6}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(plain, cell, plain), { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (rows, cuts) => {
        const text = rows.map(([a, b, c]) => `${a},"${b.replaceAll('"', '""')}",${c}\n`).join('')
        const theirs = parse(text, { relaxColumnCount: true, recordDelimiter: '\n' }) as string[][]
        expect(readAll(text, cuts)).toEqual(
          theirs.map((row) => row.map((value) => (value === '' ? null : value))),
        )
      },
    ),
  )
})

test('CSV that ends within a cell, or goes on behind a closing quote, is broken', () => {
  for (const text of ['"a","b', '"a","b""', '"a"x,"b"\n'])
    expect(() => readAll(text, [])).toThrow(SyntaxError)
})

test('CSV that begins with a byte order mark', async () => {
  const given = await setting()
  leads(given.sf, 12)
  given.sf.clock.advance(60)
  given.sf.faults.add({ kind: 'rewrite', body: (body) => `\uFEFF${body}` }, { on: /\/results/, times: 9 })
  expect((await given.run(people(given.sf, { reading: { via: 'bulk' } }))).stored).toBe(12)
  await expectSame(given, true)
  expect(csvReader().push('"a","b"\n')).toEqual([['a', 'b']])
})
