// Hello: one entity, one update, its state: an event-sourced database in ten lines.
import { createPipeline, entity, y } from 'dreampipe'

const Lead = entity('Lead', {
  properties: { id: y.string(), email: y.optional(y.string()), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
})

await using pipeline = createPipeline([Lead]) // embedded, in ./.dreampipe
await pipeline.start()
const receipt = await pipeline.submit(
  Lead.toUpdate({ id: '1', email: 'ada@example.org', updatedAt: new Date() }, { source: 'hello' }),
)
await pipeline.settled(receipt)
console.log(receipt.status, await pipeline.current(Lead, { id: '1' }))
console.log(await pipeline.sql('SELECT count(*) AS leads FROM Lead'))
