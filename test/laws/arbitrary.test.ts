// Laws of an entity's arbitrary: it makes what its declaration admits, all of it, and nothing else.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entity, type AnyEntity } from '../../src/model/entity.ts'
import { canonicalInstant } from '../../src/model/instant.ts'
import { updatesFor, valuesFor } from '../../src/testing/arbitrary.ts'
import { t } from '../../src/fp.ts'
import { y } from '../../src/model/property.ts'
import { admitted, Everything, Learned, Order, Patch } from './entities.ts'

const meta = { source: 'law' }

for (const of of [Everything, Order, Patch, Learned] as readonly AnyEntity[]) {
  test(`${of.name}: every update of its arbitrary is admitted, with its time and metadata`, () => {
    fc.assert(
      fc.property(updatesFor(fc, of), (update) => {
        const { occurredAt, metadata, content } = admitted(of, update)
        expect(metadata).toEqual({ source: 'fast-check', operation: update.operation })
        expect(occurredAt).toBe(canonicalInstant(content[of.definition.timestamp]?.value ?? ''))
        if (update.operation === 'delete')
          expect(Object.keys(content)).toEqual([...of.definition.identifier, of.definition.timestamp].sort())
      }),
      { numRuns: 200 },
    )
  })
}

test('the arbitrary makes every declared property, and leaves out what may be left out', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(valuesFor(fc, Everything), (values) => {
      for (const name of Object.keys(Everything.definition.properties ?? {})) {
        const value = (values as { readonly [name: string]: unknown })[name]
        seen.add(`${name} ${Object.hasOwn(values, name) ? (value === null ? 'null' : 'value') : 'missing'}`)
      }
    }),
    { numRuns: 300 },
  )
  for (const [name, { mode }] of Object.entries(Everything.definition.properties ?? {})) {
    expect([name, ['value', 'null', 'missing'].filter((state) => seen.has(`${name} ${state}`))]).toEqual([
      name,
      mode === 'enriched' ? ['missing'] : mode === 'optional' ? ['value', 'null', 'missing'] : ['value'],
    ])
  }
})

test("the arbitrary takes the caller's own, and needs them where a codec decides", () => {
  const Coded = entity('Coded', {
    properties: { id: y.string(t.string), o: y.object({ j: y.json(t.array(t.number)) }), at: y.dateTime() },
    identifier: ['id'],
    timestamp: 'at',
  })
  expect(() => valuesFor(fc, Coded)).toThrow('entity Coded: id: has a codec')
  expect(() => valuesFor(fc, Coded, { id: fc.constant('1') })).toThrow('entity Coded: o.j: has a codec')
  fc.assert(
    fc.property(
      valuesFor(fc, Coded, { id: fc.constantFrom('1', '2'), o: fc.constant({ j: [1] }) }),
      (values) => {
        expect(['1', '2']).toContain(values.id)
        expect(values.o.j).toEqual([1])
        admitted(Coded, Coded.toUpdate(values, meta))
      },
    ),
  )
})
