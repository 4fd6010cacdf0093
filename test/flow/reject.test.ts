// What is refused: each kind of bad update with its tag, code and path; nothing of it is stored and no
// neighbour is harmed.
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { collect, day, errorOf, Lead, open, source, wire } from './kit.ts'

const Thing = entity('Thing', { identifier: ['id'], timestamp: 'at' })
const base = { id: wire.string('1'), at: wire.dateTime(day(1)), ...wire.source }
const list = (values: unknown) => ({ propertyType: 'List', values })
const nested = (depth: number): unknown =>
  depth === 0
    ? wire.string('x')
    : { propertyType: 'EmbeddedObject', embeddedEntity: { o: nested(depth - 1) } }

const cases: readonly (readonly [what: string, yadto: unknown, code: string, path: string])[] = [
  ['no object', 'text', 'WrongType', ''],
  ['no identifier', { ...base, id: undefined }, 'WrongType', 'id'],
  ['identifier missing', { at: base.at, ...wire.source }, 'Missing', 'id'],
  ['identifier null', { ...base, id: wire.string(null) }, 'Missing', 'id'],
  ['identifier a list', { ...base, id: list([]) }, 'WrongType', 'id'],
  ['no timestamp', { id: base.id, ...wire.source }, 'Missing', 'at'],
  ['unreadable timestamp', { ...base, at: wire.dateTime('yesterday') }, 'WrongType', 'at'],
  [
    'timestamp without offset in a String',
    { ...base, at: wire.string('2024-01-01T00:00:00') },
    'BadTimestamp',
    'at',
  ],
  [
    'far-future timestamp',
    { ...base, at: wire.dateTime(new Date(Date.now() + 3 * 86_400_000).toISOString()) },
    'BadTimestamp',
    'at',
  ],
  ['no source', { id: base.id, at: base.at }, 'Missing', 'eventSource'],
  ['unknown operation', { ...base, eventOperation: wire.string('merge') }, 'BadOperation', 'eventOperation'],
  ['wrong type', { ...base, n: wire.integer('1.5') }, 'WrongType', 'n'],
  ['no property type', { ...base, n: { value: '1' } }, 'WrongType', 'n'],
  ['list of lists', { ...base, l: list([list([])]) }, 'ListOfLists', 'l[0]'],
  ['null element', { ...base, l: list([wire.string('a'), wire.string(null)]) }, 'WrongType', 'l[1]'],
  ['mixed elements', { ...base, l: list([wire.string('a'), wire.integer('1')]) }, 'WrongType', 'l[1]'],
  ['too deep', { ...base, o: nested(70) }, 'TooDeep', `o${'.o'.repeat(64)}`],
  ['too large', { ...base, s: wire.string('x'.repeat(1_000_001)) }, 'TooLarge', ''],
  ['bad name', { ...base, 'no-dash': wire.string('x') }, 'BadName', 'no-dash'],
  ['system column', { ...base, _Sequence: wire.integer('1') }, 'BadName', '_Sequence'],
  ['name differs in case', { ...base, ID: wire.string('x') }, 'BadName', 'ID'],
]

test.each(cases)('%s', async (_, yadto, code, path) => {
  const { pipeline } = open([Thing])
  const good = pipeline.submit({ entity: 'Thing', yadto: { ...base, id: wire.string('neighbour') } })
  const error = await errorOf(pipeline.submit({ entity: 'Thing', yadto }))
  expect(error._tag).toBe('InvalidUpdate')
  expect(error.problems?.map((each) => [each.code, each.path])).toContainEqual([code, path])
  expect((await good).status).toBe('stored')
  expect(await collect(pipeline.history(Thing, { id: '1' }))).toEqual([])
})

test('every problem of an update is told at once', async () => {
  const { pipeline } = open([Lead])
  const error = await errorOf(
    pipeline.submit({
      entity: 'Lead',
      yadto: {
        id: wire.string('1'),
        score: wire.integer('x'),
        tags: list([wire.integer('1'), wire.string('b')]),
        at: wire.dateTime('soon'),
      },
    }),
  )
  expect(error.problems?.map(({ path }) => path).sort()).toEqual(['at', 'eventSource', 'score', 'tags[1]'])
})

test('what the builder saw wrong surfaces at submit', async () => {
  const { pipeline } = open([Lead])
  const bad = Lead.toUpdate(
    { id: '1', score: Number.NaN, emial: 'x', at: new Date(Number.NaN) } as never,
    source,
  )
  const error = await errorOf(pipeline.submit(bad))
  expect(error.problems?.map(({ code, path }) => [code, path])).toEqual([
    ['WrongType', 'score'],
    ['UnknownProperty', 'emial'],
    ['WrongType', 'at'],
  ])
})

test('an unknown entity is its own error; a pipeline of others is not harmed', async () => {
  const { pipeline } = open([Lead])
  const error = await errorOf(pipeline.submit({ entity: 'Nobody', yadto: base } as never))
  expect([error._tag, error.message]).toEqual([
    'UnknownEntity',
    'submit: this pipeline has no entity "Nobody"; it has Lead',
  ])
})

test(
  'declared limits: attributes, indexed values, enums, codecs, enriched and rejected ' + 'properties',
  async () => {
    const Strict = entity('Strict', {
      properties: {
        id: y.string(),
        kind: y.enum(['a', 'b']),
        label: y.optional(y.string()),
        added: y.enriched(y.string()),
        at: y.dateTime(),
      },
      identifier: ['id'],
      timestamp: 'at',
      additionalProperties: 'reject',
      attributes: ['label'],
      view: { index: ['label'] },
    })
    const { pipeline } = open([Strict])
    const error = await errorOf(
      pipeline.submit({
        entity: 'Strict',
        yadto: {
          ...base,
          kind: wire.string('c'),
          label: wire.string('x'.repeat(1600)),
          added: wire.string('no'),
          more: wire.string('x'),
        },
      }),
    )
    expect(error.problems?.map(({ code, path }) => [code, path])).toEqual([
      ['WrongType', 'kind'],
      ['UnknownProperty', 'added'],
      ['UnknownProperty', 'more'],
      ['TooLarge', 'label'],
      ['TooLarge', 'label'],
    ])
  },
)

test('a bad update in a group commit fails alone, and order within an entity is kept', async () => {
  const { pipeline } = open([Lead])
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) =>
      pipeline.submit(
        i % 10 === 3
          ? { entity: 'Lead', yadto: { id: i } }
          : Lead.toUpdate({ id: `${i % 2}`, score: i, at: day(1) }, source),
      ),
    ),
  )
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(10)
  const scores = (await collect(pipeline.history(Lead, { id: '0' }))).map((event) =>
    event.operation === 'upsert' ? event.properties.score : undefined,
  )
  expect(scores).toEqual([...scores].sort((a, b) => (a ?? 0) - (b ?? 0)))
})
