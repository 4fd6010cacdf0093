// From embedded to Google Cloud is one line: the same pipeline on emulators where their variables are set, or
// else embedded.
import { createPipeline, entity, y, type Driver } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { googleCloud } from 'dreampipe/google-cloud'

const Order = entity('ShopOrder', {
  properties: {
    id: y.string(),
    status: y.enum(['open', 'paid']),
    total: y.decimal(),
    changedAt: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'changedAt',
  attributes: ['status'],
  view: { index: ['status'] },
})

// The clients find the emulators by these variables themselves.
const variables = ['DATASTORE_EMULATOR_HOST', 'PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST']
const missing = variables.filter((name) => process.env[name] === undefined)
const driver: Driver =
  missing.length === 0
    ? googleCloud({
        projectId: 'dreampipe',
        namespace: 'example',
        dataset: 'example',
        provision: 'at run time',
      }) // this line
    : embedded({ folder: ':memory:' })
console.log(missing.length === 0 ? 'on Google Cloud (emulators)' : `embedded: ${missing.join(', ')} not set`)

await using pipeline = createPipeline([Order], { driver })
console.log((await pipeline.provision()).report)
await pipeline.start()
for (const [id, status, day] of [
  ['a', 'open', 1],
  ['b', 'open', 1],
  ['a', 'paid', 2],
] as const) {
  await pipeline.submit(
    Order.toUpdate(
      { id, status, total: '19.90', changedAt: `2024-01-0${day}T00:00:00Z` },
      { source: 'shop' },
    ),
  )
}
await pipeline.settled()
console.log(
  'paid:',
  (await pipeline.find(Order, { where: { status: 'paid' } })).items.map(({ id }) => id),
)
console.log(await pipeline.sql('SELECT status, count(*) AS n FROM ShopOrder GROUP BY status ORDER BY status'))
const { views, queryEngine } = await pipeline.verify(Order)
console.log(
  'verify:',
  views.missing + views.different + views.surplus,
  queryEngine.missing + queryEngine.different + queryEngine.surplus,
)
