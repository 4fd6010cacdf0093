// Appends on Datastore's emulator near its limits: commits are measured in bytes, whatever the alphabet.
import { describe, expect, test } from 'vitest'
import { createPipeline, entity, y } from 'dreampipe'
import { closing, day, source } from '../flow/kit.ts'
import { newProject, onEmulators, servers } from './kit.ts'

const found = await servers('large appends', 'firestore', 'pubsub')
const hosts = { datastore: found?.firestore.host ?? '', pubsub: found?.pubsub.host ?? '' }
const Note = entity('Note', {
  properties: { id: y.string(), at: y.dateTime(), text: y.string() },
  identifier: ['id'],
  timestamp: 'at',
})

describe.runIf(found)('append', () => {
  test(
    'events of three bytes a character, together more than a commit takes, of many entities and of ' + 'one',
    async () => {
      const pipeline = closing(
        createPipeline([Note], { driver: onEmulators(hosts, newProject()), observe: () => undefined }),
      )
      const text = '日'.repeat(330_000)
      const receipts = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          pipeline.submit(Note.toUpdate({ id: `${i < 12 ? i : 'one'}`, at: day(i), text }, source)),
        ),
      )
      expect(receipts.map(({ status }) => status)).toEqual(Array.from({ length: 24 }, () => 'stored'))
      expect(receipts.slice(12).map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 12 }, (_, i) => i + 1),
      )
    },
    60_000,
  )
})
