// The receiver: what an update turns out to be, in both modes, with all the corner cases of time and
// repetition.
import { describe, expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { collect, day, errorOf, Lead, open, source, temporaryFolder, wire } from './kit.ts'

describe('history mode', () => {
  test('content that was ever stored is a duplicate that names the first event', async () => {
    const { pipeline } = open([Lead])
    const first = await pipeline.submit(Lead.toUpdate({ id: '1', email: 'a@x', at: day(1) }, source))
    await pipeline.submit(Lead.toUpdate({ id: '1', email: 'b@x', at: day(2) }, source))
    const again = await pipeline.submit(
      Lead.toUpdate({ id: '1', email: 'a@x', at: day(1) }, { source: 'other', correlationId: 'c1' }),
    )
    expect(first).toMatchObject({
      status: 'stored',
      sequence: 1,
      entity: 'Lead',
      occurredAt: '2024-01-01T00:00:00.000000Z',
      source: 'test',
    })
    expect(again).toEqual({ ...first, status: 'duplicate', correlationId: 'c1' })
  })

  test(
    'the timestamp is content: the same state later is new; an ignored property alone is ' + 'not',
    async () => {
      const { pipeline } = open([Lead])
      const submit = async (values: { city?: string; at: string }) =>
        (await pipeline.submit(Lead.toUpdate({ id: '1', ...values }, source))).status
      expect(await submit({ at: day(1) })).toBe('stored')
      expect(await submit({ at: day(2) })).toBe('stored')
      expect(await submit({ at: day(2), city: 'Oslo' })).toBe('duplicate')
    },
  )

  test(
    'late events are stored, numbered in order of arrival, and leave the state to the ' + 'newest',
    async () => {
      const { pipeline } = open([Lead])
      await pipeline.start()
      await pipeline.submit(Lead.toUpdate({ id: '1', score: 2, at: day(2) }, source))
      expect(await pipeline.submit(Lead.toUpdate({ id: '1', score: 1, at: day(1) }, source))).toMatchObject({
        status: 'stored',
        sequence: 2,
      })
      await pipeline.settled()
      expect(await pipeline.current(Lead, { id: '1' })).toMatchObject({ score: 2 })
      expect(await pipeline.asOf(Lead, { id: '1' }, day(1))).toMatchObject({ score: 1 })
    },
  )

  test('equal timestamps: the later arrival is the state', async () => {
    const { pipeline } = open([Lead])
    await pipeline.start()
    for (const score of [1, 2]) await pipeline.submit(Lead.toUpdate({ id: '1', score, at: day(1) }, source))
    await pipeline.settled()
    expect(await pipeline.current(Lead, { id: '1' })).toMatchObject({ score: 2 })
    expect(await pipeline.sql('SELECT score FROM Lead')).toEqual([{ score: 2 }])
  })

  test('a delete may come before its upsert; a later upsert revives from nothing', async () => {
    const { pipeline } = open([Lead])
    await pipeline.start()
    expect((await pipeline.submit(Lead.toDelete({ id: '1', at: day(3) }, source))).status).toBe('stored')
    await pipeline.submit(Lead.toUpdate({ id: '1', email: 'late@x', at: day(1) }, source))
    await pipeline.settled()
    expect(await pipeline.current(Lead, { id: '1' })).toBeUndefined()
    expect(await pipeline.asOf(Lead, { id: '1' }, day(2))).toMatchObject({ email: 'late@x', domain: 'x' })
    await pipeline.submit(Lead.toUpdate({ id: '1', score: 9, at: day(4) }, source))
    await pipeline.settled()
    expect(await pipeline.current(Lead, { id: '1' })).toEqual({
      id: '1',
      score: 9,
      at: '2024-01-04T00:00:00.000000Z',
      domain: null,
    })
    expect((await collect(pipeline.history(Lead, { id: '1' }))).map(({ operation }) => operation)).toEqual([
      'delete',
      'upsert',
      'upsert',
    ])
    expect((await pipeline.submit(Lead.toDelete({ id: '1', at: day(3) }, source))).status).toBe('duplicate')
  })
})

describe('latest mode', () => {
  const Price = entity('Price', {
    properties: { sku: y.string(), cents: y.integer(), at: y.dateTime() },
    identifier: ['sku'],
    timestamp: 'at',
    deduplication: { by: 'latest' },
  })
  const opened = () => {
    const { pipeline } = open([Price])
    return async (cents: number, at: string) =>
      (await pipeline.submit(Price.toUpdate({ sku: 'a', cents, at }, source))).status
  }

  test('the same content later is a duplicate and moves the time; older than that is outdated', async () => {
    const submit = opened()
    expect(await submit(1, day(1))).toBe('stored')
    expect(await submit(1, day(5))).toBe('duplicate')
    expect(await submit(2, day(3))).toBe('outdated')
    expect(await submit(2, day(5))).toBe('stored')
    expect(await submit(1, day(5))).toBe('duplicate')
    expect(await submit(1, day(6))).toBe('stored')
  })

  test('what is known at the newest instant is a duplicate, what is new there is stored', async () => {
    const submit = opened()
    expect(await submit(1, day(1))).toBe('stored')
    expect(await submit(2, day(1))).toBe('stored')
    expect(await submit(1, day(1))).toBe('duplicate')
    expect(await submit(2, day(1))).toBe('duplicate')
  })
})

test('a changed rule neither doubles what was stored under the old one nor rewrites it', async () => {
  const folder = temporaryFolder()
  const of = (deduplication: { by: 'history' | 'latest'; ignore?: ('city' | 'email')[] }) =>
    entity('Lead', {
      properties: {
        id: y.string(),
        email: y.optional(y.string()),
        city: y.optional(y.string()),
        at: y.dateTime(),
      },
      identifier: ['id'],
      timestamp: 'at',
      deduplication,
    })
  const rules = [
    of({ by: 'history' }),
    of({ by: 'history', ignore: ['city'] }),
    of({ by: 'latest' }),
    of({ by: 'history', ignore: ['city', 'email'] }),
  ]
  const updates = (L: (typeof rules)[number]) =>
    [1, 2, 3].map((n) => L.toUpdate({ id: '1', email: `${n}@x`, city: 'Oslo', at: day(n) }, source))
  for (const [i, L] of rules.entries()) {
    const { pipeline } = open([L], folder)
    const counts = await pipeline.submitAll(updates(L))
    expect(counts.stored).toBe(i === 0 ? 3 : 0)
    await pipeline.close()
  }
})

test(
  'partial updates merge by property and time; a late one fills only what nothing newer has ' + 'set',
  async () => {
    const Device = entity('Device', {
      properties: {
        id: y.string(),
        a: y.optional(y.integer()),
        b: y.optional(y.integer()),
        o: y.optional(y.object({ x: y.optional(y.integer()), z: y.optional(y.integer()) })),
        at: y.dateTime(),
      },
      identifier: ['id'],
      timestamp: 'at',
      updates: 'partial',
    })
    const { pipeline } = open([Device])
    await pipeline.start()
    const send = (values: object, n: number) =>
      pipeline.submit(Device.toUpdate({ id: 'd', ...values, at: day(n) }, source))
    await send({ a: 1, o: { x: 1, z: 1 } }, 1)
    await send({ b: 5, o: { x: 2 } }, 5)
    await send({ a: 3, b: 3 }, 3)
    await pipeline.settled()
    expect(await pipeline.current(Device, { id: 'd' })).toEqual({
      id: 'd',
      a: 3,
      b: 5,
      o: { x: 2 },
      at: '2024-01-05T00:00:00.000000Z',
    })
    expect(await pipeline.asOf(Device, { id: 'd' }, day(4))).toEqual({
      id: 'd',
      a: 3,
      b: 3,
      o: { x: 1, z: 1 },
      at: '2024-01-03T00:00:00.000000Z',
    })
    expect(await pipeline.sql('SELECT a, b, o FROM Device')).toEqual([{ a: 3, b: 5, o: { x: 2, z: null } }])
    await pipeline.submit(Device.toDelete({ id: 'd', at: day(4) }, source))
    await pipeline.settled()
    expect(await pipeline.current(Device, { id: 'd' })).toEqual({
      id: 'd',
      b: 5,
      o: { x: 2 },
      at: '2024-01-05T00:00:00.000000Z',
    })
    expect(await pipeline.sql('SELECT a, b, o FROM Device')).toEqual([
      { a: null, b: 5, o: { x: 2, z: null } },
    ])
  },
)

test(
  'a schema that was stored is kept: a changed type, another identifier and a new required property ' +
    'are refused, naming both sides',
  async () => {
    const folder = temporaryFolder()
    const { pipeline } = open([Lead], folder)
    await pipeline.submit(Lead.toUpdate({ id: '1', at: day(1) }, source))
    const wrongType = await errorOf(
      pipeline.submit({
        entity: 'Lead',
        yadto: { id: wire.string('2'), email: wire.integer('5'), at: wire.dateTime(day(1)), ...wire.source },
      }),
    )
    expect(wrongType.problems).toEqual([
      { code: 'SchemaConflict', path: 'email', message: 'the schema says String, the update says Integer' },
    ])
    await pipeline.close()
    const Other = entity('Lead', {
      properties: { id: y.string(), key: y.string(), at: y.dateTime() },
      identifier: ['key'],
      timestamp: 'at',
    })
    const other = open([Other], folder)
    const conflict = await errorOf(
      other.pipeline.submit(Other.toUpdate({ id: '1', key: 'k', at: day(2) }, source)),
    )
    expect(conflict._tag).toBe('SchemaConflict')
    expect(conflict.problems?.map(({ path }) => path).sort()).toEqual(['identifier', 'key'])
    expect(conflict.message).toMatch(/identified by id, the definition says key/)
  },
)
