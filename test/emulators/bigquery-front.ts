// An HTTP front before goccy's BigQuery emulator: mends what it gets wrong, and makes faults on demand.
// What the emulator is asked for is SQL alone. Mended here: dry runs (they run), and the reason of a bad
// query (jobInternalError, which in BigQuery passes); all else where the tables are.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ok, refusal, type Answered, type Asked, type Fault } from './bigquery-answers.ts'
import type { Json } from './bigquery-sql.ts'
import { tablesOf } from './bigquery-tables.ts'

export interface Front {
  readonly endpoint: string
  /** The faults in force; each is asked about every request. */
  readonly faults: Set<Fault>
  readonly close: () => Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export const openFront = async (emulator: string, project: string): Promise<Front> => {
  const datasets = new Set<string>()
  const faults = new Set<Fault>()
  // Statements that change what queries read go one by one, and queries between them.
  let last: Promise<unknown> = Promise.resolve()
  const alone = <A>(work: () => Promise<A>): Promise<A> => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
  const forward = async ({
    method,
    path,
    body,
  }: Pick<Asked, 'method' | 'path' | 'body'>): Promise<Answered> => {
    const response = await fetch(`${emulator}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === '' ? {} : { body }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) }
  }
  const sql = async (query: string): Promise<void> => {
    const { status, body } = await forward({
      method: 'POST',
      path: `/projects/${project}/queries`,
      body: JSON.stringify({ query, useLegacySql: false }),
    })
    if (status !== 200) throw new Error(`${JSON.stringify(body).slice(0, 500)} in ${query.slice(0, 500)}`)
  }
  const tableCall = tablesOf(project, datasets, sql)

  const answer = async (asked: Asked): Promise<Answered> => {
    const [, dataset, kind, name = '', verb = ''] =
      /\/datasets\/([^/]+)\/(tables|routines)(?:\/([^/]+))?(?:\/(insertAll))?$/.exec(asked.path) ?? []
    if (dataset !== undefined && kind !== undefined)
      return alone(() => tableCall(asked, dataset, kind, name, verb))
    if (/\/datasets(\/[^/]+)?$/.test(asked.path)) {
      const answered = await alone(() => forward(asked))
      const id = asked.path.split('/').pop() ?? ''
      if (asked.method === 'POST' && answered.status === 200)
        datasets.add(
          (JSON.parse(asked.body) as { datasetReference: { datasetId: string } }).datasetReference.datasetId,
        )
      return asked.method === 'GET' && !datasets.has(id)
        ? refusal(404, 'notFound', `Not found: Dataset ${project}:${id}`)
        : answered
    }
    const dry = asked.path.endsWith('/jobs') ? dryRunOf(asked.body) : undefined
    if (dry !== undefined) return dry
    const answered = await alone(() => forward(asked))
    const { error } = answered.body as { error?: { code: number; message: string } }
    return error === undefined || error.code === 404 ? answered : refusal(400, 'invalidQuery', error.message)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const etag = request.headers['if-match']
    const [path = '', query = ''] = (request.url ?? '').replace(/^\/bigquery\/v2/, '').split('?')
    const asked: Asked = { method: request.method ?? 'GET', path, query, body: await bodyOf(request), etag }
    for (const fault of faults) {
      const made = await fault(asked)
      if (made === 'lose') await answer(asked)
      if (made === 'cut' || made === 'lose') return void response.destroy()
      if (made !== undefined) return reply(response, made)
    }
    reply(response, await answer(asked).catch((thrown: unknown) => refusal(400, 'invalid', String(thrown))))
  }

  const server: Server = createServer(
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  )
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

// A dry run is one that runs, there; what it is asked for is the kind of statement.
const dryRunOf = (body: string): Answered | undefined => {
  const { configuration } = JSON.parse(body) as {
    readonly configuration: { readonly dryRun?: boolean; readonly query: { readonly query: string } }
  }
  const word = /^[\s(]*(\w+)/.exec(configuration.query.query)?.[1]?.toUpperCase() ?? ''
  return configuration.dryRun === true
    ? ok({ statistics: { query: { statementType: word === 'WITH' || word === 'FROM' ? 'SELECT' : word } } })
    : undefined
}

const reply = (response: ServerResponse, { status, body }: Answered): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
  response.end(JSON.stringify(body))
}
