// Numbers of JSON that JavaScript would round: read with every digit by jsonl and http, or rejected.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { entity, exactJson, producer, y } from 'dreampipe'
import { httpPages } from 'dreampipe/adapters/http'
import { jsonl } from 'dreampipe/adapters/jsonl'
import { t } from 'dreampipe/fp'
import { errorOf, open } from '../flow/kit.ts'

const Post = entity('Post', {
  properties: {
    id: y.string(),
    number: y.optional(y.bigint()),
    price: y.optional(y.decimal()),
    share: y.optional(y.double()),
    more: y.optional(y.json()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})
const source = { source: 'forum' }
const at = '2024-01-01T00:00:00.000000Z'
const big = '1234567890123456789'

interface Record {
  readonly id: unknown
  readonly number?: never
  readonly price?: never
  readonly share?: never
  readonly more?: unknown
}
const toUpdate = ({ id, ...values }: Record) => Post.toUpdate({ id: String(id), at, ...values }, source)

test('two ids that a number cannot tell apart stay two, and values keep every digit', async () => {
  const { pipeline } = open([Post])
  await pipeline.start()
  const text = [
    `{"id":9007199254740993,"number":${big},"price":12345678901234567890.123456789}`,
    `{"id":9007199254740992,"more":{"n":[1e400, -0.1234567890123456789],"m":1}}`,
    '{"id": 1.5e3, "share": 0.1, "price": 1.50}',
  ].join('\n')
  const counts = await pipeline.submitAll(
    jsonl([text], { normalise: (record) => toUpdate(record as Record) }),
  )
  expect(counts).toMatchObject({ stored: 3, rejected: 0 })
  await pipeline.settled()
  expect(await pipeline.current(Post, { id: '9007199254740993' })).toMatchObject({
    number: BigInt(big),
    price: '12345678901234567890.123456789',
  })
  const other = await pipeline.current(Post, { id: '9007199254740992' })
  expect(JSON.stringify(other?.more)).toBe('{"m":1,"n":[1e+400,-0.1234567890123456789]}')
  expect(await pipeline.current(Post, { id: '1500' })).toMatchObject({ share: 0.1, price: '1.5' })
})

test('raw lines: what the type holds is exact, what it does not is rejected with its line', async () => {
  const { pipeline } = open([Post])
  const line = (values: string): string =>
    `{"entity":"Post","yadto":{"id":{"propertyType":"String","value":"1"},` +
    `"at":{"propertyType":"DateTime","value":"${at}"},` +
    `"eventSource":{"propertyType":"String","value":"x"},${values}}}`
  const text = [
    line(`"number":{"propertyType":"Integer","value":${big}}`),
    line('"price":{"propertyType":"Decimal","value":0.123456789012345678}'),
    line('"price":{"propertyType":"Decimal","value":12345678901234567890.5}'),
    line('"share":{"propertyType":"Double","value":1e400}'),
    line('"number":{"propertyType":"Integer","value":92233720368547758080}'),
    line(`"extra":{"propertyType":"String","value":${big}}`),
  ].join('\n')
  const why: string[] = []
  const counts = await pipeline.submitAll(jsonl([text]), {
    onRejected: (error) => void why.push(/line \d/.exec(error.message)?.[0] ?? error.message),
  })
  expect(counts).toMatchObject({ stored: 2, rejected: 4 })
  expect(why).toEqual(['line 2', 'line 4', 'line 5', 'line 6'])
  const payloads: unknown[] = []
  for await (const event of pipeline.history(Post, { id: '1' }))
    payloads.push(event.operation === 'upsert' && [event.properties.number, event.properties.price])
  expect(payloads).toEqual([
    [BigInt(big), undefined],
    [undefined, '12345678901234567890.5'],
  ])
})

test('reckoning with such a number, or taking it apart, is refused', () => {
  const { a } = exactJson(`{"a":${big}}`) as { readonly a: number }
  expect([String(a), `${a}`, JSON.stringify({ a })]).toEqual([big, big, `{"a":${big}}`])
  expect(() => a + 1).toThrow(/more digits/)
  expect(() => a * 2).toThrow(/more digits/)
  // What walks through a record by its keys does not make nothing of it.
  expect(() => Object.entries(a)).toThrow(/more digits/)
  expect(() => ({ ...(a as unknown as object) })).toThrow(/more digits/)
})

test('why a text is no JSON is said without a piece of it', () => {
  for (const text of ['{"secret":x}', 'secret', '{"secret"', '["secret",]', '"secret', ''])
    expect(() => exactJson(text)).toThrow(/^is no JSON(?!.*secret)/)
})

test('law: every number keeps its value, wherever it stands', () => {
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.stringMatching(/^(0|[1-9]\d{0,24})$/),
      fc.stringMatching(/^(\.\d{1,24})?$/),
      fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
    )
    .map((parts) => parts.join(''))
  const exactly = (text: string): string => {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] =
      /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.*))?$/.exec(text) ?? []
    const digits = (whole + fraction).replace(/^0+/, '')
    const bare = digits.replace(/0+$/, '')
    return bare === ''
      ? '0'
      : `${sign}${bare}e${Number(exponent) - fraction.length + digits.length - bare.length}`
  }
  fc.assert(
    fc.property(number, fc.constantFrom('', ' ', '\t\n'), (text, space) => {
      const read = (json: string): { readonly [at: string]: unknown } =>
        exactJson(json) as { readonly [at: string]: unknown }
      for (const found of [
        exactJson(`${space}${text}`),
        read(`[${space}${text}]`)['0'],
        read(`{"a":${space}${text}}`)['a'],
        read(`[1,${space}${text}]`)['1'],
      ])
        expect(exactly(String(found))).toBe(exactly(text))
    }),
    { numRuns: 2_000 },
  )
})

