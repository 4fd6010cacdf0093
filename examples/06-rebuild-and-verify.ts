// Rebuild and verify: a calculated field changes, the view is made anew beside the old one, and the pipeline
// proves itself complete.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const base = {
  properties: { id: y.string(), name: y.string(), visits: y.integer(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
} as const
const Before = entity('Guest', {
  ...base,
  view: {
    index: ['tier'],
    calculated: { tier: y.string() },
    calculate: (guest) => ({ tier: guest.visits > 10 ? 'gold' : 'none' }),
  },
})
const After = entity('Guest', {
  ...base,
  view: {
    index: ['tier'],
    calculated: { tier: y.string() },
    calculate: (guest) => ({ tier: guest.visits > 10 ? 'gold' : guest.visits > 3 ? 'silver' : 'none' }),
  },
})

const folder = mkdtempSync(join(tmpdir(), 'dreampipe-example-'))
{
  await using pipeline = createPipeline([Before], { driver: embedded({ folder }) })
  await pipeline.start()
  await pipeline.submitAll(
    [12, 5, 1, 7, 20].map((visits, i) =>
      Before.toUpdate(
        { id: `${i}`, name: `Guest ${i}`, visits, at: '2024-05-01T10:00:00Z' },
        { source: 'hotel' },
      ),
    ),
  )
  await pipeline.settled()
  console.log('before:', (await pipeline.find(Before, { where: { tier: 'silver' } })).items.length, 'silver')
}
{
  // The next release calculates otherwise. Documents that no event touches keep what they had, until the view
  // is rebuilt.
  await using pipeline = createPipeline([After], { driver: embedded({ folder }) })
  await pipeline.start()
  const proof = await pipeline.verify(After)
  console.log('verify finds', proof.views.different, 'documents that the new code would make differently')

  const rebuilt = await pipeline.rebuild(After, { target: 'views' })
  console.log('generation', rebuilt.generation, 'serves', rebuilt.entities, 'entities')
  console.log('after:', (await pipeline.find(After, { where: { tier: 'silver' } })).items.length, 'silver')

  const { views, queryEngine } = await pipeline.verify(After)
  for (const [name, { events, pending, missing, surplus, different }] of Object.entries({
    views,
    queryEngine,
  }))
    console.log(`${name}:`, { events, pending, missing, surplus, different })
}
rmSync(folder, { recursive: true })
