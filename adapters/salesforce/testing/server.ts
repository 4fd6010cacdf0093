// A Salesforce of one's own over HTTP: OAuth, SOQL, replication, Bulk 2.0, a clock, a change log, and faults
// on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { jobs } from './bulk.ts'
import { faultList, type Answered, type Fault, type Faults } from './faults.ts'
import { sessionsOf, type Client, type Sessions } from './oauth.ts'
import type { SObject } from './objects.ts'
import { queries } from './query.ts'
import { replication } from './replication.ts'
import { refuse, type Backend, type Endpoint, type ServerSettings } from './request.ts'
import { sampleObjects } from './sample.ts'
import { storeOf, type Store } from './store.ts'

/** What a local Salesforce has, what its clock says, and how it answers. */
export interface LocalSalesforceOptions extends Partial<ServerSettings> {
  /** Objects it has; by default Lead, Account, User, LeadHistory and Activity__c. */
  readonly objects?: readonly SObject[]
  /** What its clock says at first; it stands still until it is moved. */
  readonly now?: string
  readonly client?: Partial<Client>
  /** Port on the loopback; any free one by default. */
  readonly port?: number
  /** Keeps rendered pages until data changes: for benchmarks. */
  readonly keepPages?: boolean
}

/** A request it was sent: `GET /services/data/v68.0/query?q=SELECT …`, and the status it answered. */
export interface Seen {
  readonly request: string
  readonly status: number
}

/** A running local Salesforce. Its `store` changes records, moves the clock and holds the change log. */
export interface LocalSalesforce extends Store {
  readonly url: string
  readonly client: Client
  readonly settings: ServerSettings
  readonly faults: Faults
  readonly sessions: Sessions
  readonly seen: readonly Seen[]
  /** API calls so far; `spend` counts some that others made. */
  readonly used: () => number
  readonly spend: (calls: number) => void
  /** Every open query cursor and finished job is forgotten. */
  readonly expireLocators: () => void
  readonly forgetJobs: () => void
  readonly close: () => Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString()
}

// Sends an answer as its fault has it: part of the body and a dropped connection, silence, an early end.
const send = (
  response: ServerResponse,
  { status, headers = {} }: Answered,
  bytes: Buffer,
  fault: Fault | undefined,
  more: { readonly [name: string]: string },
): void => {
  if (fault?.kind === 'hang') return
  const part =
    fault !== undefined && 'share' in fault
      ? bytes.subarray(0, Math.floor(bytes.length * fault.share))
      : bytes
  const all = { 'Content-Type': 'application/json;charset=UTF-8', ...more, ...headers }
  if (fault?.kind === 'cut' && part.length === 0) response.destroy()
  else if (fault?.kind === 'cut' || fault?.kind === 'stall') {
    response.writeHead(status, { ...all, 'Content-Length': bytes.length })
    response.write(part, () => {
      if (fault.kind === 'cut') response.destroy()
    })
  } else if (fault?.kind === 'slow') {
    const size = Math.ceil(bytes.length / fault.parts)
    const next = (from: number): void => {
      response.write(bytes.subarray(from, from + size))
      if (from + size < bytes.length) setTimeout(() => next(from + size), fault.pause)
      else response.end()
    }
    response.writeHead(status, { ...all, 'Content-Length': bytes.length })
    setTimeout(() => next(0), fault.pause)
  } else {
    response.writeHead(status, { ...all, ...(status === 204 ? {} : { 'Content-Length': part.length }) })
    response.end(part)
  }
}

const isPage = /GET .*\/v[\d.]+\/(query(All)?[/?]|jobs\/query\/\w+\/results)/

