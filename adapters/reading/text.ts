// Text of bytes: decoded exactly or not at all; the first byte that is no text is named.
import { invalidOption, sourceFailed } from 'dreampipe'
import { unpacked, type Bytes } from './bytes.ts'

/** Decodes one piece after the other; `end` is what is left over. Both throw where bytes are no text. */
interface Decoder {
  readonly push: (bytes: Uint8Array) => string
  readonly end: () => string
}

// What the bytes 0x80 to 0x9F are in windows-1252, which `latin1` means on the web. Not every Node that this
// package supports decodes them: some leave control characters in their place.
// https://encoding.spec.whatwg.org/index-windows-1252.txt
const upper = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

const windows1252: Decoder = {
  push: (bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('latin1')
      .replace(/[\x80-\x9f]/g, (char) => upper.charAt(char.charCodeAt(0) - 0x80)),
  end: () => '',
}

const strict = (encoding: string, atStart: boolean): Decoder => {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: !atStart })
  return { push: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() }
}

const decoderOf = (encoding: string, atStart = true): Decoder =>
  encoding === 'windows-1252' ? windows1252 : strict(encoding, atStart)

/**
 * The encoding's name as the decoder has it, `utf-8` unless said. Throws `InvalidDefinition` for one that is
 * not known.
 */
export const encodingOf = (adapter: string, encoding: unknown = 'utf-8'): string => {
  try {
    return new TextDecoder(String(encoding)).encoding
  } catch {
    throw invalidOption(adapter, 'encoding', 'is none that TextDecoder knows: utf-8, latin1, utf-16le …')
  }
}

const isFine = (encoding: string, bytes: Uint8Array, whole: boolean): boolean => {
  try {
    const decoder = decoderOf(encoding, false)
    decoder.push(bytes)
    if (whole) decoder.end()
    return true
  } catch {
    return false
  }
}

// The longest beginning that is text: bytes behind it are none, or only the beginning of some.
const textEnds = (encoding: string, bytes: Uint8Array): number => {
  let [fine, bad] = [0, bytes.length]
  while (fine < bad) {
    const middle = Math.ceil((fine + bad) / 2)
    if (isFine(encoding, bytes.subarray(0, middle), false)) fine = middle
    else bad = middle - 1
  }
  while (fine > 0 && !isFine(encoding, bytes.subarray(0, fine), true)) fine--
  return fine
}

/** Bytes decoded at once: a chunk may be longer than the longest text that there can be. */
const piece = 262_144
/** Bytes of the pieces before that are kept: the beginning of a character may be among them. */
const kept = 8

// Where a character begins, at the earliest.
const boundary = (encoding: string, bytes: Uint8Array, offset: number): number => {
  let at = 0
  if (encoding === 'utf-8') while (at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80) at++
  else if (encoding.startsWith('utf-16')) {
    at = offset % 2
    const high = encoding === 'utf-16le' ? 1 : 0
    while (at < bytes.length && ((bytes[at + high] ?? 0) & 0xfc) === 0xdc) at += 2
  } else at = bytes.lastIndexOf(10) + 1
  return Math.min(at, bytes.length)
}

const advice = (encoding: string, start: Uint8Array): string => {
  const [first = 0, second = 0] = start
  const mark = (first << 8) | second
  const looks = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined
  return looks === undefined
    ? `is no ${encoding}: say which encoding it is (encoding: 'latin1')`
    : `is no ${encoding}: it looks like encoding: '${looks}'`
}

/**
 * Bytes to text, exactly. Where a byte is none, `take` gives the text before it and then throws
 * `SourceFailed` (`retry: false`) with its offset, counted from 0 behind unpacking.
 */
const exactDecoder = (adapter: string, encoding: string) => {
  let decoder = decoderOf(encoding)
  let before: Uint8Array = new Uint8Array(0)
  let start: Uint8Array = before
  let offset = 0
  let isPending = false

  const refused = function* (bytes: Uint8Array): Generator<string, never> {
    const skipped = boundary(encoding, before, offset - before.length)
    const known = before.subarray(skipped)
    const ends = textEnds(encoding, Buffer.concat([known, bytes]))
    const again = decoderOf(encoding, offset === 0)
    again.push(known.subarray(0, ends))
    if (ends > known.length) yield again.push(bytes.subarray(0, ends - known.length))
    const at = offset - known.length + ends
    throw sourceFailed(
      adapter,
      `byte ${at} ${advice(encoding, at === 0 ? Buffer.concat([start, bytes]) : start)}`,
    )
  }

  const take = function* (chunk: Uint8Array): Generator<string, void> {
    for (let from = 0; from < chunk.length; from += piece) {
      const bytes = chunk.subarray(from, from + piece)
      let text: string
      try {
        text = decoder.push(bytes)
      } catch {
        return yield* refused(bytes)
      }
      isPending = true
      offset += bytes.length
      before =
        bytes.length >= kept
          ? bytes.slice(-kept)
          : Buffer.concat([before.subarray(Math.max(0, before.length + bytes.length - kept)), bytes])
      if (start.length < 2) start = Buffer.concat([start, bytes.subarray(0, 2)])
      yield text
    }
  }

  /** Nothing more comes now. */
  const end = function* (): Generator<string, void> {
    if (!isPending) return
    try {
      decoder.end()
    } catch {
      return yield* refused(new Uint8Array(0))
    }
    decoder = decoderOf(encoding, false)
    isPending = false
  }
  return { take, end }
}

/**
 * The text of a source: bytes decoded, text as it is, the mark at its beginning left out. Throws
 * `SourceFailed` where a byte is no text.
 */
export const texts = async function* (
  source: Bytes,
  adapter: string,
  encoding: string,
): AsyncGenerator<string> {
  const decoder = exactDecoder(adapter, encoding)
  // A pair of surrogates may be cut by its pieces.
  let half = ''
  let isFirst = true
  for await (const chunk of unpacked(source)) {
    if (typeof chunk !== 'string') {
      if (half !== '') yield half
      half = ''
      yield* decoder.take(chunk)
    } else {
      yield* decoder.end()
      let text = half + chunk
      if (isFirst && text.startsWith('\ufeff')) text = text.slice(1)
      const last = text.charCodeAt(text.length - 1)
      half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : ''
      yield half === '' ? text : text.slice(0, -1)
    }
    isFirst &&= chunk.length === 0
  }
  yield* decoder.end()
  if (half !== '') yield half
}

/** The text of bytes that are all there; throws as `texts` does. */
export const decoded = (adapter: string, encoding: string, bytes: Uint8Array): string => {
  const decoder = exactDecoder(adapter, encoding)
  return [...decoder.take(bytes), ...decoder.end()].join('')
}
