// What another process does on an embedded folder: appends a batch, holds the write lock, or owns the query
// engine.
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { TE, pipe } from '../../src/fp.ts'
import type { Handler, Subscription } from '../../src/ports/topic.ts'
import { range, right, until } from '../../src/testing/check.ts'
import { schemaFor } from '../../src/testing/samples.ts'
import { append } from '../../src/testing/steps.ts'
import { openFolder, sharedBatch } from './embedded-bench.ts'

const [, , mode, folder] = process.argv as [string, string, string, string]
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const told = async (): Promise<void> => void (await lines.next())

const appendShared = async (): Promise<void> => {
  const ports = await openFolder(folder)
  say('ready')
  await told()
  const outcomes = []
  for (const round of range(0, 9))
    outcomes.push(
      ...(await append(
        ports.eventStore,
        sharedBatch.filter((_, i) => i % 10 === round),
      )),
    )
  say(JSON.stringify(outcomes.map(({ status, event }) => [status, event.eventId])))
  await ports.close()
}

const holdLock = async (): Promise<void> => {
  const db = new DatabaseSync(join(folder, 'events.sqlite'))
  db.exec('BEGIN IMMEDIATE')
  say('ready')
  await told()
  db.exec('COMMIT')
  db.close()
}

const ownQueryEngine = async (): Promise<void> => {
  const { queryEngine, topic } = await openFolder(folder)
  const subscription: Subscription = {
    name: 'query-engine',
    entity: 'Lead',
    from: 'start',
    position: () => queryEngine.position('Lead'),
  }
  const handler: Handler = ({ events, position }) =>
    pipe(
      queryEngine.evolve('Lead', schemaFor(events)),
      TE.flatMap(() => queryEngine.append('Lead', events, position)),
      TE.map(() => undefined),
    )
  await right(topic.register(subscription))
  topic.subscribe(subscription, handler, { onFailure: (error) => say(`failed ${error.message}`) })
  await until('all is projected', async () => (await right(topic.progress(subscription))).behind === 0)
  say('ready')
  await told()
}

const modes: { readonly [mode: string]: () => Promise<void> } = {
  append: appendShared,
  lock: holdLock,
  own: ownQueryEngine,
}
await modes[mode]?.()
process.exit(0)
