// The embedded driver and its folder: what it refuses, what it shares within a process, and a query engine
// that is disposable.
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embedded } from '../../src/drivers/embedded/driver.ts'
import { openSqlite } from '../../src/drivers/embedded/sqlite/client.ts'
import { isDreampipeError } from '../../src/model/errors.ts'
import type { Ports } from '../../src/ports/driver.ts'
import { left, range, right } from '../../src/testing/check.ts'
import { consuming, subscription } from '../../src/testing/consuming.ts'
import { ask, count, fill } from '../../src/testing/querying.ts'
import {
  candidate,
  idOf,
  integer,
  poisoned,
  schemaFor,
  schemaOf,
  storedEvent,
  string,
} from '../../src/testing/samples.ts'
import { append, historyOf, short } from '../../src/testing/steps.ts'
import { inFolder, openFolder } from './embedded-bench.ts'

const events = range(1, 5).map((n) =>
  storedEvent({ id: String(n), sequence: 1, at: n, content: { n: integer(n) } }),
)

const inFolderWith = (
  connections: number,
  work: (folder: string, ...ports: Ports[]) => Promise<void>,
): Promise<void> =>
  inFolder(async (folder) => {
    const all: Ports[] = []
    for (const _ of range(1, connections)) all.push(await openFolder(folder))
    try {
      await work(folder, ...all)
    } finally {
      for (const { close } of all) await close()
    }
  })

const refuses = async (folder: string): Promise<Error & { readonly retry: boolean }> => {
  const error = await left(embedded({ folder }).open(), 'Unavailable')
  expect(isDreampipeError(error, 'Unavailable')).toBe(true)
  expect(error.message).toContain(folder)
  return error
}

test('opens a folder that is not there, at any depth', () =>
  inFolder(async (folder) => {
    const { eventStore, close } = await openFolder(join(folder, 'a', 'b'))
    await append(eventStore, [candidate({ id: 'a', at: 1 })])
    await close()
    expect(existsSync(join(folder, 'a', 'b', 'events.sqlite'))).toBe(true)
  }))

test('a path that is a file is Unavailable for good', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect((await refuses(file)).retry).toBe(false)
    expect((await refuses(join(file, 'below'))).retry).toBe(false)
  }))

test('a file that is no database is Unavailable for good, and is left as it is', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'events.sqlite'), "no database, but somebody's text. ".repeat(100))
    expect((await refuses(folder)).retry).toBe(false)
  }))

test('a folder of another layout is Unavailable for good, and is left as it is', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'events.sqlite')
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99; CREATE TABLE theirs (a)')
    db.close()
    expect([(await refuses(folder)).retry, (await refuses(folder)).message]).toEqual([
      false,
      expect.stringContaining('layout 99'),
    ])
    const again = new DatabaseSync(file)
    expect(again.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()).toEqual([
      { name: 'theirs' },
    ])
    again.close()
  }))

