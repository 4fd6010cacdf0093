// A process that ingests, projects, rebuilds and closes again and again, until it is killed; prints every
// acknowledged update.
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const [folder, seed] = process.argv.slice(2) as [string, string]
const Item = entity('Item', {
  properties: { id: y.string(), n: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
  view: {
    index: ['even'],
    calculated: { even: y.boolean() },
    calculate: (state) => ({ even: state.n % 2 === 0 }),
  },
})

const start = Number(seed) * 1_000_000
let n = start
const next = () =>
  Item.toUpdate(
    { id: `${n % 23}`, n, at: new Date(Date.UTC(2024, 0, 1) + ((n++ * 7919) % 100_000) * 1000) },
    { source: 'child' },
  )

process.stdout.write('ready\n')
for (let round = 0; ; round++) {
  const pipeline = createPipeline([Item], { driver: embedded({ folder }), observe: () => undefined })
  await pipeline.start()
  const rebuilding =
    round % 2 === 1
      ? pipeline.rebuild(Item, { target: round % 4 === 1 ? 'views' : 'query-engine' })
      : undefined
  for (let batch = 0; batch < 6; batch++) {
    const from = n
    const counts = await pipeline.submitAll(Array.from({ length: 60 }, next))
    // Written in one piece, after the receipt: what the parent reads was acknowledged.
    process.stdout.write(`${JSON.stringify({ from, to: n, stored: counts.stored })}\n`)
    if (batch % 3 === 2) await pipeline.settled()
  }
  await rebuilding
  await pipeline.close()
}
