// Counts calls and billed operations at the wire: a transparent HTTP/2 proxy in front of an emulator that
// reads the requests' protobuf.
import { connect, createServer, type ServerHttp2Stream } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/**
 * What went over the wire. Operations as Google bills them: an entity read (found or not), written or
 * deleted; a message.
 */
export interface Wire {
  readonly calls: { [method: string]: number }
  reads: number
  writes: number
  deletes: number
  messages: number
  /** Commits that only clear the outbox, after the receipt. */
  clearing: number
}

const emptyWire = (): Wire => ({
  calls: {},
  reads: 0,
  writes: 0,
  deletes: 0,
  messages: 0,
  clearing: 0,
})

interface Field {
  readonly number: number
  readonly bytes: Buffer
}

const varint = (buffer: Buffer, at: number): readonly [value: number, next: number] => {
  let value = 0
  for (let shift = 0, i = at; ; i++, shift += 7) {
    const byte = buffer[i] as number
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, i + 1]
  }
}

// The length-delimited fields of a protobuf message. https://protobuf.dev/programming-guides/encoding/
const fieldsOf = (message: Buffer): readonly Field[] => {
  const fields: Field[] = []
  for (let at = 0; at < message.length;) {
    const [tag, next] = varint(message, at)
    const [number, type] = [tag >>> 3, tag & 7]
    if (type === 2) {
      const [length, start] = varint(message, next)
      fields.push({ number, bytes: message.subarray(start, start + length) })
      at = start + length
    } else at = type === 0 ? varint(message, next)[1] : next + (type === 1 ? 8 : 4)
  }
  return fields
}

const numbered = (fields: readonly Field[], number: number): readonly Field[] =>
  fields.filter((field) => field.number === number)

// Field numbers of google/datastore/v1/datastore.proto and google/pubsub/v1/pubsub.proto.
const countRequest = (wire: Wire, method: string, body: Buffer): void => {
  const fields = fieldsOf(body.subarray(5))
  if (method === 'Lookup') wire.reads += numbered(fields, 3).length
  if (method === 'Commit') {
    const mutations = numbered(fields, 6).map(({ bytes }) => fieldsOf(bytes)[0]?.number)
    const deletes = mutations.filter((kind) => kind === 7).length
    wire.deletes += deletes
    wire.writes += mutations.length - deletes
    if (deletes > 0 && deletes === mutations.length) wire.clearing++
  }
  if (method === 'Publish') wire.messages += numbered(fields, 2).length
}

// A query bills what it returns, one at least. RunQueryResponse.batch = 1, QueryResultBatch.entity_results =
// 2.
const countResponse = (wire: Wire, method: string, body: Buffer): void => {
  if (method !== 'RunQuery') return
  const [batch] = numbered(fieldsOf(body.subarray(5)), 1)
  wire.reads += Math.max(1, batch === undefined ? 0 : numbered(fieldsOf(batch.bytes), 2).length)
}

const forward = (
  stream: ServerHttp2Stream,
  headers: { readonly [name: string]: unknown },
  upstream: ReturnType<typeof connect>,
  wire: () => Wire,
): void => {
  const method = String(headers[':path']).split('/').pop() ?? ''
  const { calls } = wire()
  calls[method] = (calls[method] ?? 0) + 1
  const onward = upstream.request(headers as never, { endStream: false })
  const [asked, answered]: [Buffer[], Buffer[]] = [[], []]
  stream.on('data', (chunk: Buffer) => {
    asked.push(chunk)
    onward.write(chunk)
  })
  stream.on('end', () => {
    countRequest(wire(), method, Buffer.concat(asked))
    onward.end()
  })
  let trailers: object = {}
  onward.on('response', (response) => {
    stream.respond(response as never, { waitForTrailers: true })
  })
  onward.on('trailers', (found) => {
    trailers = found
  })
  onward.on('data', (chunk: Buffer) => {
    answered.push(chunk)
    stream.write(chunk)
  })
  onward.on('end', () => {
    if (answered.length > 0) countResponse(wire(), method, Buffer.concat(answered))
    stream.end()
  })
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers as never)
  })
  for (const each of [stream, onward])
    each.on('error', () => {
      stream.close()
      onward.close()
    })
}

/** A proxy of a gRPC server: `host` to speak to instead, and what went through since `reset`. */
export const counting = async (
  target: string,
): Promise<{
  readonly host: string
  readonly reset: () => void
  readonly wire: () => Wire
  readonly close: () => Promise<void>
}> => {
  let wire = emptyWire()
  const upstream = connect(`http://${target}`)
  const server = createServer()
  const sessions = new Set<{ destroy: () => void }>()
  server.on('session', (session) => {
    sessions.add(session)
  })
  server.on('stream', (stream, headers) => {
    forward(stream, headers, upstream, () => wire)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    reset: () => {
      wire = emptyWire()
    },
    wire: () => wire,
    close: async () => {
      upstream.destroy()
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}
