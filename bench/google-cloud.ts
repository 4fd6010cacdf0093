// Calls and billed operations on Google Cloud per 1,000 updates, counted at the wire in front of the
// emulators, beside the naive design.
import { randomUUID } from 'node:crypto'
import { Datastore, PropertyFilter } from '@google-cloud/datastore'
import { PubSub } from '@google-cloud/pubsub'
import { createPipeline, type AnyEntity, type Submittable } from 'dreampipe'
import { googleCloud } from 'dreampipe/google-cloud'
import { emulator, howToGet } from '../test/emulators/google.ts'
import { Bench, samples, updateOf, type Sample } from './sample.ts'
import { counting, type Wire } from './wire.ts'

const asJson = process.argv.includes('--json')
const count = 1_000

const [firestore, messages] = [await emulator('firestore'), await emulator('pubsub')]
if (firestore === undefined || messages === undefined) {
  const missing = [
    ...(firestore === undefined ? [howToGet('firestore')] : []),
    ...(messages === undefined ? [howToGet('pubsub')] : []),
  ]
  console.log(`not run: ${missing.join('; ')}`)
  process.exit(0)
}
const [store, topics] = [await counting(firestore.host), await counting(messages.host)]

const clients = (projectId: string) => ({
  datastore: new Datastore({ projectId, apiEndpoint: store.host }),
  pubsub: new PubSub({ projectId, apiEndpoint: topics.host }),
})
const open = (projectId: string) =>
  createPipeline([Bench], {
    driver: googleCloud({
      projectId,
      dataset: 'bench',
      provision: 'at run time',
      clients: clients(projectId),
    }),
    observe: () => undefined,
  })

interface Counted {
  readonly store: Wire
  readonly topics: Wire
}

const calls = ({ calls: all }: Wire, ...methods: readonly string[]): number =>
  methods.reduce((sum, method) => sum + (all[method] ?? 0), 0)

// What the work needed, once everything that follows it (publishing, clearing the outbox) is done as well.
const counted = async (work: () => Promise<unknown>, settled: () => Promise<unknown>): Promise<Counted> => {
  store.reset()
  topics.reset()
  await work()
  await settled()
  return { store: store.wire(), topics: topics.wire() }
}

const idle = async (): Promise<void> => {
  for (let before = ''; ;) {
    const now = JSON.stringify([store.wire(), topics.wire()])
    if (now === before) return
    before = now
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
  }
}

// Up to the receipt: look-ups and commits, without the outbox that is cleared afterwards.
const upToReceipt = ({ store: wire }: Counted): number =>
  calls(wire, 'Lookup', 'RunQuery', 'BeginTransaction', 'Commit') - wire.clearing

const report = (
  name: string,
  { store: s, topics: t }: Counted,
  updates: number,
  limit: number | undefined,
  naive: number,
): void => {
  const rpcs = upToReceipt({ store: s, topics: t }) / updates
  const row = {
    name,
    value: Math.round(rpcs * 1000) / 1000,
    unit: 'RPCs up to the receipt, an update',
    floor: Math.round(naive * 1000) / 1000,
    ratio: Math.round((rpcs / naive) * 1000) / 1000,
    goal: limit === undefined ? '' : `≤ ${limit}`,
    ok: limit === undefined || rpcs <= limit,
    perThousand: {
      rpcs: Math.round((calls(s, 'Lookup', 'RunQuery', 'BeginTransaction', 'Commit') / updates) * 1000),
      reads: Math.round((s.reads / updates) * 1000),
      writes: Math.round((s.writes / updates) * 1000),
      deletes: Math.round((s.deletes / updates) * 1000),
      publishes: Math.round((calls(t, 'Publish') / updates) * 1000),
      messages: Math.round((t.messages / updates) * 1000),
    },
  }
  const each = Object.entries(row.perThousand)
    .map(([what, n]) => `${what} ${n}`)
    .join('  ')
  console.log(
    asJson
      ? JSON.stringify(row)
      : `${row.ok ? 'ok  ' : 'MISS'} ${name.padEnd(44)} ${String(row.value).padStart(6)} RPCs each  ` +
          `naive ${String(row.floor).padStart(6)}  ${row.goal.padEnd(6)}  per 1,000: ${each}`,
  )
}

const each = async (
  updates: readonly Submittable<AnyEntity>[],
  submit: (update: never) => Promise<unknown>,
): Promise<void> => {
  for (const update of updates) await submit(update as never)
}

// The naive design: the whole history queried in a transaction and compared, one event inserted, one message
// published.
const naively = async (all: readonly Sample[]): Promise<Counted> => {
  const projectId = `n${randomUUID().slice(0, 8)}`
  const { datastore, pubsub } = clients(projectId)
  const [topic] = await pubsub.createTopic('naive')
  const counts = await counted(
    async () => {
      for (const sample of all) {
        const [key, content] = [`${sample.id}`, JSON.stringify(sample)]
        const transaction = datastore.transaction()
        await transaction.run()
        const [events] = await transaction.runQuery(
          datastore.createQuery('Event').filter(new PropertyFilter('entity', '=', key)),
        )
        if (events.some((event: { readonly content: string }) => event.content === content)) {
          await transaction.rollback()
          continue
        }
        transaction.insert({
          key: datastore.key('Event'),
          data: [
            { name: 'entity', value: key },
            { name: 'content', value: content, excludeFromIndexes: true },
          ],
        })
        await transaction.commit()
        await topic.publishMessage({ data: Buffer.from(content) })
      }
    },
    async () => undefined,
  )
  await pubsub.close()
  return counts
}

const all = samples(count, 100)
const mixed = all.flatMap((sample, i) => (i % 2 === 0 ? [sample, sample] : []))
const naive = await naively(all)
const naiveAgain = naively(mixed)
const naiveEach = upToReceipt(naive) / count
report('naive: 1,000 updates of 100 entities', naive, count, undefined, naiveEach)
const naiveMixed = await naiveAgain
report(
  'naive: half of them seen before',
  naiveMixed,
  mixed.length,
  undefined,
  upToReceipt(naiveMixed) / mixed.length,
)

const alone = open(`a${randomUUID().slice(0, 8)}`)
report(
  'new, one awaited after the other',
  await counted(() => each(all.map(updateOf), alone.submit as never), idle),
  count,
  2.01,
  naiveEach,
)
await alone.close()

const bulk = open(`b${randomUUID().slice(0, 8)}`)
report('new, in bulk', await counted(() => bulk.submitAll(all.map(updateOf)), idle), count, 0.1, naiveEach)
report(
  'seen before, in bulk',
  await counted(() => bulk.submitAll(all.map(updateOf)), idle),
  count,
  0.1,
  naiveEach,
)
report(
  'seen before, one awaited after the other',
  await counted(() => each(all.map(updateOf), bulk.submit as never), idle),
  count,
  1,
  naiveEach,
)
await bulk.close()

const half = open(`c${randomUUID().slice(0, 8)}`)
report(
  'half of them seen before, in bulk',
  await counted(() => half.submitAll(mixed.map(updateOf)), idle),
  mixed.length,
  0.1,
  upToReceipt(naiveMixed) / mixed.length,
)
await half.close()

await store.close()
await topics.close()
await firestore.stop()
await messages.stop()
process.exit(0)
