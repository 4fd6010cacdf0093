// A custom adapter: any async iterable of updates is a source; this one reads pages of a helpdesk's JSON.
import { createPipeline, entity, y, type Update } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const Ticket = entity('Ticket', {
  properties: { id: y.integer(), title: y.string(), state: y.enum(['open', 'closed']), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

interface Row { readonly id: number; readonly subject: string; readonly open: boolean; readonly updated_at: string; readonly deleted: boolean }
interface Page { readonly rows: readonly Row[]; readonly next: string | null }
type Fetch = (url: string) => Promise<Page>

/** The extractor pulls pages; back-pressure is the loop's own: the next page is fetched when this one is submitted. */
async function* tickets(fetchPage: Fetch, since: string): AsyncGenerator<Update<'Ticket'>> {
  for (let url: string | null = `/tickets?since=${since}`; url !== null;) {
    const page: Page = await fetchPage(url)
    for (const row of page.rows) yield normalise(row)
    url = page.next
  }
}

/** The adapter gives the source's words our names and types; a wrong name or type does not compile. */
const normalise = (row: Row): Update<'Ticket'> => (row.deleted
  ? Ticket.toDelete({ id: row.id, updatedAt: row.updated_at }, { source: 'helpdesk' })
  : Ticket.toUpdate({ id: row.id, title: row.subject, state: row.open ? 'open' : 'closed', updatedAt: row.updated_at }, { source: 'helpdesk' }))

// Stands in for fetch(), so that the example runs anywhere.
const helpdesk: Record<string, Page> = {
  '/tickets?since=2024-01-01': { rows: [{ id: 1, subject: 'No sound', open: true, updated_at: '2024-01-02T09:00:00Z', deleted: false }, { id: 2, subject: 'No light', open: true, updated_at: '2024-01-02T10:00:00Z', deleted: false }], next: '/tickets?page=2' },
  '/tickets?page=2': { rows: [{ id: 1, subject: 'No sound', open: false, updated_at: '2024-01-03T09:00:00Z', deleted: false }, { id: 2, subject: '', open: false, updated_at: '2024-01-03T10:00:00Z', deleted: true }], next: null },
}
const fetchPage: Fetch = async (url) => helpdesk[url] ?? { rows: [], next: null }

await using pipeline = createPipeline([Ticket], { driver: embedded({ folder: ':memory:' }) })
await pipeline.start()
console.log(await pipeline.submitAll(tickets(fetchPage, '2024-01-01')))
await pipeline.settled()
console.log(await pipeline.sql('SELECT id, title, state FROM Ticket ORDER BY id'))
console.log(await pipeline.sql("SELECT id, state FROM Ticket_as_of('2024-01-02T12:00:00Z') ORDER BY id"))
