// A process that submits the same updates as its siblings to one folder; prints its counts as JSON.
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const [folder, updates, entities, start] = process.argv.slice(2) as [
  string,
  string,
  string,
  string | undefined,
]
const Item = entity('Item', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const pipeline = createPipeline([Item], { driver: embedded({ folder }) })
if (start === 'start') await pipeline.start()

// The parent lets everybody go at once.
process.stdout.write('ready\n')
await new Promise((resolve) => {
  process.stdin.once('data', resolve)
})

const each = (i: number) =>
  Item.toUpdate(
    { id: `${i % Number(entities)}`, n: i, at: new Date(Date.UTC(2024, 0, 1) + i * 1000) },
    { source: 'child' },
  )
const counts = await pipeline.submitAll(Array.from({ length: Number(updates) }, (_, i) => each(i)))
if (start === 'start') await pipeline.settled()
await pipeline.close()
process.stdout.write(`${JSON.stringify(counts)}\n`)
process.stdin.destroy()
