// A helpdesk's JSON API on loopback, for the custom adapter's example: tickets that changed since a time, two
// a page.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

const rows = [
  { id: 1, subject: 'No sound', open: true, updated_at: '2024-01-02T09:00:00Z', deleted: false },
  { id: 2, subject: 'No light', open: true, updated_at: '2024-01-02T10:00:00Z', deleted: false },
  { id: 1, subject: 'No sound', open: false, updated_at: '2024-01-03T09:00:00Z', deleted: false },
  { id: 2, subject: '', open: false, updated_at: '2024-01-03T10:00:00Z', deleted: true },
]
const size = 2

export const helpdesk = async (): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://helpdesk')
    const since = url.searchParams.get('since') ?? ''
    const changed = rows.filter(({ updated_at }) => updated_at > since)
    const page = changed.slice(0, size)
    const until = page.at(-1)?.updated_at ?? since
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ rows: page, until, next: changed.length > size ? `/tickets?since=${until}` : null }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
