// Files as they come: wrong quotes, ragged rows, headers that decide, line ends that change. Every row is in
// a count, with its line and the reason, and no value is changed in silence.
import { describe, expect, test } from 'vitest'
import { csv } from 'dreampipe/adapters/csv'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { collect, errorOf } from '../flow/kit.ts'
import { Disc, line, of, outcome, row } from './text-kit.ts'

describe('quotes', () => {
  test('a stray quote costs its own row, and names the line', async () => {
    const rows = Array.from({ length: 9_999 }, (_, i) => row(`${i + 2}`)).join('')
    expect(await outcome(csv(['id,name,at\n1,"5" disc,2024-01-01\n', rows], of))).toEqual({
      stored: 9_999,
      rejected: 1,
      why: ['line 2: a cell goes on behind its closing " [WrongType]'],
      names: {},
    })
  })

  test('a quote that is never closed, or inside a cell, costs its own row wherever it stands', async () => {
    for (const [bad, why] of [
      ['2,"5 disc,2024-01-01\n', 'a " is not closed'],
      ['2,5" disc,2024-01-01\n', 'a " inside a cell that does not begin with one'],
      ['2, "5 disc",2024-01-01\n', 'a " inside a cell that does not begin with one'],
    ] as const)
      for (const pieces of [[bad], [...bad]])
        expect(await outcome(csv(['id,name,at\n', row('1'), ...pieces, row('3'), row('4')], of))).toEqual({
          stored: 3,
          rejected: 1,
          why: [`line 3: ${why} [WrongType]`],
          names: { 1: 'n', 3: 'n', 4: 'n' },
        })
  })

  test('where the next quote comes lines later, the lines between are rows of their own', async () => {
    const text = `id,name,at\n1,"5 disc,2024-01-01\n${row('2')}${row('3', '"x, y"')}${row('4', '"a\n""b"""')}`
    expect(await outcome(csv([text], of))).toEqual({
      stored: 3,
      rejected: 1,
      why: ['line 2: a cell goes on behind its closing " [WrongType]'],
      names: { 2: 'n', 3: 'x, y', 4: 'a\n"b"' },
    })
  })

  test('headers whose quotes are wrong are an error: nothing behind them has a name', async () => {
    const error = await errorOf(collect(csv(['id,"na"me,at\n', row('1')], of)))
    expect([error._tag, error.message]).toEqual([
      'SourceFailed',
      'csv: line 1, which names the columns: a cell goes on behind its closing "',
    ])
  })
})

describe('every row is in a count', () => {
  test('ragged rows are rejected with line and reason, whether or not somebody listens', async () => {
    const text = 'id,name,at\n1,a,2024-01-01\n2\n\n3,c,2024-01-03,surplus\n4,"d\nd",2024-01-04\n5,e\n'
    expect(await outcome(csv([text], of))).toEqual({
      stored: 2,
      rejected: 3,
      why: [
        'line 3: has 1 cells, and there are 3 columns [WrongType]',
        'line 5: has 4 cells, and there are 3 columns [WrongType]',
        'line 8: has 2 cells, and there are 3 columns [WrongType]',
      ],
      names: { 1: 'a', 4: 'd\nd' },
    })
  })

  test('a value that is none of its type is rejected with its line too', async () => {
    const { why } = await outcome(csv(['id,name,at\n1,a,2024-01-01\n2,b,yesterday\n'], of))
    expect(why).toEqual([expect.stringMatching(/^at: DateTime expects .* \(line 3\) \[WrongType\]/)])
    const second = `${line('1')}\n${line('2').replace('2024-01-01', 'whenever')}\n`
    expect((await outcome(jsonl([second]))).why).toEqual([expect.stringMatching(/^at: .* \(line 2\)/)])
  })

  test('lines that are no JSON, hold no update, or name an entity that is not there', async () => {
    const text = [line('1'), '{"id":', '[]', '5', line('2').replace('Disc', 'Disk'), line('3')].join('\n')
    const { stored, rejected, why } = await outcome(jsonl([text]))
    expect([stored, rejected]).toEqual([2, 4])
    expect(why).toEqual([
      expect.stringMatching(/^line 2: /),
      expect.stringMatching(/^line 3: the line holds no update/),
      expect.stringMatching(/^line 4: /),
      expect.stringContaining('"Disk"'),
    ])
  })

  test('what a normalise refuses, or forgets to answer', async () => {
    const normalise = (record: { readonly [name: string]: unknown }) =>
      record['id'] === '1'
        ? (undefined as never)
        : record['id'] === '2'
          ? (Promise.resolve() as never)
          : Disc.toUpdate({ id: String(record['id']), at: '2024-01-01T00:00:00Z' }, of)
    const expected = {
      stored: 1,
      rejected: 2,
      why: [expect.stringContaining('answered nothing'), expect.stringContaining('answered a promise')],
    }
    expect(await outcome(csv(['id\n1\n2\n3\n'], { ...of, normalise }))).toMatchObject(expected)
    const lines = ['1', '2', '3'].map((id) => JSON.stringify({ id })).join('\n')
    expect(
      await outcome(jsonl([lines], { normalise: (record) => normalise(record as { id: string }) })),
    ).toMatchObject(expected)
  })
})

