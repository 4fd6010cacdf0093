// Quarantine on Datastore's emulator: whatever is wrong with a record, it finds its place there, and the run
// goes on.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createPipeline, producer } from 'dreampipe'
import { t } from 'dreampipe/fp'
import { closing, day, Lead } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('quarantine on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }

interface Row {
  readonly id: string
  readonly at: string
  readonly email: string
}

const open = () =>
  closing(createPipeline([Lead], { driver: onEmulators(hosts, newProject()), observe: () => undefined }))
const source = (records: readonly Row[]) =>
  producer({
    name: 'rows',
    entity: Lead,
    cursor: t.number,
    start: 0,
    async *pages(from) {
      if (from === 0) yield { records, cursor: records.length }
    },
    normalise: (row, to) => to.update(row),
  })

describe.runIf(found)('quarantine', () => {
  test('the same bad record twice in a page is there once', async () => {
    const pipeline = open()
    const bad = { id: 'a', at: 'yesterday', email: 'a@x.org' }
    expect(await pipeline.run(source([bad, { ...bad, id: 'b', at: day(1) }, bad]))).toMatchObject({
      ended: 'done',
      stored: 1,
      rejected: 2,
    })
    expect(await pipeline.quarantine.list(source([]))).toHaveLength(1)
  })

  test('many large bad records, together more than a request takes', async () => {
    const pipeline = open()
    const leads = source(
      Array.from({ length: 20 }, (_, i) => ({
        id: `${i}`,
        at: 'yesterday',
        email: randomBytes(500_000).toString('base64'),
      })),
    )
    expect(await pipeline.run(leads)).toMatchObject({ ended: 'done', rejected: 20 })
    expect(await pipeline.quarantine.list(leads)).toHaveLength(20)
  }, 60_000)

  test(
    'a record that no entity holds is kept as far as it goes, says so, and a replay leaves it ' + 'there',
    async () => {
      const pipeline = open()
      const leads = source([
        { id: 'huge', at: day(1), email: randomBytes(3_000_000).toString('base64') },
        { id: 'b', at: day(1), email: 'b@x.org' },
      ])
      expect(await pipeline.run(leads)).toMatchObject({ ended: 'done', stored: 1, rejected: 1 })
      const [entry] = await pipeline.quarantine.list(leads)
      expect(entry?.reason).toContain('cut')
      expect(entry?.record.slice(0, 40)).toContain('huge')
      expect(await pipeline.quarantine.replay(leads)).toMatchObject({
        replayed: 0,
        failed: [{ entry: { id: entry?.id } }],
      })
    },
    60_000,
  )
})
