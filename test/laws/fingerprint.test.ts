// Laws of fingerprints: operation, content and time make them; notation, metadata and ignored properties do
// not; they never change.
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { valuesFor } from '../../src/testing/arbitrary.ts'
import type { Candidate } from '../../src/model/candidate.ts'
import { entity } from '../../src/model/entity.ts'
import { y } from '../../src/model/property.ts'
import { declaredSchema } from '../../src/model/definition.ts'
import { candidateOf } from '../../src/model/admit.ts'
import { E } from '../../src/fp.ts'
import { admitted, candidate, Everything, instants, Learned, Order } from './entities.ts'
import { lead, mark } from './marks.ts'
import { mapPairs } from './wire.ts'

const meta = { source: 'law' }
const at = '2024-01-01T00:00:00Z'
const wire = (propertyType: string, value: unknown) => ({ propertyType, value })

test('golden: fingerprints never change by accident, or every store would hold its history twice', () => {
  const update = lead().toUpdate({ id: '00Q1', at: new Date(0), a: 'ä"\n', b: 5 }, meta)
  expect(candidate(lead(), update)).toEqual({
    entity: 'Lead',
    entityId: 'e1e41891-ab8c-530a-802d-36a340f9cf3a',
    kind: 'full',
    by: 'history',
    occurredAt: '1970-01-01T00:00:00.000000Z',
    source: 'law',
    payload:
      '{"a":{"propertyType":"String","value":"ä\\"\\n"},"at":{"propertyType":"DateTime","value":' +
      '"1970-01-01T00:00:00.000000Z"},"b":{"propertyType":"Integer","value":"5"},"id":{"propertyType":' +
      '"String","value":"00Q1"}}',
    marks: [
      {
        rule: '1/history/',
        content: '3f8298fcaf27657d733037a9f5a3e239a4d642820dd2d75e911786302c4ad419',
        fingerprint: '3172f2d39dff56679e70620782388095fab99b4c2efa060d006548c399371ce4',
      },
    ],
  })
  expect(
    candidate(lead({ by: 'latest', ignore: ['b', 'a'] }), lead().toDelete({ id: '00Q1', at }, meta)).marks,
  ).toEqual([
    {
      rule: '1/latest/a,b',
      content: 'ca6adf47e6059d172d00968da1d00b5b7814e4fa5c804b9df358026a4e7bdd33',
      fingerprint: '6fb708319f5e60921260525a73c0acecd27e39c861cf744269ddd316000159aa',
    },
  ])
})

test('notation, order and unused fields change nothing', () => {
  fc.assert(
    fc.property(mapPairs(2), instants, ({ canonical, sent }, instant) => {
      const yadto = (content: unknown, time: string) => ({
        entity: 'Learned',
        yadto: {
          at: wire('DateTime', time),
          ...(content as object),
          id: wire('String', '1'),
          eventSource: wire('String', 's'),
        },
      })
      if ('at' in canonical) return
      expect(candidate(Learned, yadto(sent, instant.replace('Z', '+00:00')))).toEqual(
        candidate(Learned, yadto(canonical, instant)),
      )
    }),
  )
})

test('the payload is the canonical text of the content, without metadata', () => {
  fc.assert(
    fc.property(valuesFor(fc, Everything), (values) => {
      const update = Everything.toUpdate(values, { source: 'a', version: '2', correlationId: 'c' })
      const { payload, version, correlationId } = candidate(Everything, update)
      expect(JSON.stringify(JSON.parse(payload))).toBe(payload)
      expect(JSON.parse(payload)).toEqual(admitted(Everything, update).content)
      expect([version, correlationId]).toEqual(['2', 'c'])
    }),
    { numRuns: 100 },
  )
})

test('metadata is no part of them', () => {
  fc.assert(
    fc.property(
      valuesFor(fc, Order),
      fc.string({ minLength: 1 }),
      fc.string(),
      fc.string(),
      (values, source, version, correlationId) => {
        expect(mark(Order, Order.toUpdate(values, { source, version, correlationId }))).toEqual(
          mark(Order, Order.toUpdate(values, meta)),
        )
      },
    ),
  )
})

