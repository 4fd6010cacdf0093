// The jsonl adapter: plain and gzip, files and streams; a bad line is told with its number and the rest goes
// on.
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonl, type BadLine } from 'dreampipe/adapters/jsonl'
import { collect, day, errorOf, Lead, open, source, temporaryFolder } from '../flow/kit.ts'

const keep = { normalise: (record: unknown) => [record] }
const text = '{"a":1}\n\n{"a":2}\r\n{"a":"ü\u2028"}'
const parsed = [{ a: 1 }, { a: 2 }, { a: 'ü\u2028' }]

test('a path, a file URL, a stream and chunks of bytes or text, plain and gzip, give the same', async () => {
  const folder = temporaryFolder()
  for (const [name, bytes] of [
    ['plain.jsonl', Buffer.from(text)],
    ['packed.jsonl.gz', gzipSync(text)],
  ] as const) {
    const path = join(folder, name)
    writeFileSync(path, bytes)
    for (const from of [
      path,
      pathToFileURL(path),
      createReadStream(path),
      Readable.from([...bytes].map((byte) => Uint8Array.of(byte))),
    ])
      expect(await collect(jsonl(from, keep))).toEqual(parsed)
  }
  expect(await collect(jsonl([text.slice(0, 5), text.slice(5)], keep))).toEqual(parsed)
  expect(await collect(jsonl([], keep))).toEqual([])
})

test('law: lines come whole wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' })),
      fc.array(fc.integer({ min: 1, max: 9 })),
      async (strings, cuts) => {
        const bytes = Buffer.from(strings.map((each) => JSON.stringify(each)).join('\n'))
        expect(await collect(jsonl([bytes], keep))).toEqual(strings)
        const whole: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % Math.max(1, cuts.length)] ?? 3
          whole.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(await collect(jsonl(whole, keep))).toEqual(strings)
      },
    ),
    { numRuns: 200 },
  )
})

test('bad lines are told by number: broken JSON, a refusing normalise, a line that is too long', async () => {
  const bad: BadLine[] = []
  const lines = ['{"id":1}', '{"id":', '{"id":3}', `"${'x'.repeat(500)}"`, '{"id":5}'].join('\n')
  const records = await collect(
    jsonl([lines.slice(0, 100), lines.slice(100)], {
      maxLength: 100,
      onBadLine: (each) => bad.push(each),
      normalise: (record) => {
        if ((record as { id: number }).id === 3) throw new Error('not this one')
        return record
      },
    }),
  )
  const refused = (line: number): unknown =>
    expect.objectContaining({ problems: [expect.objectContaining({ path: `line ${line}` })] })
  expect(records).toEqual([{ id: 1 }, refused(2), refused(3), refused(4), { id: 5 }])
  expect(bad.map(({ line, reason }) => [line, reason.replace(/ in JSON.*| at .*/, '')])).toEqual([
    [2, 'is no JSON: Unexpected end of JSON input'],
    [3, 'not this one'],
    [4, 'the line has more than 100 characters'],
  ])
  expect(bad[2]?.text.length).toBeLessThanOrEqual(200)
})

test(
  'into a pipeline: wire lines as they are, a broken gzip ends the stream and loses nothing before ' + 'it',
  async () => {
    const { pipeline } = open([Lead])
    const lines = Array.from({ length: 3000 }, (_, i) =>
      JSON.stringify({ entity: 'Lead', yadto: Lead.toUpdate({ id: `${i}`, at: day(1) }, source).yadto }),
    ).join('\n')
    const packed = gzipSync(lines)
    const error = await errorOf(pipeline.submitAll(jsonl([packed.subarray(0, packed.length - 2000)])))
    expect([error._tag, error.message]).toEqual([
      'SourceFailed',
      expect.stringContaining('unexpected end of file'),
    ])
    const rest = await pipeline.submitAll(jsonl([packed]))
    expect(rest.stored + rest.duplicate).toBe(3000)
    expect(rest.duplicate).toBeGreaterThan(0)
  },
)
