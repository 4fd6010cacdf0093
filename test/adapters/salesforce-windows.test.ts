// Increments: windows without gaps, ties, records that change while they are read, resuming from every
// cursor.
import { expect, test } from 'vitest'
import type { Cursor } from 'dreampipe/adapters/salesforce'
import { expectSame, leads, people, Person, setting, ways, type Setting } from './salesforce-kit.ts'

/**
 * Drives pages by hand: stores so many of them, and answers the cursors; what a kill between two steps leaves
 * behind.
 */
const drive = async (
  { pipeline }: Setting,
  producer: ReturnType<typeof people>,
  from: Cursor | undefined,
  pages = Infinity,
): Promise<Cursor[]> => {
  const { definition } = producer
  const meta = { source: definition.name }
  const to = {
    update: (values: never) => Person.toUpdate(values, meta),
    delete: (keys: never) => Person.toDelete(keys, meta),
  }
  const cursors: Cursor[] = []
  const context = {
    signal: new AbortController().signal,
    budget: { left: () => Infinity, spend: () => true },
    warn: () => undefined,
    live: async function* () {
      yield []
    },
  }
  const decoded = definition.cursor.decode(JSON.parse(JSON.stringify(from ?? definition.start)))
  if (decoded._tag === 'Left') throw new Error('the cursor does not come back')
  for await (const page of definition.pages(decoded.right, context)) {
    await pipeline.submitAll(page.records.flatMap((record) => definition.normalise(record, to as never)))
    cursors.push(page.cursor)
    if (cursors.length >= pages) break
  }
  return cursors
}

const stir = ({ sf }: Setting, ids: readonly string[]): void => {
  for (const [n, id] of ids.entries()) {
    if (sf.tables.get('Lead')?.rows.get(id)?.['IsDeleted'] === true) continue
    if (n % 4 === 0) sf.update(id, { Email: `at${sf.clock.now()}@example.com` })
    if (n % 9 === 2) sf.delete(id)
  }
}

test.for(ways)(
  'resumes from every cursor, also where the page behind it is stored already: %s',
  async ([, options]) => {
    const prepared = async () => {
      const given = await setting({ pageSize: 6 })
      const ids = leads(given.sf, 20)
      given.sf.clock.advance(90)
      return { given, ids }
    }
    const { given: whole } = await prepared()
    const all = await drive(whole, people(whole.sf, options), undefined)
    expect(all.length).toBeGreaterThan(5)
    for (let kill = 1; kill <= all.length; kill++) {
      const { given, ids } = await prepared()
      const producer = people(given.sf, options)
      const [before, after] = (await drive(given, producer, undefined, kill)).slice(-2)
      stir(given, ids)
      given.sf.clock.advance(90)
      // Killed before the last page's cursor was saved, and after.
      const reached = (await drive(given, producer, kill % 2 === 0 ? before : (after ?? before), 3)).at(-1)
      stir(given, ids.slice(5))
      given.sf.clock.advance(90)
      await drive(given, producer, reached)
      await expectSame(given)
    }
  },
)

test.for(ways)(
  'ties: a second with more records than a page, resumed in their midst: %s',
  async ([, options]) => {
    const given = await setting({ pageSize: 7 })
    const producer = people(given.sf, options)
    await given.run(producer)
    given.sf.clock.advance(60)
    leads(given.sf, 60)
    given.sf.clock.advance(60)
    let cursor = (await drive(given, producer, undefined)).at(-1)
    for (let n = 0; n < 30; n++) cursor = (await drive(given, producer, cursor, 1)).at(-1) ?? cursor
    await expectSame(given, true)
  },
)

test('windows touch: what is stamped at a border comes once', async () => {
  const given = await setting()
  const producer = people(given.sf)
  for (let minute = 0; minute < 6; minute++) {
    leads(given.sf, 3)
    expect((await given.run(producer)).ended).toBe('done')
    given.sf.clock.advance(60)
    // Exactly where the last window ended, and one second before the next one ends.
    leads(given.sf, 1)
    given.sf.clock.advance(59)
    leads(given.sf, 1)
    given.sf.clock.advance(1)
  }
  given.sf.clock.advance(60)
  const { stored } = await given.run(producer)
  expect(stored).toBeGreaterThan(0)
  await expectSame(given, true)
})

// Just then: while pages are read, or while a job runs.
const meanwhile = /\/query\/01g|GET .*jobs\/query\/750\w+$/

test.for(ways)(
  'a record that changes while its window is read comes with the next one: %s',
  async ([, options]) => {
    const given = await setting({ pageSize: 5 })
    const producer = people(given.sf, options)
    await given.run(producer)
    const ids = leads(given.sf, 20)
    given.sf.clock.advance(120)
    given.sf.faults.add(
      {
        kind: 'rewrite',
        body: (body) => {
          for (const id of ids.slice(12)) given.sf.update(id, { Name: 'Overtaken' })
          return body
        },
      },
      { on: meanwhile },
    )
    const first = await given.run(producer)
    expect(first.stored).toBe(12)
    given.sf.clock.advance(120)
    expect((await given.run(producer)).stored).toBe(8)
    await expectSame(given)
  },
)

test.for(ways)(
  'what changes, comes, goes and is merged while a first load is read comes with its increments: %s',
  async ([, options]) => {
    const given = await setting({ pageSize: 5 })
    const { sf } = given
    const producer = people(sf, options)
    const ids = leads(sf, 30)
    sf.clock.advance(120)
    sf.faults.add(
      {
        kind: 'rewrite',
        body: (body) => {
          for (const id of ids.slice(3, 25)) sf.update(id, { Name: 'Overtaken' })
          sf.delete(ids[1] as string)
          sf.delete(ids[26] as string)
          sf.merge(ids[2] as string, ids[27] as string)
          leads(sf, 3)
          return body
        },
      },
      { on: meanwhile },
    )
    expect(await given.run(producer)).toMatchObject({ ended: 'done', rejected: 0 })
    sf.clock.advance(120)
    await given.run(producer)
    await expectSame(given)
  },
)

test('a long first load lets increments pass', async () => {
  const given = await setting({ pageSize: 5 })
  const producer = people(given.sf, { reading: { via: 'rest' } })
  const ids = leads(given.sf, 30)
  given.sf.clock.advance(60)
  const order: string[] = []
  given.sf.faults.add(
    {
      kind: 'rewrite',
      body: (body) => {
        given.sf.update(ids[order.length] as string, { Name: `Meanwhile ${order.push('')}` })
        given.sf.clock.advance(400)
        return body
      },
    },
    { on: /\/query\/01g/, times: 3 },
  )
  await given.run(producer)
  const asked = given.sf.seen.map(({ request }) =>
    /ORDER BY SystemModstamp/.test(request) ? 'increment' : /\/query\/01g/.test(request) ? 'page' : '',
  )
  expect(asked.indexOf('increment')).toBeGreaterThan(0)
  expect(asked.indexOf('increment')).toBeLessThan(asked.lastIndexOf('page'))
  given.sf.clock.advance(600)
  await given.run(producer)
  await expectSame(given)
})
