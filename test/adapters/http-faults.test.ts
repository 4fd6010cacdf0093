// The http adapter against a server that misbehaves: no run without end, no wait after a stop.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { httpPages } from '../../adapters/http/index.ts'

interface Answer {
  readonly records: readonly string[]
  readonly next?: string
}

const serving = async (answer: RequestListener): Promise<string> => {
  const server: Server = createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const context = (signal: AbortSignal = new AbortController().signal) => ({
  signal,
  budget: { left: () => Infinity, spend: () => true },
  warn: () => undefined,
  live: async function* () {
    yield []
  },
})

test('a next link that leads to its own page ends the run, and says so', async () => {
  let asked = 0
  const at = await serving((_, response) => {
    asked++
    response.end(JSON.stringify({ records: ['a'], ...(asked > 20 ? {} : { next: '/rows?page=2' }) }))
  })
  const pages = httpPages<Answer, string, number>({
    first: () => `${at}/rows?page=2`,
    next: ({ next }) => next,
    records: ({ records }) => records,
    cursor: (_, before) => before + 1,
  })
  const read = async (): Promise<void> => {
    for await (const page of pages(0, context())) expect(page.records).toEqual(['a'])
  }
  await expect(read()).rejects.toMatchObject({
    retry: false,
    message: expect.stringContaining('its own page') as string,
  })
  expect(asked).toBe(1)
})

test('a stop ends the wait that a server asked for', async () => {
  const stopping = new AbortController()
  const at = await serving((_, response) => {
    response.writeHead(503, { 'retry-after': '50' })
    response.end()
    setImmediate(() => stopping.abort())
  })
  const pages = httpPages<Answer, string, number>({
    first: () => `${at}/rows`,
    next: () => null,
    records: ({ records }) => records,
    cursor: (_, before) => before + 1,
  })
  const started = performance.now()
  await expect(pages(0, context(stopping.signal)).next()).rejects.toBeDefined()
  expect(performance.now() - started).toBeLessThan(10_000)
}, 60_000)

test('headers go to no other origin: a token stays where it belongs', async () => {
  const seen: (string | undefined)[] = []
  const other = await serving((request, response) => {
    seen.push(request.headers.authorization)
    response.end(JSON.stringify({ records: [] }))
  })
  const at = await serving((_, response) => {
    response.end(JSON.stringify({ records: ['a'], next: `${other}/more` }))
  })
  const pages = httpPages<Answer, string, number>({
    first: () => `${at}/rows`,
    next: ({ next }) => next,
    records: ({ records }) => records,
    cursor: (_, before) => before + 1,
    headers: { authorization: 'Bearer secret' },
  })
  const read = async (): Promise<void> => {
    for await (const page of pages(0, context())) expect(page.records).toBeDefined()
  }
  await expect(read()).rejects.toMatchObject({
    retry: false,
    message: expect.stringContaining('another origin') as string,
  })
  expect(seen).toEqual([])
})
