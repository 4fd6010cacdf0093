// The http adapter: pages over real HTTP; what may pass is tried again, what will not ends the run, and no
// secret is told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { producer } from 'dreampipe'
import { httpPages } from 'dreampipe/adapters/http'
import { t } from 'dreampipe/fp'
import { day, errorOf, Lead, open } from '../flow/kit.ts'

interface Answer {
  readonly items: readonly { readonly id: string; readonly at: string }[]
  readonly next?: string
  readonly upTo: number
}

const items = Array.from({ length: 25 }, (_, i) => ({ id: `${i}`, at: day(1) }))

// Answers ten items a page; `before` may answer in its place.
const api = async (
  before: (request: IncomingMessage, response: ServerResponse, count: number) => boolean,
) => {
  let count = 0
  const server = createServer((request, response) => {
    if (before(request, response, ++count)) return
    const from = Number(new URL(request.url ?? '', 'http://x').searchParams.get('from'))
    const upTo = Math.min(items.length, from + 10)
    response.end(
      JSON.stringify({
        items: items.slice(from, upTo),
        upTo,
        ...(upTo < items.length ? { next: `?from=${upTo}&key=secret` } : {}),
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`, asked: () => count }
}

const leads = (
  url: string,
  more: { readonly timeout?: number; readonly headers?: { readonly [name: string]: string } } = {},
) =>
  producer({
    name: 'api',
    entity: Lead,
    cursor: t.number,
    start: 0,
    pages: httpPages<Answer, Answer['items'][number], number>({
      first: (from) => `${url}?from=${from}&key=secret`,
      next: ({ next }) => next,
      records: (answer) => answer.items,
      cursor: ({ upTo }) => upTo,
      expected: () => items.length,
      ...more,
    }),
    normalise: (item, to) => to.update(item),
  })

test('follows next-page links, sends its headers, counts its calls', async () => {
  const seen: (string | undefined)[] = []
  const { url, asked } = await api((request) => {
    seen.push(request.headers.authorization)
    return false
  })
  const { pipeline } = open([Lead])
  expect(await pipeline.run(leads(url, { headers: { authorization: 'Bearer abc' } }))).toMatchObject({
    stored: 25,
    pages: 3,
    calls: 3,
    cursor: 25,
  })
  expect([asked(), seen]).toEqual([3, ['Bearer abc', 'Bearer abc', 'Bearer abc']])
})

test(
  'what may pass is tried again behind the last cursor: 503, 429 with Retry-After, a body cut short, ' +
    'a dropped connection, a hang',
  async () => {
    const { url } = await api((request, response, count) => {
      if (count === 1) response.writeHead(503).end()
      else if (count === 3) response.writeHead(429, { 'retry-after': '0' }).end()
      else if (count === 5) response.writeHead(200).end('{"items": [')
      else if (count === 7) request.socket.destroy()
      else if (count === 8) return true
      else return false
      return true
    })
    const { pipeline } = open([Lead])
    expect(await pipeline.run(leads(url, { timeout: 300 }))).toMatchObject({
      stored: 25,
      duplicate: 0,
      cursor: 25,
    })
  },
)

test('what will not pass ends the run at once, without a secret in its message', async () => {
  const { url, asked } = await api((_, response) => {
    response.writeHead(403).end('{"key":"secret"}')
    return true
  })
  const { pipeline } = open([Lead])
  const error = await errorOf(pipeline.run(leads(url, { headers: { authorization: 'Bearer hush' } })))
  expect(error).toMatchObject({ _tag: 'SourceFailed', retry: false })
  expect(asked()).toBe(1)
  expect(
    JSON.stringify([error, error.message, String((error as { readonly cause?: unknown }).cause)]),
  ).not.toMatch(/secret|hush/)
})
