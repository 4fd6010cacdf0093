// Salesforce into the embedded pipeline, in a process of its own: run to its end, until both projections hold
// it; prints what it took.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline, entity, y } from 'dreampipe'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'
import { embedded } from 'dreampipe/embedded'

const [url = '', token = '', via = 'rest'] = process.argv.slice(2)
const Narrow = entity('Narrow', {
  properties: {
    id: y.string(),
    name: y.optional(y.string()),
    email: y.optional(y.string()),
    revenue: y.optional(y.decimal()),
    employees: y.optional(y.integer()),
    active: y.optional(y.boolean()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})
const producer = salesforce({
  object: 'Narrow__c',
  entity: Narrow,
  login: salesforceOrg({ login: { instanceUrl: url, accessToken: token } }),
  reading: { via: via as 'rest' | 'bulk', poll: 5 },
  fields: {
    Id: y.string(),
    SystemModstamp: y.dateTime(),
    Name: y.optional(y.string()),
    Email: y.optional(y.string()),
    Revenue__c: y.optional(y.decimal()),
    Employees__c: y.optional(y.integer()),
    Active__c: y.optional(y.boolean()),
  },
  normalise: (record, to) =>
    to.update({
      id: record.Id,
      name: record.Name,
      email: record.Email,
      revenue: record.Revenue__c,
      employees: record.Employees__c,
      active: record.Active__c,
      at: record.SystemModstamp,
    }),
})
const folder = mkdtempSync(join(tmpdir(), 'dreampipe-bench-'))
const pipeline = createPipeline([Narrow], { driver: embedded({ folder }) })
await pipeline.start()
const started = performance.now()
const report = await pipeline.run(producer)
const stored = performance.now() - started
await pipeline.settled(undefined, { timeout: 600_000 })
const settled = performance.now() - started
const { views, queryEngine } = await pipeline.verify(Narrow)
console.log(
  JSON.stringify({
    records: report.stored,
    seconds: stored / 1000,
    settled: settled / 1000,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
    wrong:
      views.missing +
      views.different +
      views.surplus +
      queryEngine.missing +
      queryEngine.different +
      queryEngine.surplus,
  }),
)
await pipeline.close()
rmSync(folder, { recursive: true, force: true })
process.exit(0)
