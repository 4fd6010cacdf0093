// A process that reads the local Salesforce again and again into a folder, until it is killed; says how each
// run ended.
import { createPipeline } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { people, Person } from './salesforce-people.ts'

const [folder, url, clientId, clientSecret, via] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  'rest' | 'bulk',
]
const pipeline = createPipeline([Person], { driver: embedded({ folder }), observe: () => undefined })
await pipeline.start()
process.stdout.write('ready\n')
for (;;) {
  const done = await pipeline.fp.run(
    people({ url, client: { clientId, clientSecret } }, { reading: { via, bulkPage: 20 } }),
  )()
  const told =
    done._tag === 'Right'
      ? { records: done.right.records, stored: done.right.stored }
      : { error: done.left._tag }
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
