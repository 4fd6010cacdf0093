// Bytes that are no text, in csv and jsonl: read exactly by an encoding, or an error that names the first.
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { csv } from 'dreampipe/adapters/csv'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { collect, errorOf, open } from '../flow/kit.ts'
import { bytewise, Disc, line, of, outcome, row } from './text-kit.ts'

describe('bytes that are no text', () => {
  const umlauts = 'id,name,at\n1,Käse,2024-01-01\n2,Kase,2024-01-01\n'
  const latin = Buffer.from(umlauts, 'latin1')

  test('the first is named wherever the pieces are cut; what stands before it is stored', async () => {
    const before = Buffer.from('id,name,at\n0,n,2024-01-01\n')
    const bytes = Buffer.concat([before, latin.subarray(11)])
    for (const pieces of [
      [bytes],
      bytewise(bytes),
      [gzipSync(bytes)],
      [bytes.subarray(0, 29), bytes.subarray(29)],
    ]) {
      const { pipeline } = open([Disc])
      const error = await errorOf(pipeline.submitAll(csv(pieces, of)))
      expect([error._tag, error.message]).toEqual([
        'SourceFailed',
        expect.stringContaining('csv: byte 29 is no utf-8: say which encoding it is'),
      ])
      expect(await pipeline.submitAll(csv([before], of))).toMatchObject({ stored: 0, duplicate: 1 })
    }
    const lines = Buffer.from(`{"a":"K\xe4se"}\n`, 'latin1')
    expect((await errorOf(collect(jsonl([lines])))).message).toContain('jsonl: byte 7 is no utf-8')
    expect((await errorOf(collect(jsonl(bytewise(lines))))).message).toContain('jsonl: byte 7 is no utf-8')
    // A character that the end of the file cuts.
    for (const cut of [[Buffer.from('"ä').subarray(0, 2)], bytewise(Buffer.from('"ä').subarray(0, 2))])
      expect((await errorOf(collect(jsonl(cut)))).message).toContain('byte 1 is no')
  })

  test('an encoding reads them, alike on every Node', async () => {
    const names = { 1: 'Käse', 2: 'Kase' }
    expect((await outcome(csv([latin], { ...of, encoding: 'latin1' }))).names).toEqual(names)
    for (const pieces of [
      [Buffer.from(umlauts, 'utf16le')],
      bytewise(Buffer.from(`\ufeff${umlauts}`, 'utf16le')),
    ])
      expect((await outcome(csv(pieces, { ...of, encoding: 'utf-16le' }))).names).toEqual(names)
    const swapped = Buffer.from(`\ufeff${umlauts}`, 'utf16le').swap16()
    expect((await outcome(csv([swapped], { ...of, encoding: 'utf-16be' }))).names).toEqual(names)
    const euro = Buffer.from([0x22, 0x80, 0x9f, 0x81, 0x22])
    expect(await collect(jsonl([euro], { encoding: 'windows-1252', normalise: (text) => text }))).toEqual([
      '€Ÿ\x81',
    ])
  })

  test('what they look like is said, and an encoding that nobody knows is refused', async () => {
    const marked = Buffer.from(`\ufeff${umlauts}`, 'utf16le')
    expect((await errorOf(collect(csv([marked], of)))).message).toContain(
      "byte 0 is no utf-8: it looks like encoding: 'utf-16le'",
    )
    expect((await errorOf(collect(csv([marked.swap16()], of)))).message).toContain("'utf-16be'")
    expect(
      (await errorOf(collect(csv([Buffer.from(umlauts.replace('ä', 'a'), 'utf16le')], of)))).message,
    ).toContain('NUL')
    for (const open_ of [() => csv([], { ...of, encoding: 'utf-9' }), () => jsonl([], { encoding: 'utf-9' })])
      expect(open_).toThrow(/encoding: is none that TextDecoder knows/)
    // Half a pair is no text, in whichever encoding.
    const half = Buffer.from([0x22, 0, 0x3d, 0xd8, 0x22, 0])
    expect((await errorOf(collect(jsonl([half], { encoding: 'utf-16le' })))).message).toContain(
      'byte 2 is no utf-16le',
    )
    expect((await errorOf(collect(jsonl(bytewise(half), { encoding: 'utf-16le' })))).message).toContain(
      'byte 2 is no',
    )
  })

  test('text in pieces keeps what its pieces cut, and half a character is rejected', async () => {
    const normalise = (text: unknown) => text
    expect(await collect(jsonl(['\ufeff"\ud83d', '\ude00"'], { normalise }))).toEqual(['😀'])
    const { why } = await outcome(csv(['id,name,at\n1,\ud83d', ',2024-01-01\n'], of))
    expect(why).toEqual([expect.stringMatching(/^name: String expects text of well-formed Unicode/)])
  })
})

describe('gzip', () => {
  const text = `id,name,at\n${row('1')}`
  test('within gzip is read, several members too; one that never ends is an error', async () => {
    expect((await outcome(csv([gzipSync(gzipSync(text))], of))).names).toEqual({ 1: 'n' })
    expect((await outcome(jsonl([gzipSync(gzipSync(line('1')))]))).names).toEqual({ 1: null })
    const members = Buffer.concat([gzipSync(text), gzipSync(row('2'))])
    expect((await outcome(csv([members], of))).stored).toBe(2)
    let deep: Uint8Array = Buffer.from(text)
    for (let i = 0; i < 6; i++) deep = gzipSync(deep)
    expect((await errorOf(collect(csv([deep], of)))).message).toBe('gzip: packed more than 4 times')
  })

  test('a member behind padding is not passed over without a word; padding alone is', async () => {
    const padded = Buffer.concat([gzipSync(text), Buffer.alloc(512)])
    expect((await outcome(csv([padded], of))).stored).toBe(1)
    for (const pieces of [[Buffer.concat([padded, gzipSync(row('2'))])], [padded, gzipSync(row('2'))]])
      expect((await errorOf(collect(csv(pieces, of)))).message).toContain(
        'gzip: something follows the padding',
      )
  })
})