interface Answer {
  readonly items: readonly Record[]
}

const serving = async (body: Uint8Array | string): Promise<string> => {
  const server = createServer((_, response) => void response.end(body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/posts?key=hush`
}
const posts = (url: string, encoding?: string) =>
  producer({
    name: 'forum',
    entity: Post,
    cursor: t.number,
    start: 0,
    pages: httpPages<Answer, Record, number>({
      first: () => url,
      next: () => null,
      records: ({ items }) => items,
      cursor: (_, before) => before + 1,
      ...(encoding === undefined ? {} : { encoding }),
    }),
    normalise: ({ id, ...values }, to) => {
      if (String(id).endsWith('3') && refusing) throw new Error('not yet')
      return to.update({ id: String(id), at, ...values })
    },
  })
let refusing = false

test('http: the same, also from quarantine', async () => {
  const url = await serving(`{"items":[{"id":9007199254740993,"number":${big}},{"id":9007199254740992}]}`)
  const { pipeline } = open([Post])
  await pipeline.start()
  refusing = true
  expect(await pipeline.run(posts(url), { tolerate: { share: 1 } })).toMatchObject({ stored: 1, rejected: 1 })
  refusing = false
  const [entry] = await pipeline.quarantine.list(posts(url))
  expect(entry?.record).toBe(`{"id":9007199254740993,"number":${big}}`)
  expect(await pipeline.quarantine.replay(posts(url))).toMatchObject({ replayed: 1 })
  await pipeline.settled()
  expect(await pipeline.current(Post, { id: '9007199254740993' })).toMatchObject({ number: BigInt(big) })
})

test('http: bytes that are no text end the run, naming the first; an encoding reads them', async () => {
  const url = await serving(Buffer.from('{"items":[{"id":"Kä"}]}', 'latin1'))
  const { pipeline } = open([Post])
  await pipeline.start()
  const error = await errorOf(pipeline.run(posts(url)))
  expect(error).toMatchObject({ _tag: 'SourceFailed', retry: false })
  expect(error.message).toContain('byte 18 is no utf-8')
  expect(error.message).not.toContain('hush')
  expect(await pipeline.run(posts(url, 'latin1'))).toMatchObject({ stored: 1 })
  await pipeline.settled()
  expect(await pipeline.current(Post, { id: 'Kä' })).toMatchObject({ id: 'Kä' })
  expect(() => posts(url, 'utf-9')).toThrow(/httpPages: encoding/)
})
