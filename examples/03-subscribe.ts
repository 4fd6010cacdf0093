// Subscriptions: durable and named, filtered by attributes, at least once; one poisoned event holds up
// nobody.
import { createPipeline, entity, y } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

const Lead = entity('Lead', {
  properties: { id: y.string(), stage: y.enum(['open', 'won']), value: y.integer(), updatedAt: y.dateTime() },
  identifier: ['id'],
  timestamp: 'updatedAt',
  attributes: ['stage'],
})

await using pipeline = createPipeline([Lead], {
  driver: embedded({ folder: ':memory:' }),
  observe: () => undefined,
})

const invoices = new Map<string, number>()
const { promise: invoiced, resolve } = Promise.withResolvers<void>()
pipeline.subscribe(Lead, {
  name: 'billing',
  filter: { stage: 'won' },
  handle: (event) => {
    if (event.operation === 'delete') return
    // `retry: false` says that trying again is no use: the event becomes a dead letter. Anything else is
    // tried again.
    if (event.properties.value < 0) throw Object.assign(new Error('a negative invoice'), { retry: false })
    // by event id: at least once means that it may come twice
    invoices.set(event.eventId, event.properties.value)
    if (invoices.size === 2) resolve()
  },
})

await pipeline.start()
const at = (hour: number) => `2024-05-01T0${hour}:00:00Z`
await pipeline.submit(
  Lead.toUpdate({ id: '1', stage: 'open', value: 10, updatedAt: at(1) }, { source: 'crm' }),
)
await pipeline.submit(
  Lead.toUpdate({ id: '1', stage: 'won', value: 12, updatedAt: at(2) }, { source: 'crm' }),
)
await pipeline.submit(
  Lead.toUpdate({ id: '2', stage: 'won', value: -5, updatedAt: at(3) }, { source: 'crm' }),
)
await pipeline.submit(
  Lead.toUpdate({ id: '3', stage: 'won', value: 30, updatedAt: at(4) }, { source: 'crm' }),
)
await invoiced
console.log('invoiced:', [...invoices.values()].join(', '))

// The dead letter is written before the subscription moves on: once nothing is behind, it is there.
const isIdle = async (): Promise<boolean> =>
  (await pipeline.status()).subscriptions.every(({ lag }) => lag.events === 0)
while (!(await isIdle())) await new Promise((next) => setImmediate(next))
const [letter] = await pipeline.deadLetters.list(Lead)
console.log('dead letter:', letter?.reason)
if (letter !== undefined) console.log('dropped:', await pipeline.deadLetters.drop(letter))
