// Any bytes at all, through csv, jsonl and http: each ends in a counted outcome, and nothing piles up.
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { isDreampipeError, producer, type Update } from 'dreampipe'
import { csv, type CsvOptions } from 'dreampipe/adapters/csv'
import { httpPages } from 'dreampipe/adapters/http'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { t } from 'dreampipe/fp'
import { open } from '../flow/kit.ts'
import { rounds } from '../thorough.ts'
import { Disc, line, of, row } from './text-kit.ts'

afterEach(() => void vi.unstubAllGlobals())

const utf8 = (text: string): Uint8Array => Buffer.from(text)
const header = 'id,name,at\n'
// Bytes that mean something to one of the readers come far more often than by chance.
const part = fc.oneof(
  fc.uint8Array({ maxLength: 24 }),
  fc
    .constantFrom(
      '"',
      '""',
      ',',
      '\n',
      '\r',
      '\r\n',
      '\0',
      '\ufeff',
      '#',
      '{',
      '}',
      '[',
      ':',
      '1e400',
      '"entity"',
    )
    .map(utf8),
  fc.constantFrom(header, row('1'), row('2', '"a\nb"'), `${line('3')}\n`, '{"items":[', ']}').map(utf8),
  fc.constantFrom(
    Uint8Array.of(0x1f, 0x8b),
    Uint8Array.of(0xff, 0xfe),
    Uint8Array.of(0xc3),
    Uint8Array.of(0xed, 0xa0),
  ),
)
const bytes = fc
  .tuple(fc.constantFrom('', header), fc.array(part, { maxLength: 12 }), fc.nat({ max: 12 }))
  .map(([start, parts, packed]) => {
    const all = Buffer.concat([utf8(start), ...parts])
    return packed === 0 ? gzipSync(all) : packed === 1 ? gzipSync(all).subarray(0, -3) : all
  })
const cut = (all: Uint8Array, at: number): Uint8Array[] => [all.subarray(0, at), all.subarray(at)]

const encodings = ['utf-8', 'latin1', 'utf-16le', 'shift_jis'] as const
const more: readonly Partial<CsvOptions<typeof Disc>>[] = [
  {},
  { quote: false, comment: '#' },
  { ragged: 'pad', delimiter: '""'.slice(1) + ',', quote: "'" },
  { ragged: 'ignore', skipLines: 1, headers: ['id', 'name', 'at'] },
]

interface Answer {
  readonly items: readonly unknown[]
}
const pages = httpPages<Answer, unknown, number>({
  first: () => 'http://localhost/items',
  // Its timer is kept for as long, also behind the answer.
  timeout: 1_000,
  next: () => null,
  records: ({ items }) => items,
  cursor: (_, before) => before + 1,
})
const normalise = (record: unknown): Update<'Disc'> => Disc.toUpdate(record as never, of)
const discs = producer({ name: 'discs', entity: Disc, cursor: t.number, start: 0, pages, normalise })

test('every row of any bytes is in a count, or the reading ends with a tagged error', async () => {
  // A million with DREAMPIPE_FUZZ=1000000.
  const asked = Number(process.env['DREAMPIPE_FUZZ'] ?? 0)
  const numRuns = asked > 0 ? asked : rounds('any bytes through csv, jsonl and http', 100_000, 1_200)
  let { pipeline } = open([Disc])
  let body: Uint8Array = Buffer.alloc(0)
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body as Uint8Array<ArrayBuffer>)))
  const seen = { counted: 0, failed: 0 }
  let [runs, early] = [0, 0]
  const counted = async (yielded: () => number, updates: () => Parameters<typeof pipeline.submitAll>[0]) => {
    let told = 0
    try {
      const counts = await pipeline.submitAll(updates(), { onRejected: () => void told++ })
      expect(told).toBe(counts.rejected)
      expect(counts.stored + counts.duplicate + counts.outdated + counts.rejected).toBe(yielded())
      seen.counted++
    } catch (thrown) {
      if (!isDreampipeError(thrown, 'SourceFailed')) throw thrown
      seen.failed++
    }
  }
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.nat({ max: 200 }),
      fc.constantFrom(...encodings),
      fc.constantFrom(...more),
      fc.constantFrom('csv', 'jsonl', 'http'),
      async (all, at, encoding, options, by) => {
        let yielded = 0
        const counting = async function* <A>(updates: AsyncIterable<A>): AsyncGenerator<A> {
          for await (const update of updates) {
            yielded++
            yield update
          }
        }
        const chunks = cut(all, at)
        if (by === 'csv')
          await counted(
            () => yielded,
            () => counting(csv(chunks, { ...of, encoding, ...options })),
          )
        else if (by === 'jsonl')
          await counted(
            () => yielded,
            () => counting(jsonl(chunks, { encoding })),
          )
        else {
          body = all
          const report = await pipeline
            .run(discs, { tries: 1, tolerate: { records: 1e9, share: 1 } })
            .catch((error: unknown) => {
              if (!isDreampipeError(error, 'SourceFailed')) throw error
              seen.failed++
            })
          if (report !== undefined) {
            const { stored, duplicate, outdated, rejected } = report
            expect(stored + duplicate + outdated + rejected).toBe(report.records)
            seen.counted++
          }
        }
        // What is stored and put aside in memory is no leak: it goes with its pipeline.
        if (++runs % 10_000 === 0) {
          await pipeline.close()
          pipeline = open([Disc]).pipeline
        }
        if (runs === Math.ceil(numRuns / 4)) early = process.memoryUsage().heapUsed
      },
    ),
    { numRuns },
  )
  expect(Math.min(seen.counted, seen.failed)).toBeGreaterThan(numRuns / 20)
  expect(process.memoryUsage().heapUsed - early).toBeLessThan(300_000_000)
}, 3_600_000)
