// The endpoints query and queryAll: pages behind locators, whose records are read when their page is.
import { idOf } from './ids.ts'
import { jsonRecords } from './render.ts'
import { json, refuse, type Backend, type Endpoint } from './request.ts'
import { find, type Found } from './select.ts'
import { parseSoql } from './soql.ts'

interface Cursor {
  readonly found: Found
  readonly key: string
  readonly size: number
}

export interface Queries {
  readonly endpoint: Endpoint
  readonly expireLocators: () => void
}

export const queries = ({ store, settings, rendered }: Backend): Queries => {
  const cursors = new Map<string, Cursor>()
  let opened = 0

  const page = (id: string, { found, key, size }: Cursor, from: number, base: string): string =>
    rendered(`${key} ${from} ${size}`, () => {
      const to = Math.min(from + size, found.ids.length)
      const records = jsonRecords(store, found, found.ids.slice(from, to), base)
      const more = to < found.ids.length
      return (
        `{"totalSize":${found.ids.length},"done":` +
        `${!more}${more ? `,"nextRecordsUrl":"${base}/query/${id}-${to}"` : ''},"records":${records}}`
      )
    })

  const first: Endpoint = ({ path, query, headers, base }) => {
    const soql = parseSoql(query.get('q') ?? '')
    if ('errorCode' in soql) return refuse(400, soql.errorCode, soql.message)
    const all = path === '/queryAll'
    const key = `${path} ${soql.text}`
    const found = rendered(`find ${key}`, () => find(store, soql, all))
    if ('errorCode' in found) return refuse(400, found.errorCode, found.message)
    if (soql.count) return json({ totalSize: found.ids.length, done: true, records: [] })
    const asked = Number(/batchSize=(\d+)/.exec(headers['sforce-query-options'] ?? '')?.[1] ?? 2000)
    const size = Math.min(settings.pageSize, Math.min(2000, Math.max(200, asked)))
    const id = idOf('01g', ++opened)
    const cursor = { found, key, size }
    if (found.ids.length > size) cursors.set(id, cursor)
    // A page that is kept names the locator of the query that rendered it: that one is still open.
    return json(page(id, cursor, 0, base))
  }

  const next: Endpoint = ({ path, base }) => {
    const [, id = '', from = ''] = /^\/query(?:All)?\/(\w+)-(\d+)$/.exec(path) ?? []
    const cursor = cursors.get(id)
    return cursor === undefined
      ? refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
      : json(page(id, cursor, Number(from), base))
  }

  return {
    expireLocators: () => cursors.clear(),
    endpoint: (request) => {
      if (request.method !== 'GET') return undefined
      if (request.path === '/query' || request.path === '/queryAll') return first(request)
      return /^\/query(All)?\//.test(request.path) ? next(request) : undefined
    },
  }
}
