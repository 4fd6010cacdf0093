// The embedded query engine's file: it may be garbage or gone, and queries do not reach it.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ports } from '../../src/ports/driver.ts'
import { left, range, right } from '../../src/testing/check.ts'
import { candidate, schemaFor } from '../../src/testing/samples.ts'
import { append, short } from '../../src/testing/steps.ts'
import { consuming, subscription } from '../../src/testing/consuming.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import { events, inFolder, inFolderWith, openFolder } from './embedded-bench.ts'

test('a query engine whose file is garbage is Unavailable; the event store and the views are not', () =>
  inFolderWith(1, async (folder, ports) => {
    writeFileSync(join(folder, 'query-engine.duckdb'), 'garbage '.repeat(2_000))
    await left((ports as Ports).queryEngine.position('Lead'), 'Unavailable')
    expect(short(await append((ports as Ports).eventStore, [candidate({ id: 'a', at: 1 })]))).toEqual([
      'stored 1',
    ])
    rmSync(join(folder, 'query-engine.duckdb'))
    expect(await right((ports as Ports).queryEngine.position('Lead'))).toBeUndefined()
  }))

test('a deleted query engine has no position again, and is delivered everything from the start', () =>
  inFolder(async (folder) => {
    const project = async (): Promise<void> => {
      const { eventStore, topic, queryEngine, close } = await openFolder(folder)
      await append(
        eventStore,
        range(1, 5).map((n) => candidate({ id: 'a', at: n })),
      )
      const mine = subscription('query-engine', { position: () => queryEngine.position('Lead') })
      await right(topic.register(mine))
      await consuming(async (consume) => {
        const { ready } = consume(topic, mine, ({ events: delivered, position }) => async () => {
          await right(queryEngine.evolve('Lead', schemaFor(delivered)))
          await right(queryEngine.append('Lead', delivered, position))
          return { _tag: 'Right', right: undefined }
        })
        await ready
      })
      expect([
        await right(queryEngine.position('Lead')),
        await count(queryEngine, 'Lead_events'),
        await count(queryEngine, 'Lead_log'),
      ]).toEqual(['5', 5, 5])
      expect(await right(topic.progress(mine))).toMatchObject({ behind: 0 })
      await close()
    }
    await project()
    rmSync(join(folder, 'query-engine.duckdb'))
    const { queryEngine, close } = await openFolder(folder)
    expect(await right(queryEngine.position('Lead'))).toBeUndefined()
    await close()
    await project()
    await project()
  }))

test('a table function that reaches the files is refused also where it is written differently', () =>
  inFolderWith(1, async (folder, ports) => {
    const { queryEngine } = ports as Ports
    await fill(queryEngine, events)
    const file = join(folder, 'query-engine.duckdb')
    for (const text of [
      `SELECT * FROM read_blob('${file}')`,
      `SELECT * FROM READ_BLOB('${file}')`,
      `SELECT * FROM "read_blob"('${file}')`,
      `FROM read_text('${file}')`,
      `SELECT * FROM '${file}'`,
      `SELECT (SELECT count(*) FROM glob('${folder}/*'))`,
      'SELECT * FROM duckdb_settings()',
      'SELECT * FROM pragma_database_size()',
    ]) {
      await left(queryEngine.query(text, {}, { integers: 'number' }), 'InvalidQuery')
    }
    expect(
      await ask(queryEngine, 'SELECT sum(i) AS n FROM range(4) AS r(i), unnest([1, 2]) AS u(x)'),
    ).toEqual([{ n: 12n }])
  }))
