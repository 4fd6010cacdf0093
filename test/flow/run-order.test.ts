// A record that makes several updates: they are stored in their order, also where the store fails between
// them.
import { expect, test } from 'vitest'
import { createPipeline, producer } from 'dreampipe'
import { embedded } from 'dreampipe/embedded'
import { t } from 'dreampipe/fp'
import { flaky } from 'dreampipe/testing'
import { closing, day, Lead } from './kit.ts'

// A merged record says where it went, and ends at the same instant: whichever is stored last is what stays.
const merged = producer({
  name: 'merged',
  entity: Lead,
  cursor: t.number,
  start: 0,
  pages: async function* (from) {
    if (from === 0) yield { records: Array.from({ length: 900 }, (_, n) => n), cursor: 1 }
  },
  normalise: (n: number, to) =>
    n === 0
      ? to.update({ id: 'first', at: day(1) })
      : [
          to.update({ id: `${n}`, email: 'gone@example.com', at: day(1) }),
          to.delete({ id: `${n}`, at: day(1) }),
        ],
})

test.for([1, 3, 4, 8])(
  'the end of a record is not overtaken by what was said before it: seed %i',
  async (seed) => {
    const driver = flaky(embedded({ folder: ':memory:' }), {
      seed,
      calls: { before: 0, after: 0, delay: 0 },
      deliveries: { duplicate: 0, reorder: 0, withhold: 0, redeliver: 0 },
      verbs: { 'eventStore.append': { before: 0.5, after: 0 } },
    })
    const pipeline = closing(createPipeline([Lead], { driver, observe: () => undefined }))
    expect(await pipeline.run(merged, { tries: 30 })).toMatchObject({ ended: 'done', stored: 1799 })
    driver.calm()
    await pipeline.start()
    await pipeline.settled()
    expect((await pipeline.find(Lead)).items.map(({ id }) => id)).toEqual(['first'])
  },
)