describe('headers', () => {
  test('that stand there twice are refused by name', async () => {
    const error = await errorOf(collect(csv(['id,at,id,"a b","a b"\n1,2024-01-01,2,,\n'], of)))
    expect([error._tag, error.message]).toEqual([
      'SourceFailed',
      expect.stringContaining('csv: line 1: id, "a b" names more than one column'),
    ])
    expect((await errorOf(collect(csv(['1,2\n'], { ...of, headers: ['id', 'id'] })))).message).toContain(
      'headers: id names',
    )
  })

  test('do not decide what an update is: who sent it, and whether it is a delete', async () => {
    for (const name of ['eventOperation', 'eventSource', 'eventVersion', 'correlationId']) {
      const text = `id,at,${name}\n1,2024-01-01,delete\n`
      expect((await errorOf(collect(csv([text], of)))).message).toContain(`csv: line 1: ${name} would decide`)
      const normalise = (cells: { readonly [header: string]: string }) =>
        Disc.toUpdate({ id: cells[name] ?? '', at: `${cells['at']}T00:00:00Z` }, of)
      expect((await outcome(csv([text], { ...of, normalise }))).names).toEqual({ delete: null })
    }
  })

  test('called like what every object has are columns like any other', async () => {
    const text = 'id,at,__proto__,constructor\n1,2024-01-01,x,y\n'
    expect((await outcome(csv([text], of))).why).toEqual([expect.stringContaining('__proto__')])
    const [update] = await collect(
      csv([text], { ...of, normalise: (cells, to) => to.update({ id: cells['constructor'] ?? '', at: '' }) }),
    )
    expect(update?.yadto['id']?.value).toBe('y')
  })
})

describe('line ends', () => {
  const texts = ['\n', '\r\n', '\r'].flatMap((a) =>
    ['\n', '\r\n', '\r'].map((b) => `id,name,at${a}1,Ann,2024-01-01${b}2,"B${a}b",2024-01-01${a}`),
  )
  test('may change within a file: each row ends at its own, and those within quotes stay', async () => {
    for (const text of texts)
      for (const pieces of [[text], [...text]]) {
        const rows = await collect(csv(pieces, of))
        expect(rows.map(({ yadto, at }) => [yadto['name']?.value, at])).toEqual([
          ['Ann', 'line 2'],
          [text.includes('"B\r\n') ? 'B\r\nb' : text.includes('"B\n') ? 'B\nb' : 'B\rb', 'line 3'],
        ])
      }
  })

  test('of JSON lines too, with the right numbers', async () => {
    const text = '1\n2\r\n3\r4\r\r\n{"a"\n6'
    const normalise = (value: unknown, number: number) => [[value, number]]
    for (const pieces of [[text], [...text]]) {
      const read = await collect(jsonl(pieces, { normalise }))
      expect(read.map((each) => (Array.isArray(each) ? each : each.problems[0].path))).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
        'line 6',
        [6, 7],
      ])
    }
  })
})
