// A process that submits the same updates as its siblings to one project on the emulators; prints its counts
// as JSON, or kills itself between commit and publish.
import { createPipeline, entity, y } from 'dreampipe'
import type { Driver } from 'dreampipe'
import { onHosts } from './on-hosts.ts'

const [datastore, pubsub, project, updates, entities, mode] = process.argv.slice(2) as [
  string,
  string,
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
const driver = onHosts({ datastore, pubsub }, project)
// The moment between commit and publish: the events are stored, and nobody has been told.
const dying: Driver = {
  ...driver,
  open: () => async () => {
    const opened = await driver.open()()
    return opened._tag === 'Left'
      ? opened
      : {
          _tag: 'Right',
          right: {
            ...opened.right,
            topic: {
              ...opened.right.topic,
              publish: () => {
                process.kill(process.pid, 'SIGKILL')
                return new Promise(() => undefined) as never
              },
            },
          },
        }
  },
}
const pipeline = createPipeline([Item], { driver: mode === 'die' ? dying : driver })

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
await pipeline.close()
process.stdout.write(`${JSON.stringify(counts)}\n`)
process.stdin.destroy()
