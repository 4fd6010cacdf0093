// An HTTP front before goccy's BigQuery emulator: mends what it gets wrong of tables, views, functions and
// insertAll, and makes faults on demand.
// What the emulator is asked for is SQL alone. Mended here: etags and If-Match (it has none), tables.patch
// (it changes metadata and no table),
// views and functions replaced (it says duplicate), insertAll (it keeps texts inside of records as texts,
// base64 as it is, and drops no repeated
// insertId; a bad row is a 500), dry runs (they run), and the reason of a bad query (jobInternalError, which
// in BigQuery passes).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inPlace, type TableField } from '../../src/schema/bigquery.ts'
import {
  createTable,
  holdsAll,
  literal,
  ownValue,
  unknownFields,
  widenTable,
  type Json,
} from './bigquery-sql.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly etag: string | undefined
}
export interface Answered {
  readonly status: number
  readonly body: Json
}
/**
 * What a fault does to a request: an answer in place of the real one, none at all, or none though the work is
 * done.
 */
export type Fault = (
  asked: Asked,
) => Answered | 'cut' | 'lose' | undefined | Promise<Answered | 'cut' | 'lose' | undefined>

export interface Front {
  readonly endpoint: string
  /** The faults in force; each is asked about every request. */
  readonly faults: Set<Fault>
  readonly close: () => Promise<void>
}

interface Table {
  fields: readonly TableField[]
  etag: number
  readonly seen: Set<string>
}
interface Defined {
  query: string
  etag: number
}

export const refusal = (status: number, reason: string, message: string): Answered => ({
  status,
  body: { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } },
})
const ok = (body: Json = {}): Answered => ({ status: 200, body })

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export const openFront = async (emulator: string, project: string): Promise<Front> => {
  const datasets = new Set<string>()
  const tables = new Map<string, Table>()
  const defined = new Map<string, Defined>()
  const faults = new Set<Fault>()
  let etags = 0
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

  const define = async (kind: string, dataset: string, name: string, query: string): Promise<Answered> => {
    const full = inPlace({ project, dataset }, name)
    const key = `${dataset}/${kind}/${name}`
    if (kind === 'tables' && defined.has(key)) await sql(`DROP VIEW ${full}`)
    await sql(
      kind === 'tables'
        ? `CREATE VIEW ${full} AS ${query}`
        : `CREATE OR REPLACE TABLE FUNCTION ${full}(__instant__ TIMESTAMP) AS ${query}`,
    )
    defined.set(key, { query, etag: ++etags })
    return ok()
  }

  const insertAll = async (
    dataset: string,
    name: string,
    table: Table,
    rows: readonly { readonly insertId: string; readonly json: Json }[],
  ): Promise<Answered> => {
    const errors: { index: number; errors: { reason: string; location: string; message: string }[] }[] = []
    const literals: string[] = []
    rows.forEach(({ json }, index) => {
      const unknown = unknownFields(table.fields, json)
      if (unknown.length > 0) {
        errors.push({
          index,
          errors: unknown.map((location) => ({
            reason: 'invalid',
            location,
            message: `no such field: ${location}.`,
          })),
        })
        return
      }
      try {
        const values = table.fields.map((field) => literal(field, ownValue(json, field.name), field.name))
        literals.push(`(${values.join(', ')})`)
      } catch (thrown) {
        const { location, message } = thrown as { location: string; message: string }
        errors.push({ index, errors: [{ reason: 'invalid', location, message }] })
      }
    })
    const refused = new Set(errors.map(({ index }) => index))
    if (refused.size > 0)
      return ok({
        insertErrors: [
          ...errors,
          ...rows.flatMap((_, index) =>
            refused.has(index) ? [] : [{ index, errors: [{ reason: 'stopped', location: '', message: '' }] }],
          ),
        ],
      })
    const fresh = literals.filter((_, i) => !table.seen.has(rows[i]?.insertId ?? ''))
    for (const { insertId } of rows) table.seen.add(insertId)
    const columns = table.fields.map((field) => `\`${field.name}\``).join(', ')
    if (fresh.length > 0)
      await sql(`INSERT INTO ${inPlace({ project, dataset }, name)} (${columns}) VALUES ${fresh.join(', ')}`)
    return ok()
  }

  const tableCall = async (
    asked: Asked,
    dataset: string,
    kind: string,
    name: string,
    verb: string,
  ): Promise<Answered> => {
    const body = (asked.body === '' ? {} : JSON.parse(asked.body)) as {
      tableReference?: { tableId: string }
      routineReference?: { routineId: string }
      view?: { query: string }
      definitionBody?: string
      schema?: { fields: readonly TableField[] }
      rows?: readonly { insertId: string; json: Json }[]
    }
    if (!datasets.has(dataset)) return refusal(404, 'notFound', `Not found: Dataset ${project}:${dataset}`)
    const id = name === '' ? (body.tableReference?.tableId ?? body.routineReference?.routineId ?? '') : name
    const key = `${dataset}/${kind}/${id}`
    const [table, object] = [tables.get(key), defined.get(key)]
    const query = body.view?.query ?? body.definitionBody
    if (asked.method === 'POST' && verb === '') {
      if (table !== undefined || object !== undefined)
        return refusal(409, 'duplicate', `Already Exists: ${key}`)
      if (query !== undefined) return define(kind, dataset, id, query)
      await sql(createTable(inPlace({ project, dataset }, id), body.schema?.fields ?? []))
      tables.set(key, { fields: body.schema?.fields ?? [], etag: ++etags, seen: new Set() })
      return ok()
    }
    if (table === undefined && object === undefined)
      return refusal(
        404,
        'notFound',
        `Not found: ${kind === 'tables' ? 'Table' : 'Routine'} ${project}:${dataset}.${id}`,
      )
    const etag = `"${table?.etag ?? object?.etag}"`
    if (asked.method === 'GET')
      return ok(
        table !== undefined
          ? { etag, schema: { fields: table.fields } }
          : kind === 'tables'
            ? { etag, view: { query: object?.query } }
            : { etag, definitionBody: object?.query },
      )
    if (asked.etag !== undefined && asked.etag !== etag)
      return refusal(412, 'conditionNotMet', 'Precondition check failed.')
    if (asked.method === 'DELETE') {
      await sql(`DROP ${table === undefined ? 'VIEW' : 'TABLE'} ${inPlace({ project, dataset }, id)}`)
      tables.delete(key)
      defined.delete(key)
      return ok()
    }
    if (query !== undefined) return define(kind, dataset, id, query)
    if (table === undefined) return refusal(400, 'invalid', 'a view takes no rows and no columns')
    if (verb === 'insertAll') return insertAll(dataset, id, table, body.rows ?? [])
    const fields = body.schema?.fields ?? table.fields
    if (!holdsAll(table.fields, fields))
      return refusal(400, 'invalid', 'Provided Schema does not match Table')
    for (const statement of widenTable(
      inPlace({ project, dataset }, id),
      inPlace({ project, dataset }, `${id}_aside`),
      table.fields,
      fields,
    ))
      await sql(statement)
    tables.set(key, { ...table, fields, etag: ++etags })
    return ok()
  }

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
