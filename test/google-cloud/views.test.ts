// Views on Datastore's emulator: documents with names like the store's own, and documents beyond what an
// entity holds.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y, type Role } from 'dreampipe'
import type { Definition } from '../../src/model/definition.ts'
import { rebuildViews } from '../../src/flow/prove/rebuild-views.ts'
import { right } from '../../src/testing/check.ts'
import { closing, day, source, until } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('views on Google Cloud', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }
const roles: readonly Role[] = ['receiver', 'relay', 'views']

describe.runIf(found)('views', () => {
  test("properties named like the store's own are read back as they were", async () => {
    const Row = entity('Row', {
      properties: {
        id: y.string(),
        at: y.dateTime(),
        _deleted: y.boolean(),
        _search: y.string(),
        _fold: y.string(),
        _types: y.string(),
        _packed: y.string(),
      },
      identifier: ['id'],
      timestamp: 'at',
      view: { index: ['_search'] },
    })
    const pipeline = closing(
      createPipeline([Row], { driver: onEmulators(hosts, newProject()), observe: () => undefined }),
    )
    await pipeline.start({ roles })
    const row = {
      id: 'a',
      at: day(1),
      _deleted: true,
      _search: 'find me',
      _fold: 'f',
      _types: 't',
      _packed: 'p',
    }
    await pipeline.submit(Row.toUpdate(row, source))
    await until(async () => (await pipeline.current(Row, { id: 'a' })) !== undefined)
    expect(await pipeline.current(Row, { id: 'a' })).toMatchObject({
      _deleted: true,
      _search: 'find me',
      _fold: 'f',
      _types: 't',
      _packed: 'p',
    })
    expect((await pipeline.find(Row, { where: { _search: 'find me' } })).items).toHaveLength(1)
  })

  // 300,000 characters are 900,000 bytes: an event holds them, and a document in partial mode the sum of
  // several.
  const Note = entity('Note', {
    properties: {
      id: y.string(),
      at: y.dateTime(),
      a: y.optional(y.string()),
      b: y.optional(y.string()),
      c: y.optional(y.string()),
    },
    identifier: ['id'],
    timestamp: 'at',
    updates: 'partial',
  })

  test('a document is measured in bytes, not characters', async () => {
    const pipeline = closing(
      createPipeline([Note], { driver: onEmulators(hosts, newProject()), observe: () => undefined }),
    )
    await pipeline.start({ roles })
    const long = '日'.repeat(250_000)
    await pipeline.submit(Note.toUpdate({ id: 'a', at: day(1), a: long }, source))
    await pipeline.submit(Note.toUpdate({ id: 'a', at: day(2), b: long }, source))
    await until(async () => (await pipeline.current(Note, { id: 'a' }))?.b === long)
    expect((await pipeline.current(Note, { id: 'a' }))?.a).toBe(long)
  }, 60_000)

  test(
    'a document that no entity of Datastore holds is parked, the others go on, and a rebuild ' + 'ends',
    async () => {
      const driver = onEmulators(hosts, newProject())
      const pipeline = closing(createPipeline([Note], { driver, observe: () => undefined }))
      await pipeline.start({ roles })
      // Text of chance, which packing does not make small.
      const long = (): string => randomBytes(600_000).toString('base64')
      await pipeline.submit(Note.toUpdate({ id: 'large', at: day(1), a: long() }, source))
      await pipeline.submit(Note.toUpdate({ id: 'large', at: day(2), b: long() }, source))
      await Promise.all(
        ['1', '2', '3'].map((id) => pipeline.submit(Note.toUpdate({ id, at: day(1), a: 'x' }, source))),
      )
      await pipeline.submit(Note.toUpdate({ id: 'large', at: day(3), c: 'x' }, source))
      await until(async () => (await pipeline.deadLetters.list(Note)).length === 1, 30_000)
      expect((await pipeline.deadLetters.list(Note))[0]).toMatchObject({
        subscription: 'views',
        gated: true,
        reason: expect.stringContaining('bytes') as string,
      })
      await until(async () =>
        (await Promise.all(['1', '2', '3'].map((id) => pipeline.current(Note, { id })))).every(
          (view) => view !== undefined,
        ),
      )
      const ports = await right(driver.open())
      const rebuilt = await right(
        rebuildViews(ports, (Note as unknown as { readonly definition: Definition }).definition, 6, {}),
      )
      expect([rebuilt.generation, rebuilt.failed.length]).toEqual([2, 1])
      await ports.close()
      await pipeline.submit(Note.toUpdate({ id: '1', at: day(4), c: 'after' }, source))
      await until(async () => (await pipeline.current(Note, { id: '1' }))?.c === 'after')
    },
    90_000,
  )

  test('many large documents at once', async () => {
    const pipeline = closing(
      createPipeline([Note], { driver: onEmulators(hosts, newProject()), observe: () => undefined }),
    )
    const long = randomBytes(660_000).toString('base64')
    for (let i = 0; i < 24; i++)
      await pipeline.submit(Note.toUpdate({ id: `${i}`, at: day(1), a: long }, source))
    await pipeline.start({ roles })
    await until(
      async () =>
        (
          await Promise.all(Array.from({ length: 24 }, (_, i) => pipeline.current(Note, { id: `${i}` })))
        ).every((view) => view !== undefined),
      60_000,
    )
  }, 120_000)
})
