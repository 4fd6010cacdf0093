// The demo, the mission in one go: a Salesforce on this machine, read on a short schedule while its leads
// change. `-- --once` reads once; `-- --watch` goes on until Ctrl-C.
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
    id: y.string(),
    name: y.string(),
    email: y.optional(y.string()),
    status: y.optional(y.string()),
    revenue: y.optional(y.decimal()),
    weighted: y.optional(y.decimal()),
    city: y.optional(y.string()),
    updatedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'updatedAt',
  deduplication: { by: 'latest' }, // a formula's value is new only where it is another
  attributes: ['status'],
  view: {
    index: ['status'],
    calculated: { domain: y.optional(y.string()) },
    calculate: ({ email }) => ({ domain: email?.split('@')[1] ?? null }),
  },
})

const producerOf = ({
  server: {
    url,
    client: { clientId, clientSecret },
  },
}: Crm) =>
  salesforce({
    object: 'Lead',
    entity: Lead,
    login: { instanceUrl: url, clientId, clientSecret },
    formulas: { hours: 1 },
    fields: {
      Id: y.string(),
      Name: y.string(),
      Email: y.optional(y.string()),
      Status: y.optional(y.string()),
      AnnualRevenue: y.optional(y.decimal()),
      Weighted__c: y.optional(y.decimal()),
      Address: y.optional(y.object({ City: y.optional(y.string()) })),
      SystemModstamp: y.dateTime(),
    },
    normalise: (record, to) =>
      to.update({
        id: record.Id,
        name: record.Name,
        email: record.Email,
        status: record.Status,
        revenue: record.AnnualRevenue,
        weighted: record.Weighted__c,
        city: record.Address?.City,
        updatedAt: record.SystemModstamp,
      }),
  })

const counts = (
  { records, stored, duplicate, outdated, rejected, calls, milliseconds }: RunReport,
  logins: number,
) => ({
  records,
  stored,
  duplicate,
  outdated,
  quarantined: rejected,
  'API calls': calls,
  logins,
  ms: milliseconds,
})

const flags = process.argv.slice(2)
if (flags.some((flag) => flag !== '--once' && flag !== '--watch')) {
  console.error('usage: npm run demo [-- --once | --watch]')
  process.exit(2)
}
const [once, watch] = [flags.includes('--once'), flags.includes('--watch')]
const folder = mkdtempSync(join(tmpdir(), 'dreampipe-demo-'))
const source = await crm(200)
const pipeline = createPipeline([Lead], {
  driver: embedded({ folder }),
  observe: (signal) => {
    if (signal._tag === 'producer') say(dim(signal.message))
  },
})

// Ctrl-C ends the reading in good order, and shows what came of it; a second one ends the process.
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted.abort()
  })
const end = new Promise<undefined>((resolve) => {
  interrupted.signal.addEventListener('abort', () => {
    resolve(undefined)
  })
})

// The next run of the schedule, or the error that it ended with.
let next = Promise.withResolvers<RunReport | Error>()
const leads = producerOf(source)
try {
  await pipeline.start()
  source.server.clock.advance(60)

  heading('1. The first run: every lead that is there, paged, typed, stored, and the cursor behind them')
  table([counts(await pipeline.run(leads), source.server.sessions.logins())])

  if (!once) {
    heading('2. On a schedule, while leads change under it')
    const schedule = pipeline.schedule(leads, '* * * * * *', {
      jitter: 0,
      onRun: (result) => {
        next.resolve(result)
      },
    })
    const ran = async (): Promise<void> => {
      source.server.clock.advance(60)
      next = Promise.withResolvers()
      const result = await Promise.race([next.promise, end])
      if (result === undefined) return
      if (isDreampipeError(result)) say(`the run ended: ${result.message}`)
      else table([counts(result as RunReport, source.server.sessions.logins())])
    }
    for (const { what, shows, happen } of source.happenings) {
      if (interrupted.signal.aborted) break
      console.log(`\n  ${bold(what)}`)
      say(dim(`-> ${shows}`))
      happen()
      await ran()
    }
    while (watch && !interrupted.signal.aborted) {
      say(bold(`a lead changes (${new Date().toISOString().slice(11, 19)}; Ctrl-C ends)`))
      source.server.update(source.ids[Math.floor(Math.random() * 100) + 8] as string, {
        AnnualRevenue: `${Math.floor(Math.random() * 90_000)}.00`,
      })
      await ran()
    }
    await schedule.close()
    console.log('')
    for (const entry of await pipeline.quarantine.list(leads)) {
      const { row } = JSON.parse(entry.record) as {
        readonly row: { readonly Id: string; readonly Email: string }
      }
      say(
        `in quarantine: ${row.Id}, ${row.Email}: ${entry.reason}; mended at its source, so it is ` +
          `dropped: ${await pipeline.quarantine.drop(entry)}`,
      )
    }
  }

  heading(`${once ? 2 : 3}. A lead's history, and its state then and now`)
  await pipeline.settled()
  const id = source.ids[0] as string
  const historyOf = async (lead: string) => {
    const events = []
    for await (const event of pipeline.history(Lead, { id: lead })) {
      const { status, city, weighted } = event.operation === 'upsert' ? event.properties : {}
      events.push({
        '#': event.sequence,
        'happened at': event.occurredAt,
        operation: event.operation,
        status,
        city,
        weighted,
      })
    }
    return events
  }
  const events = await historyOf(id)
  table(events)
  const first = events[0]?.['happened at'] ?? ''
  say(`as of ${first.slice(0, 16)}Z  ${JSON.stringify(await pipeline.asOf(Lead, { id }, first))}`)
  say(`now                      ${JSON.stringify(await pipeline.current(Lead, { id }))}`)
  if (!once) {
    say('and the history of the one that was merged into another:')
    table(await historyOf(source.ids[7] as string))
  }

  heading(`${once ? 3 : 4}. SQL over the current state, and as of the first run`)
  const byCity = 'SELECT city, count(*) AS leads, sum(weighted) AS weighted FROM'
  say(bold(`${byCity} SalesforceLead GROUP BY city ORDER BY leads DESC, city`))
  table(await pipeline.sql(`${byCity} SalesforceLead GROUP BY city ORDER BY leads DESC, city`))
  say(bold(`${byCity} SalesforceLead_as_of($at) …`))
  table(
    await pipeline.sql(`${byCity} SalesforceLead_as_of($at) GROUP BY city ORDER BY leads DESC, city`, {
      at: first,
    }),
  )

  heading(`${once ? 4 : 5}. And nothing was lost: both projections against the events`)
  const { views, queryEngine } = await pipeline.verify(Lead)
  table(
    Object.entries({ views, queryEngine }).map(
      ([projection, { events: all, pending, missing, surplus, different }]) => ({
        projection,
        events: all,
        pending,
        missing,
        surplus,
        different,
      }),
    ),
  )
} finally {
  await pipeline.close()
  await source.server.close()
  rmSync(folder, { recursive: true, force: true })
}
