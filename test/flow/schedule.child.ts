// A process whose schedule is ended after its first run, by close or by a signal, and which has nothing more
// to do then.
import { createPipeline, entity, producer, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'

const Lead = entity('Lead', {
  properties: { id: y.string(), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})
const how = process.argv[2]
const pipeline = createPipeline([Lead], {
  driver: embedded({ folder: ':memory:' }),
  observe: () => undefined,
})
const stop = new AbortController()
const nothing = producer({
  name: 'nothing',
  entity: Lead,
  cursor: t.number,
  start: 0,
  async *pages() {
    yield { records: [], cursor: 1 }
  },
  normalise: (row: { readonly id: string }, to) => to.update({ id: row.id, at: '2024-01-01T00:00:00Z' }),
})
const job = pipeline.schedule(nothing, '* * * * * *', {
  jitter: 0,
  signal: stop.signal,
  onRun: () => {
    console.log('ran')
    if (how === 'close') void job.close()
    else if (how === 'signal') stop.abort()
    else void pipeline.close()
  },
})