/** Starts a local Salesforce on the loopback. */
export const localSalesforce = async (options: LocalSalesforceOptions = {}): Promise<LocalSalesforce> => {
  const {
    objects = sampleObjects,
    now = '2026-03-01T12:00:00Z',
    keepPages = false,
    port = 0,
    pageSize = 2000,
    bulkPageSize = 50_000,
    polls = 2,
    dailyCalls = 100_000,
    gzip = false,
  } = options
  const client: Client = { clientId: 'local-client', clientSecret: 'local-secret-5e0c', ...options.client }
  const store = storeOf(objects, now)
  const settings: ServerSettings = { pageSize, bulkPageSize, polls, dailyCalls, gzip }
  const sessions = sessionsOf(client)
  const faults = faultList()
  const seen: Seen[] = []
  let used = 0
  let before: { readonly body: string; readonly headers: { readonly [name: string]: string } } | undefined
  let url = ''
  let kept = { version: -1, pages: new Map<string, unknown>() }
  const backend: Backend = {
    store,
    settings,
    rendered: <A>(key: string, render: () => A): A => {
      if (!keepPages) return render()
      if (kept.version !== store.version()) kept = { version: store.version(), pages: new Map() }
      if (!kept.pages.has(key)) kept.pages.set(key, render())
      return kept.pages.get(key) as A
    },
  }
  const query = queries(backend)
  const bulk = jobs(backend)
  const endpoints: readonly Endpoint[] = [query.endpoint, bulk.endpoint, replication(backend, () => used)]

  const answer = async (
    message: IncomingMessage,
    fault: Fault | undefined,
    body: string,
  ): Promise<Answered> => {
    const { method = 'GET', headers } = message
    const at = new URL(message.url ?? '/', url)
    if ((message.url ?? '').length > 16_384)
      return {
        status: 414,
        body: '<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>',
        headers: { 'Content-Type': 'text/html' },
      }
    if (fault?.kind === 'answer') return fault
    if (at.pathname === '/services/oauth2/token')
      return sessions.token(new URLSearchParams(body), url, store.clock.now())
    if (at.pathname === '/services/oauth2/revoke') return { status: 200, body: '' }
    if (at.pathname === '/services/data')
      return {
        status: 200,
        body: JSON.stringify([{ label: "Winter '27", url: '/services/data/v68.0', version: '68.0' }]),
      }
    const [, base = '', path = ''] = /^(\/services\/data\/v\d+\.0)(\/.*)$/.exec(at.pathname) ?? []
    if (base === '') return refuse(404, 'NOT_FOUND', 'The requested resource does not exist')
    if (fault?.kind === 'expire') sessions.expire()
    if (!sessions.isValid(headers.authorization))
      return refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
    used++
    if (used > settings.dailyCalls)
      return refuse(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
    const request = {
      method,
      path,
      base,
      query: at.searchParams,
      headers: headers as { readonly [name: string]: string | undefined },
      body,
    }
    for (const endpoint of endpoints) {
      const answered = endpoint(request)
      if (answered !== undefined) return answered
    }
    return refuse(404, 'NOT_FOUND', 'The requested resource does not exist')
  }

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(message)
    const request = `${message.method} ${decodeURIComponent((message.url ?? '').replaceAll('+', ' '))}`
    const fault = faults.next(request)
    let answered = await answer(message, fault, body)
    const headers: { [name: string]: string } = {
      ...(message.url?.startsWith('/services/data/v') === true
        ? { 'Sforce-Limit-Info': `api-usage=${used}/${settings.dailyCalls}` }
        : {}),
      ...answered.headers,
    }
    if (fault?.kind === 'rewrite') {
      fault.headers?.(headers)
      answered = { ...answered, body: fault.body?.(answered.body) ?? answered.body }
    }
    if (fault?.kind === 'repeat' && before !== undefined)
      answered = { ...answered, body: before.body, headers: fault.headers ? before.headers : headers }
    else answered = { ...answered, headers }
    if (answered.status === 200 && isPage.test(request))
      before = { body: answered.body, headers: answered.headers ?? {} }
    seen.push({ request, status: answered.status })
    response.sendDate = false
    const bytes =
      answered.body.length < 100_000
        ? Buffer.from(answered.body)
        : backend.rendered(answered.body, () => Buffer.from(answered.body))
    const isPacked =
      settings.gzip && bytes.length > 0 && /\bgzip\b/.test(String(message.headers['accept-encoding']))
    send(response, answered, isPacked ? gzipSync(bytes) : bytes, fault, {
      Date: new Date(store.clock.now()).toUTCString(),
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    })
  }
  const server = createServer((message, response) => {
    handle(message, response).catch((thrown) => {
      response.writeHead(500).end(String(thrown))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...store,
    url,
    client,
    settings,
    faults,
    sessions,
    seen,
    used: () => used,
    spend: (calls) => {
      used += calls
    },
    expireLocators: query.expireLocators,
    forgetJobs: bulk.forget,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
