// One way of reading an object, in a process of its own: prints records, seconds and peak resident memory as
// JSON.
import { entity, y, type Properties } from 'dreampipe'
import { salesforce, salesforceOrg } from 'dreampipe/adapters/salesforce'

const [way = '', url = '', token = '', object = ''] = process.argv.slice(2)
const base = `${url}/services/data/v68.0`
const headers = { Authorization: `Bearer ${token}` }
const narrow = {
  Id: y.string(),
  CreatedDate: y.dateTime(),
  SystemModstamp: y.dateTime(),
  Name: y.optional(y.string()),
  Email: y.optional(y.string()),
  Revenue__c: y.optional(y.decimal()),
  Employees__c: y.optional(y.integer()),
  Active__c: y.optional(y.boolean()),
}
const more = (): Properties =>
  Object.fromEntries(
    Array.from({ length: 43 }, (_, n) => [
      `Field${n}__c`,
      y.optional(
        n % 6 === 0 ? y.decimal() : n % 6 === 1 ? y.date() : n % 6 === 2 ? y.dateTime() : y.string(),
      ),
    ]),
  )
const fields: Properties = object === 'Wide__c' ? { ...narrow, ...more() } : narrow
const soql = `SELECT ${Object.keys(fields).join(', ')} FROM ${object}`

interface Page {
  readonly records: readonly unknown[]
  readonly nextRecordsUrl?: string
}

// The floor: what a loop over fetch and JSON.parse does.
const plain = async (): Promise<number> => {
  let records = 0
  for (let next: string | undefined = `${base}/query?q=${encodeURIComponent(soql)}`; next !== undefined;) {
    const page = JSON.parse(await (await fetch(next, { headers })).text()) as Page
    records += page.records.length
    next = page.nextRecordsUrl === undefined ? undefined : `${url}${page.nextRecordsUrl}`
  }
  return records
}

const Any = entity('Any', { identifier: ['Id'], timestamp: 'SystemModstamp' })
const ours = async (via: 'rest' | 'bulk'): Promise<number> => {
  const { definition } = salesforce({
    object,
    entity: Any,
    login: salesforceOrg({ login: { instanceUrl: url, accessToken: token } }),
    fields,
    reading: { via, poll: 5 },
    normalise: (_, to) => to.update({}),
  })
  const context = {
    signal: new AbortController().signal,
    budget: { left: () => Infinity, spend: () => true },
    warn: () => undefined,
    live: async function* () {
      yield []
    },
  }
  const pages = definition.pages(definition.start, context)[Symbol.asyncIterator]()
  // A loop over the pages would hold each one until the next has come.
  const next = async (): Promise<number | undefined> => {
    const page = await pages.next()
    return page.done === true ? undefined : page.value.records.length
  }
  let records = 0
  for (let count = await next(); count !== undefined; count = await next()) records += count
  return records
}

const jsforce = async (bulk: boolean): Promise<number> => {
  const { Connection } = (await import('jsforce')).default
  const connection = new Connection({ instanceUrl: url, accessToken: token, version: '68.0' })
  let records = 0
  if (bulk) {
    connection.bulk2.pollInterval = 5
    connection.bulk2.pollTimeout = 600_000
    for await (const _ of await connection.bulk2.query(soql)) records++
  } else {
    await new Promise<void>((resolve, reject) => {
      const query = connection.query(soql)
      query
        .on('record', () => {
          records++
        })
        .on('end', resolve)
        .on('error', reject)
      void query.run({ autoFetch: true, maxFetch: 10_000_000 })
    })
  }
  return records
}

const ways: { readonly [way: string]: () => Promise<number> } = {
  fetch: plain,
  rest: () => ours('rest'),
  bulk: () => ours('bulk'),
  'jsforce query': () => jsforce(false),
  'jsforce bulk2.query': () => jsforce(true),
}
const started = performance.now()
const records = await (ways[way] as () => Promise<number>)()
console.log(
  JSON.stringify({
    records,
    seconds: (performance.now() - started) / 1000,
    cpu: (process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime) / 1e6,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  }),
)
process.exit(0)