test('ignored properties are no part of them, all others are', () => {
  fc.assert(
    fc.property(
      valuesFor(fc, Order),
      fc.option(fc.string()),
      fc.option(fc.integer().map(String)),
      (values, note, amount) => {
        const update = (more: object) => mark(Order, Order.toUpdate({ ...values, ...more }, meta))
        expect(update({ note })).toEqual(update({ note: undefined }))
        expect(update({ amount }).content === update({ amount: '0.5' }).content).toBe(false)
        expect(update({ amount: null }).content === update({ amount: undefined }).content).toBe(false)
      },
    ),
  )
})

test(
  "different content, time or operation makes another fingerprint; time is no part of the content's " +
    'mark',
  () => {
    fc.assert(
      fc.property(valuesFor(fc, Order), valuesFor(fc, Order), instants, (a, b, time) => {
        const [x, z, moved, removed] = [
          Order.toUpdate(a, meta),
          Order.toUpdate(b, meta),
          Order.toUpdate({ ...a, at: time }, meta),
          Order.toDelete({ ...a }, meta),
        ].map((update) => candidate(Order, update)) as [Candidate, Candidate, Candidate, Candidate]
        const content = ({ payload }: Candidate, omit: readonly string[]) =>
          JSON.stringify(JSON.parse(payload), (key, value: unknown) =>
            omit.includes(key) ? undefined : value,
          )
        expect(x.marks[0].fingerprint === z.marks[0].fingerprint).toBe(
          content(x, ['note']) === content(z, ['note']),
        )
        expect(x.marks[0].content === z.marks[0].content).toBe(
          content(x, ['note', 'at']) === content(z, ['note', 'at']),
        )
        expect(moved.marks[0].content).toBe(x.marks[0].content)
        expect(moved.marks[0].fingerprint === x.marks[0].fingerprint).toBe(moved.occurredAt === x.occurredAt)
        expect(removed.marks[0].content).not.toBe(x.marks[0].content)
      }),
      { numRuns: 300 },
    )
    // An upsert of the very content that a delete carries.
    const Bare = entity('Bare', {
      properties: { id: y.string(), at: y.dateTime() },
      identifier: ['id'],
      timestamp: 'at',
    })
    expect(mark(Bare, Bare.toUpdate({ id: '1', at }, meta)).fingerprint).not.toBe(
      mark(Bare, Bare.toDelete({ id: '1', at }, meta)).fingerprint,
    )
  },
)

test('missing, null and empty are different content, and so are equal texts of different types', () => {
  const content = (x: object) =>
    mark(Learned, {
      entity: 'Learned',
      yadto: { id: wire('String', '1'), at: wire('DateTime', at), eventSource: wire('String', 's'), ...x },
    }).fingerprint
  const all = [
    {},
    { x: wire('String', null) },
    { x: wire('String', '') },
    { x: wire('String', '5') },
    { x: wire('Integer', '5') },
    { x: wire('Double', '5') },
    { x: wire('Json', '5') },
    { z: wire('String', '5') },
    { x: { propertyType: 'List', values: [] } },
    { x: wire('List', null) },
    { x: { propertyType: 'List', values: [wire('String', 'a'), wire('String', 'b')] } },
    { x: { propertyType: 'List', values: [wire('String', 'b'), wire('String', 'a')] } },
    { x: wire('String', '5'), z: wire('String', '') },
    { x: wire('String', '5"},"z":{"propertyType":"String","value":"') },
  ]
  expect(new Set(all.map(content)).size).toBe(all.length)
})

test('what a transform adds is stored, and is no part of them', () => {
  const found = admitted(Order, Order.toUpdate({ tenant: 'a', no: 1n, at }, meta))
  const [plain, enriched] = [
    candidateOf(found, declaredSchema(Order.definition)),
    candidateOf(found, declaredSchema(Order.definition), {
      ...found.content,
      region: { propertyType: 'String', value: 'north' },
    }),
  ]
  if (E.isLeft(plain) || E.isLeft(enriched)) throw new Error('refused')
  expect(enriched.right.marks).toEqual(plain.right.marks)
  expect(JSON.parse(enriched.right.payload)).toHaveProperty('region')
})