// Root may write anywhere: for a while this process is nobody.
const unprivileged = async (work: () => Promise<void>): Promise<void> => {
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.('nobody')
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test.skipIf(process.getuid === undefined)(
  'a read-only folder is Unavailable for good, with data and without',
  () =>
    inFolder(async (folder) => {
      for (const round of ['empty', 'with data']) {
        chmodSync(folder, 0o555)
        await unprivileged(async () => {
          expect([
            round,
            (await refuses(folder)).retry,
            (await refuses(join(folder, 'below'))).retry,
          ]).toEqual([round, false, false])
        })
        chmodSync(folder, 0o755)
        const { eventStore, close } = await openFolder(folder)
        await append(eventStore, [candidate({ id: 'a', at: 1 })])
        await close()
      }
    }),
)

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

test('everything is there when a folder is opened again', () =>
  inFolder(async (folder) => {
    const before = await openFolder(folder)
    await append(before.eventStore, [candidate({ id: 'a', at: 1 })])
    await right(before.topic.register(subscription('s', { from: 'now' })))
    await fill(before.queryEngine, events)
    await right(before.queryEngine.append('Lead', [], { before: undefined, after: '5' }))
    await before.close()
    const after = await openFolder(folder)
    expect(
      short(await append(after.eventStore, [candidate({ id: 'a', at: 1 }), candidate({ id: 'a', at: 2 })])),
    ).toEqual(['duplicate 1', 'stored 2'])
    expect(await right(after.topic.progress(subscription('s')))).toMatchObject({
      registered: true,
      behind: 1,
    })
    expect([await right(after.queryEngine.position('Lead')), await count(after.queryEngine, 'Lead')]).toEqual(
      ['5', 5],
    )
    await after.close()
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

test('in memory, every opening is apart and nothing is kept', async () => {
  const [one, two] = [await openFolder(':memory:'), await openFolder(':memory:')]
  await append(one.eventStore, [candidate({ id: 'a', at: 1 })])
  await fill(one.queryEngine, events)
  expect(await historyOf(two.eventStore, idOf('a'))).toEqual([])
  expect(await right(two.queryEngine.position('Lead'))).toBeUndefined()
  await left(two.queryEngine.query('SELECT * FROM Lead', {}, { integers: 'number' }), 'InvalidQuery')
  await one.close()
  await append(two.eventStore, [candidate({ id: 'b', at: 1 })])
  await two.close()
  expect(existsSync(':memory:')).toBe(false)
})

test('two openings in one process share the folder: closing one, even twice, leaves the other', () =>
  inFolderWith(2, async (folder, one, two) => {
    mkdirSync(join(folder, 'x'), { recursive: true })
    await fill((one as Ports).queryEngine, events)
    await (one as Ports).close()
    await (one as Ports).close()
    expect(short(await append((two as Ports).eventStore, [candidate({ id: 'a', at: 1 })]))).toEqual([
      'stored 1',
    ])
    expect(await right((two as Ports).queryEngine.append('Lead', events))).toBe(true)
    const three = await openFolder(join(folder, 'x', '..'))
    expect(await count(three.queryEngine, 'Lead')).toBe(5)
    await three.close()
  }))

test("two openings in one process see each other's columns", () =>
  inFolderWith(2, async (_folder, one, two) => {
    const [first, second] = [one as Ports, two as Ports]
    await fill(first.queryEngine, events)
    expect(await right(second.queryEngine.lacking('Lead', [{ entityId: idOf('1'), sequence: 1 }]))).toEqual(
      [],
    )
    const wider = storedEvent({
      id: 'w',
      sequence: 1,
      at: 9,
      content: { n: integer(9), city: string('Graz') },
    })
    await right(first.queryEngine.evolve('Lead', schemaFor([wider])))
    await right(second.queryEngine.append('Lead', [wider]))
    await right(second.queryEngine.evolve('Lead', schemaFor([wider])))
    expect(await ask(first.queryEngine, "SELECT city, _extra FROM Lead WHERE id = 'w'")).toEqual([
      { city: 'Graz', _extra: null },
    ])
  }))

// What was called before has begun its work.
const begun = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('a closing that overtakes an opening, and an opening that overtakes a closing, lose no row', () =>
  inFolder(async (folder) => {
    const one = await openFolder(folder)
    const opening = one.queryEngine.position('Lead')()
    await Promise.all([begun().then(one.close), opening])
    const many = range(1, 120).map((n) =>
      storedEvent({ id: String(n), sequence: 1, at: n, content: { n: integer(n) } }),
    )
    const busy: Promise<unknown>[] = []
    for (const round of range(0, 5)) {
      const { queryEngine, close } = await openFolder(folder)
      await right(queryEngine.evolve('Lead', schemaFor(many)))
      busy.push(
        ...many.slice(round * 20, round * 20 + 20).map((event) => right(queryEngine.append('Lead', [event]))),
      )
      // A long question does not hold up the closing: it is answered in time, or interrupted.
      busy.push(
        count(queryEngine, 'range(20000000)').then(
          (n) => expect(n).toBe(20_000_000),
          (thrown: unknown) => expect(thrown).toMatchObject({ _tag: 'Unavailable', retry: true }),
        ),
      )
      await begun()
      busy.push(close())
      expect((await left(queryEngine.position('Lead'), 'Unavailable')).retry).toBe(true)
    }
    await Promise.all(busy)
    const last = await openFolder(folder)
    await right(last.queryEngine.position('Lead'))
    expect([await count(last.queryEngine, 'Lead'), await count(last.queryEngine, 'Lead_log')]).toEqual([
      120, 120,
    ])
    await last.close()
  }))

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
