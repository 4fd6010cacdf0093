// Types of the arbitrary: fast-check takes it as its own, with the entity's types.
import fc from 'fast-check'
import * as fastCheck from 'fast-check'
import { expectTypeOf, test } from 'vitest'
import { entity, y, type Update, type Upsert } from 'dreampipe'
import { updatesFor, valuesFor, type FastCheck } from '../../src/testing/arbitrary.ts'

const Lead = entity('Lead', {
  properties: {
    id: y.string(),
    n: y.optional(y.integer()),
    region: y.enriched(y.string()),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
})

test('the module of fast-check is what it wants', () => {
  expectTypeOf(fc).toExtend<FastCheck>()
  expectTypeOf(fastCheck).toExtend<FastCheck>()
})

test("its values are what toUpdate takes, through fast-check's own combinators", () => {
  const values: fc.Arbitrary<Upsert<(typeof Lead)['shape']>> = valuesFor(fc, Lead)
  fc.property(values, valuesFor(fc, Lead), fc.array(valuesFor(fc, Lead)), (a, b, more) => {
    expectTypeOf(a).toEqualTypeOf(b)
    expectTypeOf(more[0]?.n).toEqualTypeOf<number | bigint | null | undefined>()
    Lead.toUpdate(b, { source: 's' })
    // @ts-expect-error enriched properties are not written
    void b.region
  })
  fc.property(
    valuesFor(fc, Lead)
      .map(({ id }) => id)
      .filter((id) => id !== ''),
    (id) => {
      expectTypeOf(id).toEqualTypeOf<string>()
    },
  )
})

test("updates carry the entity's name", () => {
  fc.property(updatesFor(fc, Lead, { id: fc.constant('1') }), (update) => {
    expectTypeOf(update).toEqualTypeOf<Update<'Lead'>>()
  })
})
