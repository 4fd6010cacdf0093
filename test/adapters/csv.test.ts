// The csv adapter: typed by the entity, plain and gzip; a bad row is told with its line and the rest goes on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { csv, type BadRow } from 'dreampipe/adapters/csv'
import { collect, open, temporaryFolder } from '../flow/kit.ts'

const Shop = entity('Shop', {
  properties: {
    id: y.string(),
    name: y.optional(y.string()),
    area: y.optional(y.decimal()),
    staff: y.optional(y.integer()),
    open: y.optional(y.boolean()),
    since: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'since',
})
const text =
  '\ufeffid,name,area,staff,open,since\r\n1,"Graz, ' +
  'main",12.50,9007199254740991,TRUE,2024-01-01\r\n2,"says ""hi""\nthere",,,,2024-01-02T08:00:00+01:00\r\n'

test('each column is the property of its name, typed by the entity: text in, exact values out', async () => {
  const folder = temporaryFolder()
  for (const [file, bytes] of [
    ['shops.csv', Buffer.from(text)],
    ['shops.csv.gz', gzipSync(text)],
  ] as const) {
    writeFileSync(join(folder, file), bytes)
    const { pipeline } = open([Shop])
    await pipeline.start()
    expect(await pipeline.submitAll(csv(join(folder, file), { entity: Shop, source: 'shops' }))).toEqual({
      stored: 2,
      duplicate: 0,
      outdated: 0,
      rejected: 0,
    })
    await pipeline.settled()
    expect(await pipeline.current(Shop, { id: '1' })).toEqual({
      id: '1',
      name: 'Graz, main',
      area: '12.5',
      staff: 9_007_199_254_740_991,
      open: true,
      since: '2024-01-01T00:00:00.000000Z',
    })
    expect(await pipeline.current(Shop, { id: '2' })).toEqual({
      id: '2',
      name: 'says "hi"\nthere',
      area: null,
      staff: null,
      open: null,
      since: '2024-01-02T07:00:00.000000Z',
    })
  }
})

test(
  "a normalise of one's own gets header to text and the typed builder; what it refuses is " + 'told',
  async () => {
    const bad: BadRow[] = []
    const rows = csv(['nr;opened\n1;2024-01-01\n2;never\n3;2024-01-03\n'], {
      entity: Shop,
      source: 'x',
      delimiter: ';',
      onBadRow: (each) => void bad.push(each),
      normalise: (row, to) => {
        if (row['opened'] === 'never') throw new Error('not opened')
        return to.update({ id: row['nr'] ?? '', since: `${row['opened']}T00:00:00Z` })
      },
    })
    expect((await collect(rows)).map(({ yadto }) => yadto?.['id']?.value)).toEqual(['1', undefined, '3'])
    expect(bad).toEqual([{ line: 3, reason: 'not opened' }])
  },
)

test(
  'a row of another length is told with its line, and the rest goes on; a wrong value surfaces at ' +
    'submit with its path',
  async () => {
    const bad: BadRow[] = []
    const { pipeline } = open([Shop])
    const problems: unknown[] = []
    const counts = await pipeline.submitAll(
      csv(['id,since\n1,2024-01-01\n2\n3,2024-01-03,surplus\n4,whenever\n'], {
        entity: Shop,
        source: 'x',
        onBadRow: (each) => void bad.push(each),
      }),
      {
        onRejected: (error) => void problems.push('problems' in error ? error.problems[0]?.path : error),
      },
    )
    expect([counts.stored, counts.rejected, bad.map(({ line }) => line), problems]).toEqual([
      1,
      3,
      [3, 4],
      ['line 3', 'line 4', 'since'],
    ])
  },
)

test(
  'headers may be given, a column that text does not say is refused with the remedy, and a broken ' +
    'gzip is an error',
  async () => {
    const Listed = entity('Listed', {
      properties: { id: y.string(), tags: y.list(y.string()), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
    })
    const bad: BadRow[] = []
    expect(
      await collect(
        csv(['1,a,2024-01-01\n'], {
          entity: Listed,
          source: 'x',
          headers: ['id', 'tags', 'at'],
          onBadRow: (each) => void bad.push(each),
        }),
      ),
    ).toHaveLength(1)
    expect(bad).toEqual([
      { line: 1, reason: 'column tags is a List, which text does not say: give a normalise' },
    ])
    await expect(
      collect(csv([gzipSync(text).subarray(0, 40)], { entity: Shop, source: 'x' })),
    ).rejects.toThrow(/unexpected end of file/)
  },
)

test('a quote that is never closed costs its own line, in flat memory; the rest is read', async () => {
  const bad: BadRow[] = []
  const lines = async function* () {
    yield 'id,since\n1,2024-01-01\n"2,2024-01-02\n'
    for (let i = 0; i < 60; i++) yield '3,2024-01-03T00:00:00Z\n'.repeat(4_000)
  }
  let read = 0
  const rows = csv(Readable.from(lines()), {
    entity: Shop,
    source: 'test',
    onBadRow: (each) => void bad.push(each),
  })
  for await (const { problems } of rows) if (problems === undefined) read++
  expect([read, bad]).toEqual([
    240_001,
    [{ line: 3, reason: 'a quote is not closed within 4000000 characters' }],
  ])
})
