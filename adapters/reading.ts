// Reading files and streams, plain or gzip: what the file adapters share.
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Bytes or text, in pieces of any size. */
export type Bytes = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>

// RFC 1952: every gzip file begins with these two bytes.
const isGzip = (start: Uint8Array): boolean => start[0] === 0x1f && start[1] === 0x8b

const asBytes = (chunk: Uint8Array | string): Uint8Array =>
  typeof chunk === 'string' ? Buffer.from(chunk) : chunk

// The bytes of a source, the first chunk long enough to tell what it is.
const chunksOf = async function* (source: Bytes): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = Buffer.alloc(0)
  for await (const chunk of source) {
    if (start === undefined) yield asBytes(chunk)
    else {
      start = Buffer.concat([start, asBytes(chunk)])
      if (start.length < 2) continue
      yield start
      start = undefined
    }
  }
  if (start !== undefined && start.length > 0) yield start
}

const unpacked = (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  const gunzip = createGunzip()
  // What goes wrong on the way destroys the gunzip, and its reader gets the error.
  pipeline(Readable.from(chunks), gunzip, () => undefined)
  return gunzip
}

/** The bytes of a source, unpacked where the first ones say gzip. */
export const unpackedBytes = async function* (source: Bytes): AsyncGenerator<Uint8Array> {
  const chunks = chunksOf(source)
  const first = await chunks.next()
  if (first.done === true) return
  const all = (async function* () {
    yield first.value
    yield* chunks
  })()
  yield* isGzip(first.value) ? unpacked(all) : all
}

/** A path, a file URL, or a stream as it is. */
export const sourceOf = (from: string | URL | Bytes): Bytes =>
  typeof from === 'string' || (typeof from === 'object' && 'href' in from) ? createReadStream(from) : from
