// The laws of producers, held by this package's own: Salesforce by REST and by Bulk, a first load and
// increments, and the http adapter.
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createPipeline, entity, producer, y } from 'dreampipe'
import { httpPages } from 'dreampipe/adapters/http'
import { localSalesforce, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { testProducer } from 'dreampipe/testing'
import { helpdesk } from '../../examples/helpdesk.ts'
import { leads, people, Person, type PeopleOptions } from './salesforce-kit.ts'

const ways: readonly (readonly [string, PeopleOptions])[] = [
  ['REST', { reading: { via: 'rest' } }],
  ['Bulk', { reading: { via: 'bulk', bulkPage: 9 } }],
]

describe.each(ways)('Salesforce by %s', (_, options) => {
  let sf: LocalSalesforce
  let ids: readonly string[]
  beforeAll(async () => {
    sf = await localSalesforce({ pageSize: 9 })
    ids = leads(sf, 30)
    sf.clock.advance(60)
  })
  afterAll(() => sf.close())
  const pipeline = () =>
    createPipeline([Person], { driver: embedded({ folder: ':memory:' }), observe: () => undefined })

  describe('a first load', () => {
    testProducer({ test, pipeline, producer: () => people(sf, options) })
  })

  describe('increments: updates, deletes, a merge', () => {
    let start: ReturnType<typeof people>['definition']['start']
    beforeAll(async () => {
      const loading = pipeline()
      const { cursor } = await loading.run(people(sf, options))
      await loading.close()
      start = cursor as typeof start
      for (const [n, id] of ids.entries())
        if (n % 5 === 0) sf.delete(id)
        else if (n % 5 < 3) sf.update(id, { City: `City ${n}` })
      sf.merge(ids[3] as string, ids[4] as string)
      sf.clock.advance(60)
    })
    testProducer({
      test,
      pipeline,
      producer: () => {
        const { definition } = people(sf, options)
        return producer({ ...definition, start })
      },
    })
  })
})

const Ticket = entity('Ticket', {
  properties: { id: y.integer(), title: y.string(), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
})
interface Row {
  readonly id: number
  readonly subject: string
  readonly updated_at: string
  readonly deleted: boolean
}

describe('the http adapter', () => {
  let server: Awaited<ReturnType<typeof helpdesk>>
  beforeAll(async () => {
    server = await helpdesk()
  })
  afterAll(() => server.close())
  testProducer({
    test,
    pipeline: () =>
      createPipeline([Ticket], { driver: embedded({ folder: ':memory:' }), observe: () => undefined }),
    producer: () =>
      producer({
        name: 'tickets',
        entity: Ticket,
        cursor: t.string,
        start: '2024-01-01T00:00:00Z',
        pages: httpPages<
          { readonly rows: readonly Row[]; readonly next: string | null; readonly until: string },
          Row,
          string
        >({
          first: (since) => `${server.url}/tickets?since=${since}`,
          next: ({ next }) => next,
          records: ({ rows }) => rows,
          cursor: ({ until }) => until,
        }),
        normalise: (row, to) =>
          row.deleted
            ? to.delete({ id: row.id, updatedAt: row.updated_at })
            : to.update({ id: row.id, title: row.subject, updatedAt: row.updated_at }),
      }),
  })
})
