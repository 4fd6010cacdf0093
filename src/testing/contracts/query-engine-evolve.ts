// Contract of the query engine's evolve: columns are added as the schema grows, and older rows stay as they
// are.
import assert from 'node:assert/strict'
import { integer, list, object, schemaFor, schemaOf, storedEvent, string } from '../samples.ts'
import type { ContractCase } from '../contract.ts'
import { range, right } from '../check.ts'
import { ask, count, fill } from '../querying.ts'

export const one = storedEvent({ id: 'a', sequence: 1, at: 1, content: { city: string('Graz') } })

export const queryEngineEvolve: readonly ContractCase[] = [
  {
    name: 'evolve: is repeatable, also many times at once, and keeps the rows',
    run: async ({ ports: { queryEngine } }) => {
      await fill(queryEngine, [one])
      await right(queryEngine.evolve('Lead', schemaFor([one])))
      await Promise.all(
        range(1, 4).map(() =>
          right(
            queryEngine.evolve(
              'Lead',
              schemaFor([one, storedEvent({ id: 'a', sequence: 2, at: 2, content: { more: string('') } })]),
            ),
          ),
        ),
      )
      assert.deepEqual(await ask(queryEngine, 'SELECT city, more FROM Lead'), [{ city: 'Graz', more: null }])
    },
  },
  {
    name: 'evolve: what is appended before the first is refused or kept, and never taken and lost',
    run: async ({ ports: { queryEngine } }) => {
      const early = await queryEngine.append('Lead', [one])()
      if (early._tag === 'Left') assert.equal(early.left._tag, 'Unavailable')
      await right(queryEngine.evolve('Lead', schemaFor([one])))
      if (early._tag === 'Left') await right(queryEngine.append('Lead', [one]))
      assert.equal(await count(queryEngine, 'Lead_events'), 1)
    },
  },
  {
    name: 'evolve: without a single property, the events are there',
    run: async ({ ports: { queryEngine } }) => {
      await right(queryEngine.evolve('Lead', schemaOf()))
      assert.equal(await count(queryEngine, 'Lead'), 0)
      await right(queryEngine.append('Lead', [one]))
      assert.deepEqual(
        [
          await count(queryEngine, 'Lead_events'),
          await count(queryEngine, 'Lead'),
          await count(queryEngine, 'Lead_as_of($at)', { at: '2024-01-02T00:00:00Z' }),
        ],
        [1, 1, 1],
      )
    },
  },
  {
    name:
      'evolve: grows at the top, inside objects, inside lists of objects, and where a list was ' +
      'empty; older rows read null and []',
    run: async ({ ports: { queryEngine } }) => {
      const old = storedEvent({
        id: 'a',
        sequence: 1,
        at: 1,
        content: {
          address: object({ street: string('x') }),
          lines: list(object({ n: integer(1) }), object({ n: integer(2) })),
          tags: list(),
          box: object({}),
        },
      })
      await fill(queryEngine, [old])
      const young = storedEvent({
        id: 'b',
        sequence: 1,
        at: 1,
        content: {
          address: object({
            street: string('y'),
            zip: string('8010'),
            phones: list(string('1')),
            geo: object({ lat: integer(47) }),
          }),
          lines: list(
            object({
              n: integer(3),
              unit: string('kg'),
              codes: list(string('c')),
              of: object({ a: integer(1) }),
            }),
          ),
          tags: list(string('t')),
          box: object({ size: integer(9) }),
          top: string('new'),
          items: list(object({ names: list(string('n')) })),
        },
      })
      await fill(queryEngine, [young], { properties: schemaFor([old, young]).properties })
      const rows = await ask(
        queryEngine,
        'SELECT id, address, lines, tags, box, top, items FROM Lead ORDER BY id',
      )
      assert.deepEqual(rows[0], {
        id: 'a',
        address: { street: 'x', zip: null, phones: [], geo: null },
        tags: [],
        box: null,
        top: null,
        items: [],
        lines: [1n, 2n].map((n) => ({ n, unit: null, codes: [], of: null })),
      })
      assert.deepEqual(rows[1], {
        id: 'b',
        address: { street: 'y', zip: '8010', phones: ['1'], geo: { lat: 47n } },
        tags: ['t'],
        box: { size: 9n },
        top: 'new',
        items: [{ names: ['n'] }],
        lines: [{ n: 3n, unit: 'kg', codes: ['c'], of: { a: 1n } }],
      })
      assert.deepEqual(await ask(queryEngine, 'SELECT address.zip AS zip FROM Lead_events ORDER BY id'), [
        { zip: null },
        { zip: '8010' },
      ])
    },
  },
]
