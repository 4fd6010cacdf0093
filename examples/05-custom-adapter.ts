// A custom adapter: a helpdesk's JSON API becomes a producer; a wrong field or type in it does not compile.
import { createPipeline, entity, producer, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { httpPages } from 'dreampipe/adapters/http'
import { helpdesk } from './helpdesk.ts'

const Ticket = entity('Ticket', {
  properties: { id: y.integer(), title: y.string(), state: y.enum(['open', 'closed']), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
type Row = { id: number; subject: string; open: boolean; updated_at: string; deleted: boolean }
type Answer = { rows: Row[]; next: string | null; until: string }
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
  normalise: ({ id, subject: title, open, updated_at: at, deleted }, to) =>
    deleted // a throw here puts this row into quarantine, the rest goes on
      ? to.delete({ id, at })
      : to.update({ id, title, state: open ? 'open' : 'closed', at }),
})
await using pipeline = createPipeline([Ticket], { driver: embedded({ folder: ':memory:' }) })
await pipeline.start()
const { stored, pages, cursor } = await pipeline.run(tickets) // or pipeline.schedule(tickets, '*/5 * * * *')
await pipeline.settled()
const sql = 'SELECT id, title, state FROM Ticket ORDER BY id'
const past = "SELECT id, state FROM Ticket_as_of('2024-01-02T12:00:00Z') ORDER BY id"
console.log({ stored, pages, cursor }, await pipeline.sql(sql), await pipeline.sql(past))
await server.close()
