// Types of producers: records, cursor and entity fit together, and a wrong field or type in a custom adapter
// does not compile.
import { expectTypeOf, test } from 'vitest'
import { createPipeline, entity, producer, y, type Page, type Producer, type RunReport } from 'dreampipe'
import { httpPages } from 'dreampipe/adapters/http'
import { E, t } from 'dreampipe/fp'

const Ticket = entity('Ticket', {
  properties: {
    id: y.integer(),
    title: y.string(),
    state: y.enum(['open', 'closed']),
    note: y.optional(y.string()),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
})
const Other = entity('Other', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
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

// The custom adapter of the README and the examples, without its normalise.
const helpdesk = {
  name: 'helpdesk-tickets',
  entity: Ticket,
  cursor: t.string,
  start: '2024-01-01T00:00:00Z',
  pages: httpPages<Answer, Row, string>({
    first: (since) => `https://help.example/tickets?since=${since}`,
    next: ({ next }) => next,
    records: ({ rows }) => rows,
    cursor: ({ until }) => until,
  }),
}

test('the record is what the pages yield, and the producer knows its entity and its cursor', () => {
  const tickets = producer({
    ...helpdesk,
    normalise: (row, to) => {
      expectTypeOf(row).toEqualTypeOf<Row>()
      return row.deleted
        ? to.delete({ id: row.id, updatedAt: row.updated_at })
        : to.update({
            id: row.id,
            title: row.subject,
            state: row.open ? 'open' : 'closed',
            updatedAt: row.updated_at,
          })
    },
  })
  expectTypeOf(tickets).toEqualTypeOf<Producer<typeof Ticket, Row, string>>()
})

test('what does not compile in a custom adapter', () => {
  producer({
    ...helpdesk,
    normalise: (row, to) =>
      // @ts-expect-error a field that the record does not have
      to.update({ id: row.id, title: row.title, state: 'open', updatedAt: row.updated_at }),
  })
  producer({
    ...helpdesk,
    normalise: (row, to) =>
      to.update({
        id: row.id,
        // @ts-expect-error a property that the entity does not have
        titel: row.subject,
        title: row.subject,
        state: 'open',
        updatedAt: row.updated_at,
      }),
  })
  producer({
    ...helpdesk,
    normalise: (row, to) =>
      // @ts-expect-error a value of another type
      to.update({ id: row.subject, title: row.subject, state: 'open', updatedAt: row.updated_at }),
  })
  producer({
    ...helpdesk,
    normalise: (row, to) =>
      // @ts-expect-error no such state
      to.update({ id: row.id, title: row.subject, state: 'closd', updatedAt: row.updated_at }),
  })
  producer({
    ...helpdesk,
    // @ts-expect-error a required property is missing
    normalise: (row, to) => to.update({ id: row.id, state: 'open', updatedAt: row.updated_at }),
  })
  // @ts-expect-error a delete needs its timestamp
  producer({ ...helpdesk, normalise: (row, to) => to.delete({ id: row.id }) })
  producer({
    ...helpdesk,
    // @ts-expect-error a bare literal is no update
    normalise: (row) => ({ id: row.id, title: row.subject, state: 'open', updatedAt: row.updated_at }),
  })
  producer({
    ...helpdesk,
    // @ts-expect-error an update of another entity
    normalise: (row) => Other.toUpdate({ id: row.subject, at: row.updated_at }, { source: 'x' }),
  })
  producer({
    ...helpdesk,
    // @ts-expect-error a start that is no cursor
    start: 5,
    normalise: (row, to) => to.delete({ id: row.id, updatedAt: row.updated_at }),
  })
  producer({
    ...helpdesk,
    // @ts-expect-error pages whose cursor is another
    async *pages() {
      yield { records: [] as Row[], cursor: 5 }
    },
    normalise: (row: Row, to) => to.delete({ id: row.id, updatedAt: row.updated_at }),
  })
  producer({
    name: 'x',
    entity: Ticket,
    cursor: t.string,
    start: '',
    // @ts-expect-error pages without a cursor
    async *pages() {
      yield { records: [] as Row[] }
    },
    normalise: (row: Row, to) => to.delete({ id: row.id, updatedAt: row.updated_at }),
  })
})

test('both faces run and schedule the producers of their own entities', async () => {
  const tickets = producer({
    ...helpdesk,
    normalise: (row, to) => to.delete({ id: row.id, updatedAt: row.updated_at }),
  })
  const pipeline = createPipeline([Ticket])
  expectTypeOf(
    await pipeline.run(tickets, {
      budget: { run: 5, day: 100 },
      tolerate: { records: 5, share: 0.5 },
      dryRun: 3,
      tries: 2,
    }),
  ).toEqualTypeOf<RunReport>()
  const done = await pipeline.fp.run(tickets)()
  if (E.isRight(done)) expectTypeOf(done.right).toEqualTypeOf<RunReport>()
  else expectTypeOf(done.left._tag).toExtend<string>()
  await pipeline
    .schedule(tickets, '*/5 * * * *', {
      jitter: 0,
      timeZone: 'Europe/Vienna',
      onRun: (result) => {
        expectTypeOf(result).toExtend<RunReport | Error>()
      },
    })
    .close()
  // @ts-expect-error a schedule stores what it reads
  pipeline.schedule(tickets, '*/5 * * * *', { dryRun: 5 })
  // @ts-expect-error not in this pipeline
  void createPipeline([Other]).run(tickets)
  // @ts-expect-error not in this pipeline
  createPipeline([Other]).schedule(tickets, '* * * * *')
  expectTypeOf<Page<Row, string>['records']>().toEqualTypeOf<readonly Row[]>()
})
