// A custom adapter: a helpdesk's JSON API with next-page links becomes a producer; a wrong field or type in
// it does not compile.
import { createPipeline, entity, producer, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { httpPages } from 'dreampipe/adapters/http'
import { helpdesk } from './helpdesk.ts'

const Ticket = entity('Ticket', {
  properties: {
    id: y.integer(),
    title: y.string(),
    state: y.enum(['open', 'closed']),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

interface Row {
  readonly id: number
  readonly subject: string
  readonly open: boolean
  readonly updated_at: string
  readonly deleted: boolean
}
interface Answer {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly until: string
}

const server = await helpdesk() // a small server of this example's own
const tickets = producer({
  name: 'helpdesk-tickets', // names the stored cursor, and is the updates' source
  entity: Ticket,
  cursor: t.string, // any io-ts codec
  start: '2024-01-01T00:00:00Z',
  pages: httpPages<Answer, Row, string>({
    first: (since) => `${server.url}/tickets?since=${since}`,
    next: ({ next }) => next,
    records: ({ rows }) => rows,
    cursor: ({ until }) => until, // saved once this page's records are stored
  }),
  normalise: (row, to) =>
    row.deleted // a throw here puts this row into quarantine, the rest goes on
      ? to.delete({ id: row.id, updatedAt: row.updated_at })
      : to.update({
          id: row.id,
          title: row.subject,
          state: row.open ? 'open' : 'closed',
          updatedAt: row.updated_at,
        }),
})

await using pipeline = createPipeline([Ticket], { driver: embedded({ folder: ':memory:' }) })
await pipeline.start()
const { stored, pages, cursor } = await pipeline.run(tickets) // or pipeline.schedule(tickets, '*/5 * * * *')
await pipeline.settled()
console.log(
  { stored, pages, cursor },
  await pipeline.sql('SELECT id, title, state FROM Ticket ORDER BY id'),
  await pipeline.sql("SELECT id, state FROM Ticket_as_of('2024-01-02T12:00:00Z') ORDER BY id"),
)
await server.close()
