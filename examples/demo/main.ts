// The demo, the mission in one go: a Salesforce on this machine, read on a short schedule while its leads change. `-- --once` reads once; `-- --watch` goes on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline, entity, isDreampipeError, y, type RunReport } from 'dreampipe'
import { salesforce } from 'dreampipe/adapters/salesforce'
import { embedded } from 'dreampipe/embedded'
import { bold, dim, heading, say, table } from '../print.ts'
import { crm, type Crm } from './crm.ts'

const Lead = entity('SalesforceLead', {
  properties: {
    id: y.string(), name: y.string(), email: y.optional(y.string()), status: y.optional(y.string()), revenue: y.optional(y.decimal()),
    weighted: y.optional(y.decimal()), city: y.optional(y.string()), updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
  deduplication: { by: 'latest' }, // a formula's value is new only where it is another
  attributes: ['status'],
  view: { index: ['status'], calculated: { domain: y.optional(y.string()) }, calculate: ({ email }) => ({ domain: email?.split('@')[1] ?? null }) },
})

const producerOf = ({ server: { url, client: { clientId, clientSecret } } }: Crm) => salesforce({
  object: 'Lead',
  entity: Lead,
  login: { instanceUrl: url, clientId, clientSecret },
  formulas: { hours: 0 },
  fields: {
    Id: y.string(), Name: y.string(), Email: y.optional(y.string()), Status: y.optional(y.string()), AnnualRevenue: y.optional(y.decimal()), Weighted__c: y.optional(y.decimal()),
    Address: y.optional(y.object({ City: y.optional(y.string()) })), SystemModstamp: y.dateTime(),
  },
  normalise: (record, to) => to.update({
    id: record.Id, name: record.Name, email: record.Email, status: record.Status, revenue: record.AnnualRevenue, weighted: record.Weighted__c, city: record.Address?.City, updatedAt: record.SystemModstamp,
  }),
})

const counts = ({ records, stored, duplicate, outdated, rejected, calls, milliseconds }: RunReport) => ({ records, stored, duplicate, outdated, quarantined: rejected, 'API calls': calls, ms: milliseconds })

const flags = process.argv.slice(2)
const [once, watch] = [flags.includes('--once'), flags.includes('--watch')]
const folder = mkdtempSync(join(tmpdir(), 'dreampipe-demo-'))
const source = await crm(200)
const pipeline = createPipeline([Lead], { driver: embedded({ folder }), observe: (signal) => { if (signal._tag === 'producer') say(dim(signal.message)) } })

// The next run of the schedule, or the error that it ended with.
let next = Promise.withResolvers<RunReport | Error>()
const leads = producerOf(source)
try {
  await pipeline.start()
  source.server.clock.advance(60)

  heading('1. The first run: every lead that is there, paged, typed, stored, and the cursor behind them')
  table([counts(await pipeline.run(leads))])

  if (!once) {
    heading('2. On a schedule, while leads change under it')
    const schedule = pipeline.schedule(leads, '* * * * * *', { jitter: 0, onRun: (result) => { next.resolve(result) } })
    const ran = async (): Promise<void> => {
      source.server.clock.advance(60)
      next = Promise.withResolvers()
      const result = await next.promise
      if (isDreampipeError(result)) say(`the run ended: ${result.message}`)
      else table([counts(result as RunReport)])
    }
    for (const [what, happen] of source.happenings) {
      say(bold(what))
      happen()
      await ran()
    }
    while (watch) {
      say(bold(`a lead changes (${new Date().toISOString().slice(11, 19)}; Ctrl-C ends)`))
      source.server.update(source.ids[Math.floor(Math.random() * 100) + 8] as string, { AnnualRevenue: `${Math.floor(Math.random() * 90_000)}.00` })
      await ran()
    }
    await schedule.close()
    for (const { record, reason } of await pipeline.quarantine.list(leads)) say(`in quarantine: ${record.slice(0, 72)}: ${reason}`)
  }

  heading('3. One lead\'s history, and its state then and now')
  await pipeline.settled()
  const id = source.ids[0] as string
  const events = []
  for await (const event of pipeline.history(Lead, { id })) {
    events.push({ '#': event.sequence, 'happened at': event.occurredAt, operation: event.operation, ...(event.operation === 'upsert' ? { status: event.properties.status, city: event.properties.city, weighted: event.properties.weighted } : {}) })
  }
  table(events)
  const first = events[0]?.['happened at'] ?? ''
  say(`as of ${first.slice(0, 16)}Z  ${JSON.stringify(await pipeline.asOf(Lead, { id }, first))}`)
  say(`now                      ${JSON.stringify(await pipeline.current(Lead, { id }))}`)

  heading('4. SQL over the current state, and as of the first run')
  const byCity = 'SELECT city, count(*) AS leads, sum(weighted) AS weighted FROM'
  say(bold(`${byCity} SalesforceLead GROUP BY city ORDER BY leads DESC, city`))
  table(await pipeline.sql(`${byCity} SalesforceLead GROUP BY city ORDER BY leads DESC, city`))
  say(bold(`${byCity} SalesforceLead_as_of($at) …`))
  table(await pipeline.sql(`${byCity} SalesforceLead_as_of($at) GROUP BY city ORDER BY leads DESC, city`, { at: first }))

  heading('5. And nothing was lost: both projections against the events')
  const { views, queryEngine } = await pipeline.verify(Lead)
  table(Object.entries({ views, queryEngine }).map(([projection, { events: all, pending, missing, surplus, different }]) => ({ projection, events: all, pending, missing, surplus, different })))
} finally {
  await pipeline.close()
  await source.server.close()
  rmSync(folder, { recursive: true, force: true })
}
