// Reading files and streams, plain or gzip: bytes or text in, unpacked out, nothing left over in silence.
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Bytes or text, in pieces of any size. */
export type Bytes = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>

type Chunk = Uint8Array | string

// A file that was packed once more by a server or a script; beyond, somebody wants to see us unpack for ever.
const mostLayers = 4

// RFC 1952: every gzip file begins with these two bytes.
const isGzip = (start: Uint8Array): boolean => start[0] === 0x1f && start[1] === 0x8b

const asBytes = (chunk: Chunk): Uint8Array => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)

// The same chunks, the first one long enough to tell what it is.
const opened = async function* (source: Bytes): AsyncGenerator<Chunk> {
  let start: Uint8Array | undefined = Buffer.alloc(0)
  for await (const chunk of source) {
    if (start === undefined) yield chunk
    else if (typeof chunk === 'string') {
      if (start.length > 0) yield start
      start = undefined
      yield chunk
    } else {
      start = Buffer.concat([start, chunk])
      if (start.length < 2) continue
      yield start
      start = undefined
    }
  }
  if (start !== undefined && start.length > 0) yield start
}

const lastNonZero = (chunk: Uint8Array): number => {
  let at = chunk.length - 1
  while (at >= 0 && chunk[at] === 0) at--
  return at
}

const gunzipped = async function* (chunks: AsyncGenerator<Chunk>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  let fed = 0
  let contentEnds = 0
  const seen = (chunk: Uint8Array): void => {
    const last = lastNonZero(chunk)
    if (last >= 0) contentEnds = fed + last + 1
    fed += chunk.length
  }
  // Not the chunks themselves: what the gunzip leaves unread is looked at below.
  const feeding = async function* (): AsyncGenerator<Uint8Array> {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      const chunk = asBytes(next.value)
      seen(chunk)
      yield chunk
    }
  }
  // What goes wrong on the way destroys the gunzip, and its reader gets the error.
  pipeline(Readable.from(feeding()), gunzip, () => undefined)
  yield* gunzip as AsyncIterable<Uint8Array>
  for await (const chunk of chunks) seen(asBytes(chunk))
  // Zeros may pad a member; what stands behind them would be passed over without a word.
  if (contentEnds > gunzip.bytesWritten)
    throw new Error(`gzip: something follows the padding behind byte ${gunzip.bytesWritten}`)
}

/** The chunks of a source, unpacked while the first bytes say gzip. Throws where a gzip is broken. */
export const unpacked = async function* (source: Bytes, layers = mostLayers): AsyncGenerator<Chunk> {
  const chunks = opened(source)
  const first = await chunks.next()
  if (first.done === true) return
  const all = (async function* () {
    yield first.value
    yield* chunks
  })()
  if (typeof first.value === 'string' || !isGzip(first.value)) yield* all
  else if (layers === 0) throw new Error(`gzip: packed more than ${mostLayers} times`)
  else yield* unpacked(gunzipped(all), layers - 1)
}

/** A path, a file URL, or a stream as it is. */
export const sourceOf = (from: string | URL | Bytes): Bytes =>
  typeof from === 'string' || (typeof from === 'object' && 'href' in from) ? createReadStream(from) : from
