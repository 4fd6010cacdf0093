// What the embedded driver writes: a schema with its batch or not at all, and what waits for no disk.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ports } from '../../src/ports/driver.ts'
import { left, right } from '../../src/testing/check.ts'
import { candidate, poisoned, schemaOf } from '../../src/testing/samples.ts'
import { openSqlite } from '../../src/drivers/embedded/sqlite/client.ts'
import { inFolder, inFolderWith } from './embedded-bench.ts'

test('a schema is stored with its batch or not at all', () =>
  inFolderWith(1, async (_folder, ports) => {
    const { eventStore } = ports as Ports
    for (const version of [0, 1]) {
      const next = schemaOf({ [`p${version}`]: { type: 'String' } })
      await left(
        eventStore.append({
          candidates: [candidate({ id: 'a', at: 1 }), poisoned({ id: 'b', at: 1 })],
          guards: [{ entity: 'Lead', version, next }],
        }),
        'Unavailable',
      )
      expect((await right(eventStore.schema('Lead')))?.version ?? 0).toBe(version)
      expect(
        await right(eventStore.append({ candidates: [], guards: [{ entity: 'Lead', version, next }] })),
      ).toMatchObject({ _tag: 'appended' })
    }
  }))

test('what waits for no disk leaves the next write waiting for it, whether it was written or failed', () =>
  inFolder(async (folder) => {
    const db = await right(openSqlite(join(folder, 'one.sqlite')))
    // https://www.sqlite.org/pragma.html#pragma_synchronous: 1 is NORMAL, 2 is FULL
    const synchronous = (): unknown => db.statement('PRAGMA synchronous').get()?.['synchronous']
    expect(await right(db.writeLazily('here', () => synchronous()))).toBe(1)
    expect(await right(db.write('here', () => synchronous()))).toBe(2)
    await left(
      db.writeLazily('here', () => {
        throw new Error('a broken disk')
      }),
      'Unavailable',
    )
    expect(await right(db.write('here', () => synchronous()))).toBe(2)
    db.close()
  }))
